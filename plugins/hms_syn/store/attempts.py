"""One attempt, from the intent to its outcome.

Every statement that changes a delivery first proves that its lane is still held with the same fence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hms_syn.domain.audit_entry import AuditEntry
from hms_syn.domain.delivery import Outcome, State
from hms_syn.errors import StaleLease
from hms_syn.store import audit_trail, sync_queue
from hms_syn.store.statements import moment, sql

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hms_syn.domain.ack import Ack
    from hms_syn.domain.delivery import Delivery
    from hms_syn.ports import Claim, Ending


def begin(connection: Connection, claim: Claim, delivery: Delivery, *, lease: float) -> int:
    """Write the intent: this worker is about to send this delivery. Close what a lost worker left open."""
    sync_queue.hold(connection, claim, lease=lease)
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
    sync_queue.prove_held(connection, claim)
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
    sync_queue.prove_held(connection, claim)
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
    sync_queue.move_lane(connection, claim, "ready_at = :never, owner = NULL, reserved_until = 0")
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
    sync_queue.move_lane(connection, claim, "ready_at = {now} + :delay, owner = NULL, reserved_until = 0", delay=delay)
    _close_open_attempts(connection, delivery, ending.outcome, ending.code, ending.note)
    connection.execute(
        sql(connection, "UPDATE hms_syn_delivery SET state = 'pending' WHERE id = :id"), {"id": delivery.id}
    )
    audit_trail.write(
        connection,
        [_entry(claim, delivery, ending.outcome.value, attempt=attempt, code=ending.code, wait_s=round(delay, 3))],
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
