"""The sync queue: pop a lane under lease and fence, keep it while working, give it back.

Lease, back-off and readiness are one column, ``lane.ready_at``: a dead worker's lane simply becomes ready again. The
cost of a claim does not grow with what waits: one lane is found by its index, and its deliveries are read from the
lane's watermark on.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from hms_syn.domain.claim import Claim, Progress
from hms_syn.store import gates, maintenance, undecodable
from hms_syn.store.batch import Change
from hms_syn.store.statements import NEVER, micros, quick

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Row

    from hms_syn.domain.delivery import Delivery
    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.store.keyring import Keyring

LOOK_BACK = 16
"""Every so many claims of a lane the watermark is not trusted: an event may commit later than one with a higher id."""
TAKE = """UPDATE hms_syn_lane SET ready_at = {now} + :lease, owner = :owner, fence = fence + 1, reserved_until = 0
  WHERE id = (SELECT id FROM hms_syn_lane WHERE job = :job AND ready_at <= {now}
                 AND epoch = (SELECT MIN(epoch) FROM hms_syn_lane WHERE job = :job)
                 AND (SELECT COUNT(*) FROM hms_syn_lane WHERE job = :job AND owner IS NOT NULL AND ready_at > {now})
                     < :most
               ORDER BY ready_at, id LIMIT 1 {skip_locked})
  RETURNING id, ordering_key, epoch, fence, acked"""
GATE = """SELECT g.failures, COALESCE({greatest}(g.open_until, g.next_at), 0) > {now} AS closed, j.maintenance,
       j.held_until, j.canary, {now} AS now
  FROM hms_syn_job j LEFT JOIN hms_syn_gate g ON g.endpoint = :endpoint WHERE j.job = :job"""
ONE_BY_ONE = GATE + " {keep_job}"
"""Workers of a job whose lanes are counted ask one after the other: what they count must not change meanwhile."""
ANY_NUMBER = 2**31 - 1
WINDOW = """SELECT d.id, d.message_id, d.idempotency_key, d.attempts, d.state, d.endpoint, e.topic, e.body,
       e.headers, e.salt, e.key_id, e.data_key, e.published_at, c.tip,
       CASE WHEN d.state = 'in_flight' THEN
         (SELECT COUNT(*) FROM hms_syn_attempt a WHERE a.delivery_id = d.id AND a.outcome IS NULL) ELSE 0 END AS lost
  FROM hms_syn_delivery d JOIN hms_syn_event e ON e.seq = d.event_seq
  LEFT JOIN hms_syn_chain c ON c.message_id = d.message_id
  WHERE d.job = :job AND d.ordering_key = :ordering_key AND d.epoch = :epoch AND d.id > :after
  ORDER BY d.id LIMIT :window"""
_OPEN = "SELECT 1 FROM hms_syn_delivery WHERE job = :job AND ordering_key = :ordering_key AND epoch = :epoch"
DROP = f"""DELETE FROM hms_syn_lane WHERE id = :lane
  AND NOT EXISTS ({_OPEN} AND id > :settled)
  AND NOT EXISTS ({_OPEN}) RETURNING id"""  # noqa: S608 - constants
HELD = "WHERE id = :lane AND fence = :fence AND owner = :owner"
GIVE_BACK = f"""UPDATE hms_syn_lane SET ready_at = {{now}}, owner = NULL,
                acked = {{greatest}}(acked * :trust, :settled) {HELD}"""  # noqa: S608 - constants


def pop(connection: Connection, job: JobSpec, *, owner: str, keyring: Keyring) -> Claim | None:
    """Take the lane of this job that has been due longest, with a window of its deliveries in order.

    None when nothing is due, the vendor's gate is closed, the job's maintenance is on, or as many lanes as
    ``push.concurrency`` are in use.

    :raises KeysNotReady: messages are sealed, and this process has no keys
    """
    push = job.push
    if push is None:
        return None
    has_one_lane = push.ordering_key is None
    gate = quick(
        connection, GATE if has_one_lane else ONE_BY_ONE, {"job": job.id, "endpoint": job.target_endpoint}
    ).one_or_none()
    if gate is not None and (maintenance.holds(connection, job, gate) or gate.closed):
        return None
    failures = gate.failures if gate is not None else 0
    if gate is not None and gate.canary and maintenance.sends_canary(connection, job):
        failures = max(failures or 0, push.breaker.after)
    most = ANY_NUMBER if has_one_lane else push.concurrency
    while True:
        values = {"job": job.id, "owner": owner, "lease": micros(push.lease), "most": most}
        lane = quick(connection, TAKE, values).one_or_none()
        if lane is None:
            return None
        after = 0 if lane.fence % LOOK_BACK == 0 else lane.acked
        window = 1 if gates.is_probe(job, failures) else push.batch_size
        progress = Progress(renewed_at=time.monotonic(), tips={})
        here = {"job": job.id, "ordering_key": lane.ordering_key, "epoch": lane.epoch}
        rows = quick(connection, WINDOW, {**here, "after": after, "window": window}).all()
        deliveries = _deliveries(rows, job.id, lane.ordering_key, tips=progress.tips, keyring=keyring)
        if rows and not deliveries:
            undecodable.block(connection, rows[0], lane, job=job.id, owner=owner, keyring=keyring)
            continue
        claim = Claim(
            lane=lane.id,
            spec=job,
            ordering_key=lane.ordering_key,
            epoch=lane.epoch,
            owner=owner,
            fence=lane.fence,
            deliveries=deliveries,
            probing=gates.is_probe(job, failures),
            progress=progress,
        )
        if deliveries:
            return claim
        release(connection, claim)


def _deliveries(
    rows: Sequence[Row[Any]], job: str, ordering_key: str, *, tips: dict[int, str | None], keyring: Keyring
) -> tuple[Delivery, ...]:
    """Return a window's deliveries, up to the first that cannot be read."""
    deliveries = []
    for row in rows:
        delivery = undecodable.delivery(row, job, ordering_key, keyring=keyring, lost=bool(row.lost))
        if delivery is None:
            break
        tips[row.id] = row.tip
        deliveries.append(delivery)
    return tuple(deliveries)


def held(claim: Claim, *, lease: float | None = None) -> Change:
    """Prove that a lane is still ours; with ``lease`` renew it."""
    if lease is None:
        return Change("held", f"SELECT id FROM hms_syn_lane {HELD} {{keep}}", _held_by(claim))  # noqa: S608 - constants
    return Change(
        "held",
        f"UPDATE hms_syn_lane SET ready_at = {{now}} + :lease {HELD}",  # noqa: S608 - constants
        {**_held_by(claim), "lease": micros(lease)},
    )


def given_up(claim: Claim, *, delay: float | None) -> Change:
    """Give a lane up with its head still open: due again after ``delay`` seconds, or never by itself for None."""
    due = ":never" if delay is None else "{now} + :delay"
    values = {"never": NEVER} if delay is None else {"delay": micros(delay)}
    return Change(
        "held",
        f"UPDATE hms_syn_lane SET ready_at = {due}, owner = NULL, reserved_until = 0 {HELD}",  # noqa: S608 - constants
        {**_held_by(claim), **values},
    )


def release(connection: Connection, claim: Claim) -> None:
    """Give a lane up: drop it when it is empty, make it due at once when it is not.

    A publisher may just be holding the lane for an event we cannot see yet; then it is left, and the next pop finds
    it. The look for deliveries is a statement of its own, because only a snapshot taken after the lock sees them all.
    """
    held_by = _held_by(claim)
    locked = quick(connection, f"SELECT id FROM hms_syn_lane {HELD} {{skip_locked}}", held_by).one_or_none()  # noqa: S608 - constants
    line = {"lane": claim.lane, "job": claim.job, "ordering_key": claim.ordering_key, "epoch": claim.epoch}
    if locked is not None and quick(connection, DROP, {**line, "settled": claim.settled}).one_or_none() is not None:
        return
    values = {**held_by, "settled": claim.settled, "trust": 1 if claim.deliveries else 0}
    quick(connection, GIVE_BACK, values)


def _held_by(claim: Claim) -> dict[str, Any]:
    return {"lane": claim.lane, "fence": claim.fence, "owner": claim.owner}
