"""From a JSON value to what a field of HL7 holds, by the field's type; an error names the rule and never the value."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

NULL = '""'
"""How HL7 says "empty this field", which is another thing than saying nothing of it."""
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
_COUNT = re.compile(r"[0-9]{1,4}")
_MOMENT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_TIME = re.compile(r"([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?(Z|[+-][0-9]{2}:?[0-9]{2})?")
_HL7_DATE = re.compile(r"[0-9]{4}(?:[0-9]{2}){0,2}")
_HL7_MOMENT = re.compile(r"[0-9]{4}(?:[0-9]{2}){0,5}(?:(?<=[0-9]{14})\.[0-9]{1,4})?(?:[+-][0-9]{4})?")
_HL7_TIME = re.compile(r"[0-9]{2}(?:[0-9]{2}){0,2}(?:(?<=[0-9]{6})\.[0-9]{1,4})?(?:[+-][0-9]{4})?")
_DECIMALS = 4


def written(value: Any, kind: str) -> str:
    """Return a value as a field of this type holds it, not escaped yet.

    ISO 8601 becomes HL7's way to write times, in the types of dates and times; a time keeps four decimals of a
    second, which is all that HL7 has. ``true`` is ``Y`` and ``false`` is ``N`` (table 0136).

    >>> written("2024-09-02T09:30:00.120Z", "DTM"), written("1980-05-01", "DT"), written(True, "ID")
    ('20240902093000.12+0000', '19800501', 'Y')

    :raises ValueError: it does not fit, with the rule that it breaks
    """
    if value is None:
        return ""
    if isinstance(value, dict | list):
        raise ValueError("takes a single value")  # noqa: TRY004 - told as every other misfit is
    if isinstance(value, bool):
        return "Y" if value else "N"
    text = value if isinstance(value, str) else format(Decimal(str(value)), "f")
    rule = _RULES.get(kind)
    return rule(text) if rule is not None and text else text


def _number(text: str) -> str:
    if not _NUMBER.fullmatch(text):
        raise ValueError("takes a number (NM)")
    return text


def _count(text: str) -> str:
    if not _COUNT.fullmatch(text):
        raise ValueError("takes a whole number from 0 to 9999 (SI)")
    return text


def _date(text: str) -> str:
    found = _MOMENT.fullmatch(text)
    if found is not None and found[4] is None:
        return _checked("".join(found.groups()[:3]))
    if not _HL7_DATE.fullmatch(text):
        raise ValueError("takes a date (DT), such as 2024-09-02")
    return _checked(text)


def _moment(text: str) -> str:
    found = _MOMENT.fullmatch(text)
    if found is not None:
        return _checked("".join(part or "" for part in found.groups()[:6])) + _rest(found[7], found[8])
    if not _HL7_MOMENT.fullmatch(text):
        raise ValueError("takes a time (DTM), such as 2024-09-02T09:30:00Z")
    _checked(re.split(r"[.+-]", text)[0])
    return text


def _time(text: str) -> str:
    found = _TIME.fullmatch(text)
    digits = "".join(part or "" for part in found.groups()[:3]) if found else re.split(r"[.+-]", text)[0]
    if found is None and not _HL7_TIME.fullmatch(text):
        raise ValueError("takes a time of day (TM), such as 09:30")
    _checked(f"20240101{digits}")
    return digits + _rest(found[4], found[5]) if found else text


def _rest(fraction: str | None, zone: str | None) -> str:
    decimals = (fraction or "")[:_DECIMALS].rstrip("0")
    offset = "+0000" if zone == "Z" else (zone or "").replace(":", "")
    return (f".{decimals}" if decimals else "") + offset


def _checked(digits: str) -> str:
    """Return year, month, day, hour, minute and second, as far as they are there, if the calendar knows them."""
    parts = [int(digits[:4]), *(int(digits[at : at + 2]) for at in range(4, len(digits), 2))]
    try:
        # Where month and day are not there, the first ones stand in.
        dt.datetime(*(parts + [1, 1][len(parts) - 1 :]))  # type: ignore[arg-type]  # noqa: DTZ001 - six at most; no moment
    except ValueError:
        raise ValueError("takes a day and a time that the calendar knows") from None
    return digits


_RULES = {"NM": _number, "SI": _count, "DT": _date, "DTM": _moment, "TS": _moment, "TM": _time}
