"""Retention: a payload is erased once every job that has it has been done with it for as long as that job says.

A job without ``retention.payload`` keeps payloads for ever, and so is kept what it has together with another job. What
is open or set aside, and what no job has taken, is kept until somebody acts. Nothing but payload, headers, salt and
data key goes: the message's record, its receipts and its audit rows stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hms_syn.store.expiry import Expiry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.store.expiry import Look, Place
    from hms_syn.store.sql_store import SqlStore

BATCH = 200
"""Messages looked at in one transaction: other writers of an SQLite file wait for no more than these."""
LIMIT = 10_000


def apply(store: SqlStore, jobs: Sequence[JobSpec], *, limit: int = LIMIT) -> int:
    """Erase what is over under the rules of all jobs; return how many messages that were.

    ``jobs`` are all there are: one that is missing counts as one that keeps for ever. At most ``limit`` messages are
    looked at; the next call goes on from there. Each batch is a transaction, so it may be stopped at any time.
    """
    return len(_walk(Expiry(store, _terms(jobs)).erase, jobs, limit=limit))


def expired(store: SqlStore, jobs: Sequence[JobSpec], *, limit: int = LIMIT) -> list[str]:
    """Return the ids that ``apply`` would erase, and change nothing."""
    return list(dict.fromkeys(_walk(Expiry(store, _terms(jobs)).find, jobs, limit=limit)))


def _terms(jobs: Sequence[JobSpec]) -> dict[str, float | None]:
    return {job.id: job.retention for job in jobs}


def _walk(look: Callable[..., Look], jobs: Sequence[JobSpec], *, limit: int) -> list[str]:
    over: list[str] = []
    for job in jobs:
        place: Place | None = None
        while job.retention is not None and limit > 0:
            found = look(job, place, limit=min(BATCH, limit))
            over += found.over
            limit -= found.looked
            place = found.place
            if not found.looked:
                break
    return over
