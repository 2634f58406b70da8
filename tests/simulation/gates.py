"""What must hold of a vendor's gate: closed means that no lane is taken; a probe is alone; the pace is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulation.record import Record
    from tests.simulation.worker import Worker
    from tests.simulation.world import World

SECOND = 1_000_000


def broken(world: World, worker: Worker, before: Record, now: Record) -> Iterator[str]:
    """Yield every promise that this worker's step breaks; a step holds one transaction at most."""
    push, endpoint, moment = worker.spec.push, worker.spec.target_endpoint, int(world.clock.now * SECOND)
    if push is None:
        return
    gate = before.gates.get(endpoint)
    if any(_is_taken(lane, before, worker.owner) for lane in now.lanes.values()) and gate is not None:
        if max(gate["open_until"], gate["next_at"]) > moment:
            yield f"gate: a lane was taken while {endpoint} was to be left alone"
        if gate["failures"] >= push.breaker.after and now.gates[endpoint]["open_until"] < moment + SECOND:
            yield f"gate: the probe of {endpoint} is not alone"
    begun = [row for row in now.fresh if row["event"] == "attempt"]
    if push.rate_limit is not None and begun:
        if gate is not None and gate["next_at"] > moment:
            yield f"gate: a message to {endpoint} before its time"
        if now.gates[endpoint]["next_at"] < moment + int(SECOND / push.rate_limit):
            yield f"gate: a message to {endpoint} that does not count in its pace"


def _is_taken(lane: object, before: Record, owner: str) -> bool:
    row = dict(lane)  # type: ignore[call-overload]  # a row of SQLite
    was = before.lanes.get(row["id"])
    return row["owner"] == owner and row["fence"] > (was["fence"] if was else 0)
