"""How long a vendor asks us to wait: the value of a ``Retry-After`` header (RFC 9110, sections 10.2.3 and 5.6.7)."""

from __future__ import annotations

import datetime as dt
import re

LONGEST = 3600.0
"""Whatever a vendor asks for, nothing waits longer for its sake: a wrong clock must not stop a queue for days."""

_SECONDS = re.compile(r"[0-9]+")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_LONG_DAY = "(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)"
_MONTH = f"(?P<month>{'|'.join(_MONTHS)})"
_CLOCK = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_DATES = tuple(
    re.compile(form)
    for form in (
        rf"{_DAY}, (?P<day>[0-9]{{2}}) {_MONTH} (?P<year>[0-9]{{4}}) {_CLOCK} GMT",
        rf"{_LONG_DAY}, (?P<day>[0-9]{{2}})-{_MONTH}-(?P<year>[0-9]{{2}}) {_CLOCK} GMT",
        rf"{_DAY} {_MONTH} (?P<day>[ 0-9][0-9]) {_CLOCK} (?P<year>[0-9]{{4}})",
    )
)
"""The three ways to write a date: today's, and two that old servers still use."""
_LEAP_SECOND = 60


def seconds(text: str | None, *, now: dt.datetime) -> float | None:
    """Return how long to wait from ``now`` on, 0 to an hour; None where there is no header, or no sense in it.

    >>> now = dt.datetime(1994, 11, 6, 8, 49, 0, tzinfo=dt.timezone.utc)
    >>> seconds("120", now=now), seconds("Sun, 06 Nov 1994 08:49:37 GMT", now=now), seconds("soon", now=now)
    (120.0, 37.0, None)
    """
    given = (text or "").strip(" \t")
    if _SECONDS.fullmatch(given):
        return min(float(given), LONGEST)
    moment = _moment(given, now)
    return None if moment is None else min(max((moment - now).total_seconds(), 0.0), LONGEST)


def _moment(text: str, now: dt.datetime) -> dt.datetime | None:
    found = next((match for form in _DATES if (match := form.fullmatch(text))), None)
    if found is None:
        return None
    second = int(found["second"])
    try:
        return dt.datetime(
            _year(found["year"], now),
            _MONTHS.index(found["month"]) + 1,
            int(found["day"]),
            int(found["hour"]),
            int(found["minute"]),
            second if second != _LEAP_SECOND else _LEAP_SECOND - 1,  # no clock here knows leap seconds
            tzinfo=dt.timezone.utc,
        )
    except ValueError:
        return None


def _year(text: str, now: dt.datetime) -> int:
    """Return the whole year; of two digits, the one that is not more than 50 years ahead, as the RFC has it."""
    if len(text) > len("94"):
        return int(text)
    year = now.year - now.year % 100 + int(text)
    return year - 100 if year > now.year + 50 else year
