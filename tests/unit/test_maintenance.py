"""Maintenance windows follow the clock on the wall: over midnight, over the week's end, and when the clocks change."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hms_syn.domain.maintenance import DAYS, LONGEST, Window, mark, misfit, over_at

NEW_YORK = "America/New_York"
CHRISTMAS = Window(opens="2026-12-24 18:00", closes="2026-12-27 06:00", timezone=NEW_YORK)
SUNDAYS = Window(opens="Sun 02:00", closes="Sun 04:00", timezone=NEW_YORK)


def at(text, zone=NEW_YORK, fold=0):
    """Return the moment at which a clock in a zone shows this; the second time with ``fold``."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


def over(window, moment):
    """Return what the clock in New York shows when the maintenance is over, in universal time too; None without."""
    found = over_at([window], moment)
    return None if found is None else datetime.fromtimestamp(found, timezone.utc).strftime("%a %H:%M")


@pytest.mark.parametrize(
    ("window", "moment", "ends"),
    [
        (SUNDAYS, "2026-07-05T01:59:59", None),
        (SUNDAYS, "2026-07-05T02:00", "Sun 08:00"),
        (SUNDAYS, "2026-07-05T03:59:59", "Sun 08:00"),
        (SUNDAYS, "2026-07-05T04:00", None),
        (SUNDAYS, "2026-07-06T02:30", None),
        (Window(opens="Sat 23:00", closes="Sun 01:00", timezone=NEW_YORK), "2026-07-04T23:30", "Sun 05:00"),
        (Window(opens="Sat 23:00", closes="Sun 01:00", timezone=NEW_YORK), "2026-07-05T00:59", "Sun 05:00"),
        (Window(opens="Sun 22:00", closes="Mon 06:00", timezone=NEW_YORK), "2026-07-06T05:00", "Mon 10:00"),
        (Window(opens="Fri 18:00", closes="Mon 06:00", timezone=NEW_YORK), "2026-07-05T12:00", "Mon 10:00"),
        (Window(opens="23:30", closes="00:30", timezone=NEW_YORK), "2026-07-08T00:15", "Wed 04:30"),
        (Window(opens="23:30", closes="00:30", timezone=NEW_YORK), "2026-07-08T12:00", None),
        (CHRISTMAS, "2026-12-26T09:00", "Sun 11:00"),
        (CHRISTMAS, "2027-12-26T09:00", None),
    ],
)  # fmt: skip
def test_a_window_is_open_from_its_beginning_until_just_before_its_end(window, moment, ends):
    """Weekly, over midnight, over the week's end, daily, and once."""
    assert over(window, at(moment)) == ends


def test_where_the_clocks_go_forward_a_window_opens_and_closes_at_the_jump():
    """On 8 March 2026 New York's clocks go from 02:00 to 03:00: a window from 02:30 opens as they do."""
    jump = at("2026-03-08T03:00")
    begins_inside = Window(opens="Sun 02:30", closes="Sun 05:00", timezone=NEW_YORK)
    ends_inside = Window(opens="Sun 01:00", closes="Sun 02:30", timezone=NEW_YORK)
    assert over_at([begins_inside], jump - 1) is None
    assert over_at([begins_inside], jump) == at("2026-03-08T05:00")
    assert over_at([ends_inside], jump - 1) == jump
    assert over_at([ends_inside], jump) is None
    assert over_at([SUNDAYS], jump) - jump == 3600  # two hours on the wall, one in the world


def test_where_the_clocks_go_back_the_hour_that_comes_twice_is_in_the_window_both_times():
    """On 1 November 2026 New York's clocks go from 02:00 back to 01:00."""
    window = Window(opens="Sun 01:00", closes="Sun 01:45", timezone=NEW_YORK)
    first, second = at("2026-11-01T01:00"), at("2026-11-01T01:45", fold=1)
    assert second - first == 6300
    assert over_at([window], first - 1) is None
    assert over_at([window], first) == second
    assert over_at([window], at("2026-11-01T01:50")) == second  # the wall shows 01:50, and will show 01:10 again
    assert over_at([window], second) is None


def test_windows_that_touch_are_one():
    """A hold does not end for a moment between two windows."""
    windows = [SUNDAYS, Window(opens="Sun 04:00", closes="Sun 04:30", timezone=NEW_YORK)]
    assert over_at(windows, at("2026-07-05T02:10")) == at("2026-07-05T04:30")


def test_windows_without_a_gap_still_have_an_answer():
    """Two halves of every day never end; the answer is far away, and comes at once."""
    halves = [Window(opens="00:00", closes="12:00"), Window(opens="12:00", closes="00:00")]
    now = at("2026-07-05T02:10")
    assert over_at(halves, now) - now >= LONGEST


times = st.tuples(st.integers(0, 23), st.integers(0, 59)).map(lambda it: f"{it[0]:02d}:{it[1]:02d}")
marks = st.tuples(st.sampled_from(DAYS), times).map(" ".join)
zones = st.sampled_from(
    ["UTC", NEW_YORK, "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "America/St_Johns"]
)
windows = st.one_of(
    st.builds(Window, opens=marks, closes=marks, timezone=zones),
    st.builds(Window, opens=times, closes=times, timezone=zones),
).filter(lambda window: misfit(window) is None)
moments = st.integers(1_300_000_000, 2_000_000_000)


@given(window=windows, moment=moments)
def test_the_end_is_when_the_window_is_open_no_more(window, moment):
    """Just before its end a window is open, at its end it is not, and all the way between the answer is the same."""
    end = over_at([window], moment)
    if end is None:
        return
    assert over_at([window], end) is None
    for between in (end - 1, (moment + end) // 2):
        assert over_at([window], between) == end


@given(window=windows, moment=moments)
def test_a_window_is_open_when_the_wall_says_so(window, moment):
    """Away from a change of the clocks, a window is open when the time of the week on the wall is inside it."""
    zone = ZoneInfo(window.timezone)
    wall = datetime.fromtimestamp(moment, zone)
    offsets = {(wall + timedelta(days=days)).utcoffset() for days in range(-9, 10)}
    if len(offsets) > 1:
        return
    opens, closes = mark(window.opens), mark(window.closes)

    def minute(time, weekday):
        return time.hour * 60 + time.minute + (weekday or 0) * 1440

    length = 1440 if opens.weekday is None else 7 * 1440
    begin, end = minute(opens.time, opens.weekday), minute(closes.time, closes.weekday)
    now = minute(wall.time(), None if opens.weekday is None else wall.weekday())
    assert (over_at([window], moment) is not None) == ((now - begin) % length < (end - begin) % length)
