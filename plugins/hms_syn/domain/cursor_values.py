"""Cursors of vendors as what they are: numbers, moments or text, and which of two is further on."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal, InvalidOperation
from functools import lru_cache

_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?)?(Z|[+-][0-9]{2}:[0-9]{2})?"
)
NUMBER, MOMENT, TEXT = "a number", "a moment", "text"


def kind(value: str) -> str:
    """Return what a cursor is, in words: ``a number``, ``a moment`` or ``text``."""
    if number(value) is not None:
        return NUMBER
    return TEXT if moment(value) is None else MOMENT


def is_after(value: str, other: str) -> bool:
    """Compare two cursors as numbers, as moments or as text, the first that both of them are.

    >>> is_after("10", "9"), is_after("2024-01-02T00:00:00Z", "2024-01-02T01:00:00+02:00"), is_after("b", "a")
    (True, True, True)
    """
    for read in (number, moment):
        left, right = read(value), read(other)
        if left is not None and right is not None:
            return bool(left > right)  # type: ignore[operator]  # both came from the same reader
    return value > other


def moves_on(value: str, stored: str | None) -> bool:
    """Return whether a stored cursor gives way to this one: nothing that goes back does it.

    A number and a moment cannot be compared: the job's ``cursor.field`` is another one now, and the old place means
    nothing in its order.
    """
    if stored is None:
        return True
    kinds = {kind(value), kind(stored)}
    return kinds == {NUMBER, MOMENT} or is_after(value, stored)


@lru_cache(maxsize=1024)
def number(text: str) -> Decimal | None:
    """Return a cursor as a number, or None."""
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


@lru_cache(maxsize=1024)
def moment(text: str) -> dt.datetime | None:
    """Return a cursor as a moment, or None; a day is its first moment, and without a zone it is UTC."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    fraction = ((match[3] or "") + "000000")[:6]
    zone = (match[4] or "Z").replace("Z", "+00:00")
    try:
        return dt.datetime.fromisoformat(f"{match[1]}T{match[2] or '00:00:00'}.{fraction}{zone}")
    except ValueError:
        return None
