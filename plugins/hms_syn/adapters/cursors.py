"""Where a pull goes on: cursors compared as what they are, never moved back, asked for with an overlap."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from hms_syn import errors
from hms_syn.adapters import mapping
from hms_syn.domain import cursor_values
from hms_syn.domain.cursor_values import is_after

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hms_syn.domain.job_spec import Cursor

__all__ = ["asked_for", "furthest", "is_after"]


def furthest(cursor: str | None, spec: Cursor | None, records: Iterable[Mapping[str, Any]]) -> str | None:
    """Return the greatest of the cursor and the records' cursor fields; a record without one moves nothing.

    :raises errors.ContractMismatch: records of different kinds, or text where the cursor is a number or a moment: it
        would stand behind all of them, and the next pull would ask for nothing (``cursor_unreadable``)
    """
    if spec is None:
        return cursor
    kinds = set[str]()
    for record in records:
        value = mapping.find(spec.field, record)
        if value is None or isinstance(value, dict | list) or not str(value).strip():
            continue
        text = str(value)
        if cursor is None or cursor_values.kind(cursor) != cursor_values.TEXT:
            kinds.add(cursor_values.kind(text))
            _refuse_mixed(kinds, cursor, spec)
        if cursor_values.moves_on(text, cursor):
            cursor = text
    return cursor


def _refuse_mixed(kinds: set[str], cursor: str | None, spec: Cursor) -> None:
    before = set() if cursor is None else {cursor_values.kind(cursor)}
    if len(kinds) > 1 or (cursor_values.TEXT in kinds and before):
        words = " and ".join(sorted(kinds | before))
        raise errors.ContractMismatch(
            f"'pull.cursor.field': there is {words} at {spec.field!r}, and no telling which is later; "
            "name a field that is always of one kind.",
            code="cursor_unreadable",
        )


def asked_for(cursor: str | None, spec: Cursor) -> str | None:
    """Return what to ask the vendor for: the cursor less the overlap, or the job's initial value."""
    if cursor is None:
        return spec.initial
    if not spec.overlap or cursor_values.number(cursor) is not None:
        return cursor
    moment = cursor_values.moment(cursor)
    if moment is None:
        return cursor
    try:
        earlier = (moment - dt.timedelta(seconds=spec.overlap)).isoformat().replace("+00:00", "Z")
    except OverflowError:  # before the year 1: there is nothing earlier
        return cursor
    if len(cursor) == len("2024-09-02"):
        return earlier[:10]
    # A vendor that gives its times without a zone is asked without one.
    return earlier if re.search(r"(Z|[+-][0-9]{2}:[0-9]{2})$", cursor) else earlier.removesuffix("Z")
