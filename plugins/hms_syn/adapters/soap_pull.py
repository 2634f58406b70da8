"""Where a pull goes on: cursors compared as what they are, never moved back, asked for with an overlap."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from hms_syn.adapters import mapping

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hms_syn.domain.job_spec import Cursor

_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?)?(Z|[+-][0-9]{2}:[0-9]{2})?"
)


def furthest(cursor: str | None, spec: Cursor | None, records: Iterable[Mapping[str, Any]]) -> str | None:
    """Return the greatest of the cursor and the records' cursor fields."""
    if spec is None:
        return cursor
    for record in records:
        value = mapping.find(spec.field, record)
        if value is None or isinstance(value, dict | list):
            continue
        if cursor is None or is_after(str(value), cursor):
            cursor = str(value)
    return cursor


def asked_for(cursor: str | None, spec: Cursor) -> str | None:
    """Return what to ask the vendor for: the cursor less the overlap, or the job's initial value."""
    if cursor is None:
        return spec.initial
    if not spec.overlap or _number(cursor) is not None:
        return cursor
    moment = _moment(cursor)
    if moment is None:
        return cursor
    earlier = (moment - dt.timedelta(seconds=spec.overlap)).isoformat().replace("+00:00", "Z")
    if len(cursor) == len("2024-09-02"):
        return earlier[:10]
    # A vendor that gives its times without a zone is asked without one.
    return earlier if re.search(r"(Z|[+-][0-9]{2}:[0-9]{2})$", cursor) else earlier.removesuffix("Z")


def is_after(value: str, other: str) -> bool:
    """Compare two cursors as numbers, as moments or as text, the first that both of them are."""
    for read in (_number, _moment):
        left, right = read(value), read(other)
        if left is not None and right is not None:
            return bool(left > right)  # type: ignore[operator]  # both came from the same reader
    return value > other


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _moment(text: str) -> dt.datetime | None:
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    fraction = ((match[3] or "") + "000000")[:6]
    zone = (match[4] or "Z").replace("Z", "+00:00")
    try:
        return dt.datetime.fromisoformat(f"{match[1]}T{match[2] or '00:00:00'}.{fraction}{zone}")
    except ValueError:
        return None
