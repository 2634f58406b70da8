"""Maintenance windows: when a vendor is left in peace, by the clock on the wall of one time zone.

A window opens when that clock first shows its beginning, and closes when it last shows its end. Where the clocks go
forward over one of them, it opens or closes at the jump; where they go back, an hour that comes twice is in the window
both times.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LONGEST = 8 * 86400.0
"""Windows that join without a gap are followed for so many seconds, not for ever."""
_WEEK = len(DAYS)
_MARK = re.compile(rf"(?:({'|'.join(DAYS)}) |(\d{{4}}-\d{{2}}-\d{{2}}) )?([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A time on the wall clock: of every day, of one day of the week (Monday is 0), or of one date."""

    time: time
    weekday: int | None = None
    date: date | None = None

    @property
    def recurs(self) -> str:
        """How often it comes: ``once``, ``weekly`` or ``daily``."""
        return "once" if self.date is not None else "weekly" if self.weekday is not None else "daily"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From when to when, as written in the job file; ``timezone`` is an IANA name."""

    opens: str
    closes: str
    timezone: str = "UTC"


@cache
def mark(text: str) -> Mark:
    """Return the time that a text stands for.

    :raises ValueError: it is none

    >>> mark("Sun 02:00").weekday, mark("23:30").time.isoformat(), mark("2026-12-24 18:00").recurs
    (6, '23:30:00', 'once')
    >>> mark("Sunday 2am")
    Traceback (most recent call last):
    ValueError: 'Sunday 2am' is not a time; write '02:00', 'Sun 02:00' or '2026-12-24 18:00'
    """
    found = _MARK.fullmatch(text)
    try:
        if found is None:
            raise ValueError  # noqa: TRY301 - one sentence for every text that is no time
        on = date.fromisoformat(found[2]) if found[2] else None
    except ValueError:
        raise ValueError(f"'{text}' is not a time; write '02:00', 'Sun 02:00' or '2026-12-24 18:00'") from None
    day = DAYS.index(found[1]) if found[1] else None
    return Mark(time=time(int(found[3]), int(found[4])), weekday=day, date=on)


def misfit(window: Window) -> str | None:
    """Return why the two ends of a window do not fit together, or None.

    >>> misfit(Window(opens="Sun 02:00", closes="04:00"))
    "is daily, but 'from' is weekly; write both in the same form"
    >>> misfit(Window(opens="Sat 23:00", closes="Sun 01:00"))
    """
    opens, closes = mark(window.opens), mark(window.closes)
    if opens.recurs != closes.recurs:
        return f"is {closes.recurs}, but 'from' is {opens.recurs}; write both in the same form"
    same_day = opens.weekday == closes.weekday and opens.date == closes.date
    backwards = opens.date is not None and closes.date is not None and closes.date < opens.date
    if (opens.recurs != "daily" and same_day and closes.time < opens.time) or backwards:
        return "is before 'from'; name the day on which the window ends"
    if same_day and closes.time == opens.time:
        return "is the same time as 'from'; the window would have no length"
    return None


def over_at(windows: Iterable[Window], at: float) -> float | None:
    """Return when the maintenance that is on at a moment will be over, both in Unix seconds; None when none is on.

    Windows that overlap, or follow each other without a gap, are one.
    """
    windows = tuple(windows)
    end = at
    while end - at < LONGEST:
        later = max((close for window in windows for open_, close in _around(window, end) if open_ <= end < close),
                    default=end)  # fmt: skip
        if later == end:
            break
        end = later
    return end if end > at else None


def _around(window: Window, at: float) -> Iterator[tuple[float, float]]:
    """Yield the beginning and end of each time the window is open that may touch a moment."""
    opens, closes, zone = mark(window.opens), mark(window.closes), ZoneInfo(window.timezone)
    if opens.date is not None and closes.date is not None:
        yield _moment(opens.date, opens.time, zone, last=False), _moment(closes.date, closes.time, zone, last=True)
        return
    if opens.weekday is not None and closes.weekday is not None:
        length = (closes.weekday - opens.weekday) % _WEEK
    else:
        length = int(closes.time < opens.time)
    today = datetime.fromtimestamp(at, zone).date()
    for back in range(-1, _WEEK + 2):
        day = today - timedelta(days=back)
        if opens.weekday in (None, day.weekday()):
            end = _moment(day + timedelta(days=length), closes.time, zone, last=True)
            yield _moment(day, opens.time, zone, last=False), end


def _moment(day: date, wall: time, zone: ZoneInfo, *, last: bool) -> float:
    """Return the moment, in Unix seconds, at which the wall clock shows a time for the first or the last time.

    A time that the clock jumps over is the moment of the jump.
    """
    shown = datetime.combine(day, wall, zone)
    first, second = shown.timestamp(), shown.replace(fold=1).timestamp()
    if first <= second:
        return second if last else first
    seconds = range(int(second), int(first))  # PEP 495: before a jump the later reading, after it the earlier
    before = datetime.fromtimestamp(second, zone).utcoffset()
    after = bisect_left(seconds, True, key=lambda at: datetime.fromtimestamp(at, zone).utcoffset() != before)
    return float(second + after)
