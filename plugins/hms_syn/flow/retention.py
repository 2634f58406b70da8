"""Retention: a payload is erased once every job that has it has been done with it for as long as that job says.

A job without ``retention.payload`` keeps payloads for ever, and so is kept what it has together with another job. What
is open or set aside, and what no job has taken, is kept until somebody acts. Nothing but payload, headers, salt and
data key goes: the message's record, its receipts and its audit rows stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from hms_syn.store.expiry import Expiry, Look, Place

BATCH = 200
"""Messages looked at in one transaction: other writers of an SQLite file wait for no more than these."""
LIMIT = 10_000


def apply(expiry: Expiry, *, limit: int = LIMIT) -> int:
    """Erase what is over under the rules of all its jobs; return how many messages that were.

    At most ``limit`` messages are looked at; the next call goes on from there. Each batch is a transaction, so it may
    be stopped at any time.
    """
    return len(_walk(expiry, expiry.erase, limit=limit))


def expired(expiry: Expiry, *, limit: int = LIMIT) -> list[str]:
    """Return the ids that ``apply`` would erase, and change nothing."""
    return list(dict.fromkeys(_walk(expiry, expiry.find, limit=limit)))


def _walk(expiry: Expiry, look: Callable[..., Look], *, limit: int) -> list[str]:
    over: list[str] = []
    for job in expiry.jobs:
        place: Place | None = None
        while job.retention is not None and limit > 0:
            found = look(job, place, limit=min(BATCH, limit))
            over += found.over
            limit -= found.looked
            place = found.place
            if not found.looked:
                break
    return over
