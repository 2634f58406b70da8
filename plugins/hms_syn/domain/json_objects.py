"""A payload as it is typed or piped: one JSON object, nothing twice, nothing that JSON does not know."""

from __future__ import annotations

import json
from typing import Any

from hms_syn.errors import InvalidEvent


def json_object(text: str) -> dict[str, Any]:
    """Return the object that a text holds.

    :raises InvalidEvent: it holds none, with the place in the text
    """
    try:
        payload = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_without_repeats)
    except ValueError as error:
        place = f"line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else str(error)
        raise InvalidEvent(f"payload: not JSON ({place})") from None
    if not isinstance(payload, dict):
        raise InvalidEvent('payload: give a JSON object, e.g. \'{"case_id": "HUD-22-109"}\'')
    return payload


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a key appears twice")
    return dict(pairs)
