"""The sync queue: pop a lane under lease and fence, keep it while working, give it back.

Lease, back-off and readiness are one column, ``lane.ready_at``: a dead worker's lane simply becomes ready again.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hms_syn.domain.delivery import Delivery, State
from hms_syn.errors import StaleLease
from hms_syn.ports import Claim
from hms_syn.store.statements import NEVER, micros, shown, sql

if TYPE_CHECKING:
    from sqlalchemy import Connection


def pop(connection: Connection, job: str, *, owner: str, lease: float, window: int) -> Claim | None:
    """Take the lane of this job that has been due longest, with up to ``window`` deliveries in order."""
    while True:
        lane = connection.execute(
            sql(
                connection,
                """UPDATE hms_syn_lane SET ready_at = {now} + :lease, owner = :owner, fence = fence + 1,
                          reserved_until = 0
                    WHERE id = (SELECT id FROM hms_syn_lane WHERE job = :job AND ready_at <= {now}
                                 ORDER BY ready_at, id LIMIT 1 {skip_locked})
                RETURNING id, ordering_key, fence""",
            ),
            {"job": job, "owner": owner, "lease": micros(lease)},
        ).one_or_none()
        if lane is None:
            return None
        claim = Claim(
            lane=lane.id,
            job=job,
            ordering_key=lane.ordering_key,
            owner=owner,
            fence=lane.fence,
            deliveries=_deliveries(connection, job, lane.ordering_key, window),
        )
        if claim.deliveries:
            return claim
        release(connection, claim)


def _deliveries(connection: Connection, job: str, ordering_key: str, window: int) -> tuple[Delivery, ...]:
    rows = connection.execute(
        sql(
            connection,
            """SELECT d.id, d.message_id, d.idempotency_key, d.attempts, d.state, e.topic, e.body, e.published_at
                 FROM hms_syn_delivery d JOIN hms_syn_event e ON e.seq = d.event_seq
                WHERE d.job = :job AND d.ordering_key = :ordering_key ORDER BY d.id LIMIT :window""",
        ),
        {"job": job, "ordering_key": ordering_key, "window": window},
    )
    return tuple(
        Delivery(
            id=row.id,
            message_id=row.message_id,
            job=job,
            topic=row.topic,
            ordering_key=ordering_key,
            idempotency_key=row.idempotency_key,
            attempt=row.attempts,
            payload=json.loads(row.body),
            published_at=shown(row.published_at) or "",
            unsettled=row.state == State.IN_FLIGHT.value,
        )
        for row in rows
    )


def hold(connection: Connection, claim: Claim, *, lease: float) -> None:
    """Renew the lease, proving that it is still ours.

    :raises StaleLease: another worker holds a newer fence
    """
    move_lane(connection, claim, "ready_at = {now} + :delay", delay=lease)


def prove_held(connection: Connection, claim: Claim) -> None:
    """Lock the lane if it is still ours; its lease stays as it is.

    :raises StaleLease: another worker holds a newer fence
    """
    move_lane(connection, claim, "ready_at = ready_at + :delay", delay=0)


def release(connection: Connection, claim: Claim) -> None:
    """Give a lane up: drop it when it is empty, make it due at once when it is not.

    A publisher may just be holding the lane for an event we cannot see yet; then it is left, and the next pop finds
    it. The look for deliveries is a statement of its own, because only a snapshot taken after the lock sees them all.
    """
    locked = connection.execute(
        sql(
            connection,
            "SELECT id FROM hms_syn_lane WHERE id = :lane AND fence = :fence AND owner = :owner {skip_locked}",
        ),
        _held_by(claim),
    ).one_or_none()
    dropped = (
        locked is not None
        and connection.execute(
            sql(
                connection,
                """DELETE FROM hms_syn_lane WHERE id = :lane AND NOT EXISTS
               (SELECT 1 FROM hms_syn_delivery WHERE job = :job AND ordering_key = :ordering_key) RETURNING id""",
            ),
            {"lane": claim.lane, "job": claim.job, "ordering_key": claim.ordering_key},
        ).one_or_none()
    )
    if not dropped:
        connection.execute(
            sql(
                connection,
                """UPDATE hms_syn_lane SET ready_at = {now}, owner = NULL
                    WHERE id = :lane AND fence = :fence AND owner = :owner""",
            ),
            _held_by(claim),
        )


def move_lane(connection: Connection, claim: Claim, change: str, *, delay: float = 0.0) -> None:
    """Change the lane's row if it is still held with this fence.

    :raises StaleLease: another worker holds a newer fence
    """
    moved = connection.execute(
        sql(
            connection,
            f"UPDATE hms_syn_lane SET {change} WHERE id = :lane AND fence = :fence AND owner = :owner",  # noqa: S608 - constants
        ),
        {**_held_by(claim), "delay": micros(delay), "never": NEVER},
    )
    if moved.rowcount != 1:
        raise StaleLease


def _held_by(claim: Claim) -> dict[str, Any]:
    return {"lane": claim.lane, "fence": claim.fence, "owner": claim.owner}
