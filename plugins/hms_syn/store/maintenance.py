"""A job's maintenance windows, by the store's clock: when its traffic is held, and the one message that goes first.

A hold is not a state: whether a window is on follows from the windows and the time, so nothing has to be switched, and
nothing can be forgotten. What is kept is that a job was seen in a window: after it its vendor is treated as one that
has failed, and the breaker lets one message try before the others follow.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from hms_syn.domain import maintenance
from hms_syn.domain.job_spec import Breaker
from hms_syn.store.statements import SECOND, micros, quick, sql

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, Row

    from hms_syn.domain.job_spec import JobSpec

SEEN = """UPDATE hms_syn_job SET held_until = :over, canary = :yes WHERE job = :job AND held_until <> :over"""
FIRST = """UPDATE hms_syn_job SET canary = :no WHERE job = :job AND canary RETURNING job"""
DOUBTED = """INSERT INTO hms_syn_gate (endpoint, failures) VALUES (:endpoint, :after)
    ON CONFLICT (endpoint) DO UPDATE SET failures = {greatest}(hms_syn_gate.failures, :after)"""
WINDOWS = "SELECT job, maintenance, held_until, {now} AS now FROM hms_syn_job WHERE maintenance IS NOT NULL"


def written(windows: tuple[maintenance.Window, ...]) -> str | None:
    """Return a job's windows as its row keeps them."""
    if not windows:
        return None
    return json.dumps([[window.opens, window.closes, window.timezone] for window in windows])


def over_at(kept: str | None, now: int) -> int | None:
    """Return when the maintenance that is on will be over, as the store counts time; None when none is on."""
    if kept is None:
        return None
    over = maintenance.over_at(_read(kept), now / SECOND)
    return None if over is None else micros(over)


def of_job(connection: Connection, job: str) -> int | None:
    """Return when the maintenance of one job will be over; None when none is on."""
    row = connection.execute(sql(connection, f"{WINDOWS} AND job = :job"), {"job": job}).first()
    return None if row is None else over_at(row.maintenance, row.now)


def unseen(connection: Connection) -> dict[str, int]:
    """Return each job in maintenance that was not seen in it yet, with the end of it."""
    rows = connection.execute(sql(connection, WINDOWS)).all()
    ends = {row.job: over_at(row.maintenance, row.now) for row in rows}
    return {row.job: end for row in rows if (end := ends[row.job]) is not None and end != row.held_until}


def note(connection: Connection, ends: Mapping[str, int]) -> None:
    """Keep that jobs were seen in a window, each with its end: one message of each goes first after it."""
    for job, over in ends.items():
        connection.execute(sql(connection, SEEN), {"job": job, "over": over, "yes": True})


def holds(connection: Connection, job: JobSpec, gate: Row[Any]) -> bool:
    """Return whether nothing of a job may be taken now; ``gate`` is what is known of it and its vendor."""
    over = over_at(gate.maintenance, gate.now)
    if over is not None and over != gate.held_until:
        note(connection, {job.id: over})
    return over is not None


def sends_canary(connection: Connection, job: JobSpec) -> bool:
    """Make the next message of a job, whose maintenance is over, the one that tries its vendor; for one worker only."""
    if quick(connection, FIRST, {"job": job.id, "no": False}).first() is None:
        return False
    after = (job.push.breaker if job.push else Breaker()).after
    quick(connection, DOUBTED, {"endpoint": job.target_endpoint, "after": after})
    return True


@lru_cache(maxsize=1024)
def _read(kept: str) -> tuple[maintenance.Window, ...]:
    return tuple(
        maintenance.Window(opens=opens, closes=closes, timezone=timezone)
        for opens, closes, timezone in json.loads(kept)
    )
