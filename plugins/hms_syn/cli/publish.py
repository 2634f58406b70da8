"""``hms-syn publish``."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from hms_a2a import Bus
from hms_syn.cli.output import next_step
from hms_syn.errors import InvalidEvent

if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> int:
    """Publish one event and print its id."""
    text = sys.stdin.read() if arguments.payload == "-" else arguments.payload
    message_id = Bus(arguments.agency).publish_topic(
        arguments.topic, _payload(text), message_id=arguments.message_id, ordering_key=arguments.ordering_key
    )
    print(message_id)
    next_step(f"hms-syn trace {message_id}")
    return 0


def _payload(text: str) -> dict[str, Any]:
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
