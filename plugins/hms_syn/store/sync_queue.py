"""The sync queue: pop a lane under lease and fence, record the intent, settle it, give the lane back.

Lease, back-off and readiness are one column, ``lane.ready_at``: a dead worker's lane simply becomes ready again. Every
statement that changes a delivery first proves that the lane is still held with the same fence.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hms_syn.domain.audit_entry import AuditEntry
from hms_syn.domain.delivery import Delivery, Outcome, State
from hms_syn.errors import StaleLease
from hms_syn.ports import Claim
from hms_syn.store import audit_trail
from hms_syn.store.statements import NEVER, micros, moment, shown, sql

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hms_syn.domain.ack import Ack
    from hms_syn.ports import Ending


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
    _move_lane(connection, claim, "ready_at = {now} + :delay", delay=lease)


def prove_held(connection: Connection, claim: Claim) -> None:
    """Lock the lane if it is still ours; its lease stays as it is.

    :raises StaleLease: another worker holds a newer fence
    """
    _move_lane(connection, claim, "ready_at = ready_at + :delay", delay=0)


def begin(connection: Connection, claim: Claim, delivery: Delivery, *, lease: float) -> int:
    """Write the intent: this worker is about to send this delivery. Close what a lost worker left open."""
    hold(connection, claim, lease=lease)
    entries = [
        _entry(claim, delivery, "unknown", attempt=lost, code="worker_lost")
        for lost in _close_open_attempts(connection, delivery, Outcome.UNKNOWN, "worker_lost", "")
    ]
    attempt: int = connection.execute(
        sql(
            connection,
            """UPDATE hms_syn_delivery SET state = 'in_flight', attempts = attempts + 1 WHERE id = :id
               RETURNING attempts""",
        ),
        {"id": delivery.id},
    ).scalar_one()
    connection.execute(
        sql(
            connection,
            """INSERT INTO hms_syn_attempt (delivery_id, message_id, job, attempt, owner, fence, started_at)
               VALUES (:delivery_id, :message_id, :job, :attempt, :owner, :fence, {now})""",
        ),
        {
            "delivery_id": delivery.id,
            "message_id": delivery.message_id,
            "job": claim.job,
            "attempt": attempt,
            "owner": claim.owner,
            "fence": claim.fence,
        },
    )
    entries.append(_entry(claim, delivery, "attempt", attempt=attempt, fence=claim.fence))
    audit_trail.write(connection, entries)
    return attempt


def ack(connection: Connection, claim: Claim, delivery: Delivery, attempt: int, ack: Ack) -> None:
    """Close a delivery as delivered, with the vendor's receipt; the lane stays ours for what is left of its lease."""
    prove_held(connection, claim)
    _close_open_attempts(connection, delivery, Outcome.ACKED, "", "")
    _archive(connection, delivery, attempt, State.DELIVERED, reference=ack.reference, status=ack.status)
    audit_trail.write(
        connection,
        [
            _entry(claim, delivery, "acked", attempt=attempt),
            _entry(claim, delivery, "delivered", attempt=attempt, reference=ack.reference, status=ack.status),
        ],
    )


def set_aside(connection: Connection, claim: Claim, delivery: Delivery, attempt: int, ending: Ending) -> None:
    """Close a delivery as a dead letter with its reason; the lane stays ours for what is left of its lease."""
    prove_held(connection, claim)
    _close_open_attempts(connection, delivery, ending.outcome, ending.code, ending.note)
    _archive(connection, delivery, attempt, State.DEAD_LETTER, code=ending.code)
    audit_trail.write(
        connection,
        [
            _entry(claim, delivery, ending.outcome.value, attempt=attempt, code=ending.code),
            _entry(claim, delivery, "dead_letter", attempt=attempt, code=ending.code),
        ],
    )


def doubt(connection: Connection, claim: Claim, delivery: Delivery, attempt: int, ending: Ending) -> None:
    """Hold a delivery that the vendor may have until an officer resolves it; nothing overtakes it in its lane."""
    _move_lane(connection, claim, "ready_at = :never, owner = NULL, reserved_until = 0")
    _close_open_attempts(connection, delivery, ending.outcome, ending.code, ending.note)
    connection.execute(
        sql(connection, "UPDATE hms_syn_delivery SET state = 'in_doubt' WHERE id = :id"), {"id": delivery.id}
    )
    audit_trail.write(
        connection,
        [
            _entry(claim, delivery, ending.outcome.value, attempt=attempt, code=ending.code),
            _entry(claim, delivery, "in_doubt", attempt=attempt, code=ending.code),
        ],
    )


def retry(
    connection: Connection, claim: Claim, delivery: Delivery, attempt: int, ending: Ending, *, delay: float
) -> None:
    """Put a delivery back at the head of its lane, due after ``delay`` seconds, and give the lane up."""
    _move_lane(connection, claim, "ready_at = {now} + :delay, owner = NULL, reserved_until = 0", delay=delay)
    _close_open_attempts(connection, delivery, ending.outcome, ending.code, ending.note)
    connection.execute(
        sql(connection, "UPDATE hms_syn_delivery SET state = 'pending' WHERE id = :id"), {"id": delivery.id}
    )
    audit_trail.write(
        connection,
        [_entry(claim, delivery, ending.outcome.value, attempt=attempt, code=ending.code, wait_s=round(delay, 3))],
    )


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


def note_stale(connection: Connection, claim: Claim, delivery: Delivery, attempt: int) -> None:
    """Put on the record that a worker came back after its lane was taken over; its result changed nothing."""
    connection.execute(
        sql(
            connection,
            """UPDATE hms_syn_attempt SET outcome = 'stale', ended_at = {now}
                WHERE delivery_id = :delivery_id AND attempt = :attempt AND outcome IS NULL""",
        ),
        {"delivery_id": delivery.id, "attempt": attempt},
    )
    audit_trail.write(connection, [_entry(claim, delivery, "stale", attempt=attempt, fence=claim.fence)])


def _held_by(claim: Claim) -> dict[str, Any]:
    return {"lane": claim.lane, "fence": claim.fence, "owner": claim.owner}


def _move_lane(connection: Connection, claim: Claim, change: str, *, delay: float = 0.0) -> None:
    moved = connection.execute(
        sql(
            connection,
            f"UPDATE hms_syn_lane SET {change} WHERE id = :lane AND fence = :fence AND owner = :owner",  # noqa: S608 - constants
        ),
        {**_held_by(claim), "delay": micros(delay), "never": NEVER},
    )
    if moved.rowcount != 1:
        raise StaleLease


def _close_open_attempts(
    connection: Connection, delivery: Delivery, outcome: Outcome, code: str, note: str
) -> list[int]:
    closed = connection.execute(
        sql(
            connection,
            """UPDATE hms_syn_attempt SET outcome = :outcome, code = :code, note = :note, ended_at = {now}
                WHERE delivery_id = :delivery_id AND outcome IS NULL RETURNING attempt""",
        ),
        {"delivery_id": delivery.id, "outcome": outcome.value, "code": code, "note": note},
    )
    return sorted(closed.scalars())


def _archive(  # noqa: PLR0913 - one row's columns, keyword-only
    connection: Connection,
    delivery: Delivery,
    attempt: int,
    state: State,
    *,
    reference: str | None = None,
    status: str | None = None,
    code: str | None = None,
) -> None:
    connection.execute(
        sql(
            connection,
            """INSERT INTO hms_syn_settled (id, event_seq, message_id, job, ordering_key, idempotency_key, state,
                                            attempts, reference, status, code, settled_at)
               SELECT id, event_seq, message_id, job, ordering_key, idempotency_key, :state, :attempt, :reference,
                      :status, :code, {now} FROM hms_syn_delivery WHERE id = :id""",
        ),
        {
            "id": delivery.id,
            "attempt": attempt,
            "state": state.value,
            "reference": reference,
            "status": status,
            "code": code,
        },
    )
    gone = connection.execute(sql(connection, "DELETE FROM hms_syn_delivery WHERE id = :id"), {"id": delivery.id})
    if gone.rowcount != 1:
        raise StaleLease


def _entry(claim: Claim, delivery: Delivery, event: str, *, attempt: int, **detail: Any) -> AuditEntry:
    return AuditEntry(
        at=moment(),
        actor=claim.owner,
        event=event,
        message_id=delivery.message_id,
        job=claim.job,
        attempt=attempt,
        detail={name: value for name, value in detail.items() if value not in (None, "")},
    )
