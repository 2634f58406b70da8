"""What must hold at the moment a request reaches the vendor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.clock import BEGIN

from hms_syn.flow.publish import idempotency_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulation.vendor import Arrival
    from tests.simulation.worker import Worker
    from tests.simulation.world import World

    from hms_syn.domain.delivery import Delivery


def broken(world: World, worker: Worker, message: Delivery, arrival: Arrival) -> Iterator[str]:
    """Yield every promise that this arrival breaks."""
    place = (message.job, message.message_id)
    yield from _what_it_carries(world, arrival)
    if not worker.may_send:
        yield f"I16 {place} was sent without a look at the switch"
    worker.may_send = False
    [lane] = world.database.rows(
        """SELECT l.* FROM hms_syn_lane l JOIN hms_syn_delivery d USING (job, ordering_key, epoch)
            WHERE d.job = ? AND d.message_id = ?""",
        *place,
    ) or [None]
    is_ours = lane is not None and lane["owner"] == worker.owner and lane["ready_at"] > int(world.clock.now * 1e6)
    if not is_ours:
        if not arrival.late:
            yield f"I10 {place} was sent by a worker that does not hold its lane"
        return  # one request of a worker stopped in the middle of its call may be late; its outcome is not accepted
    yield from _intent(world, worker, message)
    yield from _order(world, worker, message)
    if world.not_before.get(place, BEGIN) > world.clock.now + 1e-3:
        yield f"I17 {place} was sent before the vendor wanted to hear of it again"


def _what_it_carries(world: World, arrival: Arrival) -> Iterator[str]:
    """I2, I6, I7 and the endpoint: the published payload under its one key, at the vendor it was accepted for."""
    place = (arrival.job, arrival.message_id)
    if arrival.key != idempotency_key(*place):
        yield f"I6 {place} came under another key than its own"
    for other in world.vendor.arrivals:
        if (other.key == arrival.key) != ((other.job, other.message_id) == place):
            yield f"I6 {place} does not have one key of its own"
    told = arrival.message_id.startswith("syn:")
    if not told and world.offered.get(arrival.message_id) != arrival.body:
        yield f"I7 {place} is not what was published"
    if {other.body for other in world.vendor.arrivals if other.key == arrival.key} != {arrival.body}:
        yield f"I7 {place} is another than the last time"
    accepted_for = world.database.rows("SELECT endpoint FROM hms_syn_delivery WHERE job = ? AND message_id = ?", *place)
    if accepted_for and accepted_for[0]["endpoint"] != arrival.endpoint:
        yield f"I19 {place} went to {arrival.endpoint}, and was accepted for another"


def _intent(world: World, worker: Worker, message: Delivery) -> Iterator[str]:
    """A5: the intent to send this is on record, and is this worker's."""
    intents = world.database.rows(
        "SELECT owner FROM hms_syn_attempt WHERE job = ? AND message_id = ? AND outcome IS NULL",
        message.job,
        message.message_id,
    )
    if [row["owner"] for row in intents] != [worker.owner]:
        yield f"A5 {message.message_id} was sent without this worker's intent on record"


def _order(world: World, worker: Worker, message: Delivery) -> Iterator[str]:
    """I9, and concurrency: nothing that comes earlier is still open; no more lanes are in use than may be."""
    earlier = world.database.rows(
        "SELECT 1 FROM hms_syn_delivery WHERE job = ? AND ordering_key = ? AND id < ?",
        message.job,
        message.ordering_key,
        message.id,
    )
    if earlier:
        yield f"I9 {message.message_id} overtook what waits in its line"
    older = world.database.rows(
        """SELECT 1 FROM hms_syn_delivery WHERE job = ?
              AND epoch < (SELECT epoch FROM hms_syn_delivery WHERE job = ? AND message_id = ?)""",
        message.job,
        message.job,
        message.message_id,
    )
    if older:
        yield f"I9 {message.message_id} overtook lines of an older rule"
    in_use = world.database.rows(
        "SELECT 1 FROM hms_syn_lane WHERE job = ? AND owner IS NOT NULL AND ready_at > ?",
        message.job,
        int(world.clock.now * 1e6),
    )
    most = worker.spec.push.concurrency if worker.spec.push and worker.spec.push.ordering_key else 1
    if len(in_use) > most and not world.edited:
        yield f"I11 {len(in_use)} lanes of {message.job} are in use; {most} may be"
