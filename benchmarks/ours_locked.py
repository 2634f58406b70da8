"""HMS-SYN with the obvious guard of a lane, ``ON CONFLICT DO UPDATE``, to see what its own guard is worth.

It holds the lane's row until the commit, so that publishers of one ordering key wait for each other's disk.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmarks.ours import NotBuilt, Ours
from benchmarks.workload import KEYS
from hms_syn.store import bus_single

if TYPE_CHECKING:
    from collections.abc import Iterator

SWAPS = {
    "ON CONFLICT (job, ordering_key, epoch) DO NOTHING RETURNING id": (
        "ON CONFLICT (job, ordering_key, epoch) DO UPDATE "
        "SET ready_at = LEAST(hms_syn_lane.ready_at, EXCLUDED.ready_at) RETURNING id"
    ),
    "FOR KEY SHARE": "AND false",
}


class Locked(Ours):
    """The same publisher; one clause of its statement is another."""

    name = "HMS-SYN, lane locked"

    def publish(self, count: int, *, keys: int = KEYS) -> None:
        """One event a call."""
        with _lane_locked():
            super().publish(count, keys=keys)


@contextmanager
def _lane_locked() -> Iterator[None]:
    """Publish by a statement that updates the lane where ours only looks at it."""
    ours = bus_single.STATEMENT
    theirs = ours
    for clause, other in SWAPS.items():
        if clause not in theirs:
            raise NotBuilt(f"the clause {clause!r}")
        theirs = theirs.replace(clause, other)
    bus_single.STATEMENT = theirs
    try:
        yield
    finally:
        bus_single.STATEMENT = ours
