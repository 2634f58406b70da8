"""The end of each schedule: every fault heals; then nothing may wait but for an officer, and then nothing at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.record import CLOSED
from tests.simulation.worker import Order, Worker

from hms_syn.flow import switch
from hms_syn.flow.end_doubt import end_doubt
from hms_syn.ports import Act

if TYPE_CHECKING:
    from tests.simulation.world import World

ACT = Act(actor="officer", reason="the simulation ends")
NEVER = 9_000_000_000_000_000
ROUNDS = 40


def heal(world: World) -> None:
    """I4: with all faults gone everything is settled, but what only an officer may decide; and then that too."""
    world.end()
    for job in world.specs:
        switch.resume(world.database.publishers, job, ACT)
    world.check()
    for _ in range(ROUNDS):
        _drain(world)
        heads = _heads(world)
        if not heads:
            break
        for job, message_id, state in heads:
            world.tell("officer acts on", job, message_id, state)
            if state == "in_doubt":
                end_doubt(world.desk, message_id, ACT, delivered=False, job=job)
            else:
                world.desk.replay(message_id, ACT, job=job)
            world.check()
    _nothing_is_open(world)


def _drain(world: World) -> None:
    """Run a worker of each job over the clock, until nothing is due by itself."""
    for _ in range(ROUNDS):
        waits = {job: world.database.workers.next_due(job) for job in world.specs}
        dues = {job: due for job, due in waits.items() if due is not None}
        if not dues:
            return
        world.tick(max(0.0, min(dues.values())))
        before = world.database.version
        for job in [job for job, due in dues.items() if due <= max(0.0, min(dues.values()))]:
            worker: Worker = world.start(job)
            while worker.alive:
                world.step(worker, Order())
        if world.database.version == before:
            world.tick(0.5)  # due, and not taken: a lane of a lost worker counts as in use
    world.violations.append("I4 something is always due and never done")
    world.verdict()


def _heads(world: World) -> list[tuple[str, str, str]]:
    """Return the messages that hold up their lines; each must have a reason that an officer can see."""
    heads = world.database.rows(
        """SELECT d.job, d.message_id, d.state, d.endpoint, l.ready_at, l.owner FROM hms_syn_lane l
             JOIN hms_syn_delivery d ON d.id = (SELECT MIN(id) FROM hms_syn_delivery WHERE job = l.job
                                                   AND ordering_key = l.ordering_key AND epoch = l.epoch)
            WHERE l.epoch = (SELECT MIN(epoch) FROM hms_syn_lane WHERE job = l.job) ORDER BY l.id"""
    )
    for row in heads:
        place = (row["job"], row["message_id"])
        last = world.record.attempts.get(place, [{"outcome": None}])[-1]["outcome"]
        spec = world.specs[row["job"]]
        elsewhere = row["endpoint"] not in ("", spec.target_endpoint)
        blocked = row["state"] == "pending" and last is not None and spec.on_refused == "block"
        if row["ready_at"] < NEVER or row["owner"] is not None:
            world.violations.append(f"I4 {place} waits for nobody")
        elif not (row["state"] == "in_doubt" or elsewhere or blocked or world.edited):
            world.violations.append(f"I4 {place} is held and nobody can say why")
    world.verdict()
    return [(row["job"], row["message_id"], row["state"]) for row in heads]


def _nothing_is_open(world: World) -> None:
    for place, row in world.record.deliveries.items():
        if row["state"] not in CLOSED:
            world.violations.append(f"I4 {place} is {row['state']} after everything has healed")
    for place, rows in world.record.attempts.items():
        if any(row["outcome"] is None for row in rows):
            world.violations.append(f"A7 {place} has an attempt without an outcome")
    for row in world.desk.reconcile():
        if not row["agrees"]:
            world.violations.append(f"reconcile does not agree for {row['job']}")
    if world.database.rows("SELECT 1 FROM hms_syn_lane"):
        world.violations.append("a lane is left, and nothing is in it")
    world.verdict()
