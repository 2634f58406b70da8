"""One attempt, from the intent to its outcome, and on to the next message's intent.

Every change of a delivery first proves that its lane is still held with the same fence, and moves the audit chain of
its message on from the hash we know; where another job has moved it meanwhile, the transaction runs again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hms_syn.domain import audit_entry
from hms_syn.domain.audit_entry import AuditEntry
from hms_syn.domain.delivery import Outcome, State
from hms_syn.errors import StaleLease
from hms_syn.store import audit_trail, batch, gates, sync_queue
from hms_syn.store.batch import Change
from hms_syn.store.statements import moment

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hms_syn.domain.ack import Ack
    from hms_syn.domain.claim import Claim, Ending
    from hms_syn.domain.delivery import Delivery
    from hms_syn.domain.topic_event import TopicEvent

CLOSE = """UPDATE hms_syn_attempt SET outcome = :outcome, code = :code, note = :note, ended_at = {now}
            WHERE delivery_id = :delivery AND attempt = :attempt AND outcome IS NULL"""
CLOSE_LOST = """UPDATE hms_syn_attempt SET outcome = 'unknown', code = 'worker_lost', note = '', ended_at = {now}
                 WHERE delivery_id = :delivery AND outcome IS NULL"""
INTEND = """INSERT INTO hms_syn_attempt (delivery_id, message_id, job, attempt, owner, fence, started_at)
            VALUES (:delivery, :message_id, :job, :attempt, :owner, :fence, {now}) ON CONFLICT DO NOTHING"""
TAKE = """UPDATE hms_syn_delivery SET state = 'in_flight', attempts = :attempt
           WHERE id = :delivery AND attempts = :before AND state = :state"""
STAND = "UPDATE hms_syn_delivery SET state = :state WHERE id = :delivery"
ARCHIVE = """INSERT INTO hms_syn_settled (id, event_seq, message_id, job, ordering_key, idempotency_key, state,
                                          attempts, reference, status, code, settled_at)
             SELECT id, event_seq, message_id, job, ordering_key, idempotency_key, :state, attempts, :reference,
                    :status, :code, {now} FROM hms_syn_delivery WHERE id = :delivery"""
REMOVE = "DELETE FROM hms_syn_delivery WHERE id = :delivery"
ANNOUNCE = """INSERT INTO hms_syn_event (message_id, topic, agency, ordering_key, body, headers, salt, published_at)
              SELECT :message_id, :topic, :agency, :ordering_key, :body, :headers, :salt, {now}
                FROM {in_line} WHERE true ON CONFLICT DO NOTHING"""


class Ledger:
    """The changes of one transaction, in order: the queue's, and at its end the audit rows of all of them."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self.at = moment()
        self.tips = dict(claim.progress.tips)
        self._changes: list[Change] = []
        self._rows: list[audit_entry.AuditRow] = []
        self._moved: dict[int, tuple[str, str]] = {}

    def change(self, *changes: Change) -> None:
        """Add changes of the queue."""
        self._changes += changes

    def begin(self, delivery: Delivery) -> int:
        """Add the intent to send a delivery; close what a lost worker left open. Return the attempt's number."""
        number = delivery.attempt + 1
        here = {"delivery": delivery.id}
        self.close_lost(delivery)
        if delivery.state is State.IN_DOUBT:
            self.note(delivery, "resolved", attempt=delivery.attempt, how="resend")
        self.change(
            Change(
                "taken",
                TAKE,
                {**here, "attempt": number, "before": delivery.attempt, "state": delivery.state.value},
            ),
            Change(
                "intent",
                INTEND,
                {
                    **here,
                    "message_id": delivery.message_id,
                    "job": self.claim.job,
                    "attempt": number,
                    "owner": self.claim.owner,
                    "fence": self.claim.fence,
                },
            ),
        )
        self.note(delivery, "attempt", attempt=number, fence=self.claim.fence)
        return number

    def close_lost(self, delivery: Delivery) -> None:
        """Add the outcome of an attempt whose worker was lost; one that came back late has noted its own."""
        if delivery.lost:
            self.change(Change("lost", CLOSE_LOST, {"delivery": delivery.id}))
            self.note(delivery, "unknown", attempt=delivery.attempt, code="worker_lost")

    def close(self, delivery: Delivery, attempt: int, outcome: Outcome, *, code: str = "", note: str = "") -> None:
        """Add the one outcome of an attempt."""
        values = {"delivery": delivery.id, "attempt": attempt, "outcome": outcome.value, "code": code, "note": note}
        self.change(Change("closed", CLOSE, values))

    def stand(self, delivery: Delivery, state: State) -> None:
        """Add where an open delivery stands now."""
        self.change(Change("stands", STAND, {"delivery": delivery.id, "state": state.value}))

    def archive(self, delivery: Delivery, state: State, **facts: str | None) -> None:
        """Add the end of a delivery: from the open ones to the archive."""
        values = {"delivery": delivery.id, "state": state.value}
        receipt = {name: facts.get(name) or None for name in ("reference", "status", "code")}
        self.change(
            Change("archived", ARCHIVE, {**values, **receipt}), Change("gone", REMOVE, {"delivery": delivery.id})
        )

    def announce(self, event: TopicEvent) -> None:
        """Add the event that tells the bus, where no job takes it; its audit chain begins with this one row."""
        self.change(Change("announced", ANNOUNCE, event.columns))
        self._rows += audit_entry.chain([audit_entry.published(event, at=self.at)], None)

    def note(self, delivery: Delivery, event: str, *, attempt: int, **detail: Any) -> None:
        """Add an audit row to a delivery's message."""
        entry = AuditEntry(
            at=self.at,
            actor=self.claim.owner,
            event=event,
            message_id=delivery.message_id,
            job=self.claim.job,
            attempt=attempt,
            detail={name: value for name, value in detail.items() if value not in (None, "")},
        )
        if delivery.id not in self.tips:
            raise StaleLease  # settled before: the answer to our own commit was lost
        before = self.tips[delivery.id] or ""
        [row] = audit_entry.chain([entry], before or None)
        self._rows.append(row)
        self.tips[delivery.id] = row.hash
        self._moved[delivery.id] = (self._moved.get(delivery.id, (before, ""))[0], delivery.message_id)

    def changes(self, dialect: str) -> list[Change]:
        """Return all changes: the queue's in order, the audit rows, and the tips they move."""
        moves = [
            audit_trail.move(message_id, before=before, tip=self.tips[delivery] or "")
            for delivery, (before, message_id) in self._moved.items()
        ]
        return [*self._changes, *audit_trail.appended(dialect, self._rows), *moves]

    def write(self, connection: Connection) -> None:
        """Make all changes.

        :raises batch.Miss: the lane, an attempt or a tip is not what it was
        """
        batch.run(connection, self.changes(connection.dialect.name))


def ack(ledger: Ledger, delivery: Delivery, attempt: int, ack: Ack) -> None:
    """Close a delivery as delivered, with the vendor's receipt."""
    ledger.close(delivery, attempt, Outcome.ACKED)
    ledger.archive(delivery, State.DELIVERED, reference=ack.reference, status=ack.status)
    ledger.change(gates.healed(ledger.claim.spec, probing=ledger.claim.probing))
    ledger.note(delivery, "acked", attempt=attempt)
    ledger.note(delivery, "delivered", attempt=attempt, reference=ack.reference, status=ack.status)


def found(ledger: Ledger, delivery: Delivery, ack: Ack) -> None:
    """Close a delivery that the vendor, when asked, was found to have."""
    if delivery.state is State.IN_FLIGHT:
        ledger.close_lost(delivery)
        ledger.note(delivery, "in_doubt", attempt=delivery.attempt, code="worker_lost")
    ledger.archive(delivery, State.DELIVERED, reference=ack.reference, status=ack.status)
    ledger.note(delivery, "resolved", attempt=delivery.attempt, how="found")
    ledger.note(delivery, "delivered", attempt=delivery.attempt, reference=ack.reference, status=ack.status)


def set_aside(ledger: Ledger, delivery: Delivery, attempt: int, ending: Ending) -> None:
    """Close a delivery as a dead letter with its reason; one in doubt, because the vendor does not have it."""
    ledger.archive(delivery, State.DEAD_LETTER, code=ending.code)
    if delivery.state is State.IN_DOUBT:
        ledger.note(delivery, "resolved", attempt=attempt, how=ending.code)
    else:
        _end(ledger, delivery, attempt, ending)
        ledger.note(delivery, ending.outcome.value, attempt=attempt, code=ending.code)
    ledger.note(delivery, "dead_letter", attempt=attempt, code=ending.code)


def doubt(ledger: Ledger, delivery: Delivery, attempt: int, ending: Ending, *, delay: float | None) -> None:
    """Hold a delivery that the vendor may have; nothing overtakes it in its lane, which is given up.

    With ``delay`` the vendor is asked for it then, without it an officer must.
    """
    ledger.change(sync_queue.given_up(ledger.claim, delay=delay))
    if delivery.state is State.IN_FLIGHT:
        ledger.close_lost(delivery)
    else:
        _end(ledger, delivery, attempt, ending)
        ledger.note(delivery, ending.outcome.value, attempt=attempt, code=ending.code)
    ledger.stand(delivery, State.IN_DOUBT)
    ledger.note(delivery, "in_doubt", attempt=attempt, code=ending.code)


def retry(ledger: Ledger, delivery: Delivery, attempt: int, ending: Ending, *, delay: float | None) -> None:
    """Keep a delivery at the head of its lane and give the lane up, for ``delay`` seconds or until an officer acts."""
    ledger.change(sync_queue.given_up(ledger.claim, delay=delay))
    _end(ledger, delivery, attempt, ending)
    ledger.stand(delivery, State.PENDING)
    wait = None if delay is None else round(delay, 3)
    ledger.note(delivery, ending.outcome.value, attempt=attempt, code=ending.code, wait_s=wait)


def _end(ledger: Ledger, delivery: Delivery, attempt: int, ending: Ending) -> None:
    ledger.close(delivery, attempt, ending.outcome, code=ending.code, note=ending.note)
    spec, probing = ledger.claim.spec, ledger.claim.probing
    if ending.vendor_failed:
        ledger.change(gates.failed(spec, asked=ending.asked or 0.0, at_once=ending.login_refused, probing=probing))
    elif ending.outcome is Outcome.REFUSED:
        ledger.change(gates.healed(spec, probing=probing))


def note_stale(connection: Connection, claim: Claim, delivery: Delivery, attempt: int) -> None:
    """Put on the record that a worker came back after its lane was taken over; its result changed nothing."""
    statement = """UPDATE hms_syn_attempt SET outcome = 'stale', ended_at = {now}
                    WHERE delivery_id = :delivery AND attempt = :attempt AND outcome IS NULL"""
    batch.run(connection, [Change("late", statement, {"delivery": delivery.id, "attempt": attempt}, must=None)])
    entry = AuditEntry(
        at=moment(),
        actor=claim.owner,
        event="stale",
        message_id=delivery.message_id,
        job=claim.job,
        attempt=attempt,
        detail={"fence": claim.fence},
    )
    audit_trail.write(connection, [entry])
