"""When a job's DAGs run: durations and cron expressions as Airflow timetables.

A timetable that has no first run yet must not start one run for every job at once when a thousand jobs are new, so
durations become cron expressions where they can, each job at a phase of its own.
"""

from __future__ import annotations

import zlib
from datetime import timedelta

from airflow.sdk import CronTriggerTimetable, DeltaTriggerTimetable

MINUTE, HOUR, DAY = 60, 3600, 86400


def timetable(schedule: str | float, *, phase_of: str) -> CronTriggerTimetable | DeltaTriggerTimetable:
    """Return the timetable of a schedule; ``phase_of`` is the job's id, and decides where in the interval it runs."""
    cron = schedule if isinstance(schedule, str) else _cron(schedule, zlib.crc32(phase_of.encode()))
    if cron is None:
        return DeltaTriggerTimetable(timedelta(seconds=float(schedule)))
    # No grace at all: with False, Airflow 3.3 still starts a run whose last tick is less than five minutes old.
    return CronTriggerTimetable(cron, timezone="UTC", run_immediately=timedelta(0))


def _cron(seconds: float, phase: int) -> str | None:
    """Return a cron expression for an interval that divides a minute, an hour or a day; None for any other.

    >>> _cron(300, 7), _cron(7200, 7), _cron(86400, 61), _cron(10, 3), _cron(7 * 60, 0)
    ('2-59/5 * * * *', '7 1-23/2 * * *', '1 1 * * *', '* * * * * 3-59/10', None)
    """
    if seconds >= 1 and seconds < MINUTE and MINUTE % seconds == 0:
        return f"* * * * * {_every(int(seconds), 60, phase)}"
    if seconds >= MINUTE and seconds < HOUR and HOUR % seconds == 0 and seconds % MINUTE == 0:
        return f"{_every(int(seconds // MINUTE), 60, phase)} * * * *"
    if seconds >= HOUR and DAY % seconds == 0 and seconds % HOUR == 0:
        hours = int(seconds // HOUR)
        hour = str(phase // 60 % 24) if hours == 24 else _every(hours, 24, phase)  # noqa: PLR2004 - hours of a day
        return f"{phase % 60} {hour} * * *"
    return None


def _every(step: int, size: int, phase: int) -> str:
    if step == 1:
        return "*"
    return f"{phase % step}-{size - 1}/{step}"
