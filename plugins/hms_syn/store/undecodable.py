"""A row that cannot be read: another release wrote it, somebody's hand did, or the key it is sealed with is not here.

A delivery blocks its own line, under the code ``undecodable``, ``key_missing`` or ``cannot_open``, until an officer has
it tried again or discards it. Nothing of it is guessed at, and no other line waits for it. An event that is only read
is named in the log and left out, so that it hides no other.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from hms_syn.domain import trace_context
from hms_syn.domain.audit_entry import AuditEntry
from hms_syn.domain.delivery import Delivery, State
from hms_syn.errors import CannotOpen
from hms_syn.store import audit_trail
from hms_syn.store.keyring import opened
from hms_syn.store.statements import NEVER, moment, shown, sql

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from hms_syn.store.keyring import Keyring

log = logging.getLogger(__name__)
CODE = "undecodable"
COUNT = "UPDATE hms_syn_delivery SET attempts = :attempt WHERE id = :delivery"
NOTE = """INSERT INTO hms_syn_attempt (delivery_id, message_id, job, attempt, owner, fence, started_at, ended_at,
                                       outcome, code)
          VALUES (:delivery, :message_id, :job, :attempt, :owner, :fence, {now}, {now}, 'not_sent', :code)"""
BLOCK = "UPDATE hms_syn_lane SET ready_at = :never, owner = NULL, reserved_until = 0 WHERE id = :lane"


def delivery(row: Row[Any], job: str, ordering_key: str, *, keyring: Keyring, lost: bool = False) -> Delivery | None:
    """Return the delivery that a row holds, or None where its state or payload is nothing we know, or does not open.

    :raises KeysNotReady: it is sealed, and this process has no keys
    """
    try:
        state = State(row.state)
    except ValueError:
        return None
    words = opened(keyring, row)
    payload = an_object(words.body) if words is not None else None
    if payload is None:
        return None
    return Delivery(
        id=row.id,
        message_id=row.message_id,
        job=job,
        topic=row.topic,
        ordering_key=ordering_key,
        idempotency_key=row.idempotency_key,
        attempt=row.attempts,
        payload=payload,
        published_at=shown(row.published_at) or "",
        endpoint=row.endpoint,
        state=state,
        lost=lost,
        traceparent=str(trace_context.of_message(row.message_id, row.headers)),
    )


def an_object(text: str) -> dict[str, Any] | None:
    """Return what JSON text holds, or None where that is no object."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def told_of(row: Row[Any], keyring: Keyring) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Return an event's payload and headers; name the event in the log where there is none to read.

    :raises KeysNotReady: it is sealed, and this process has no keys
    """
    if row.erased_at is not None:
        log.info("Event %d (%s on %s) was erased; left out", row.seq, row.message_id, row.topic)
        return None
    words = opened(keyring, row)
    payload = an_object(words.body) if words is not None else None
    if words is None or payload is None:
        log.warning("Event %d (%s on %s) cannot be read (%s); left out", row.seq, row.message_id, row.topic, CODE)
        return None
    return payload, an_object(words.headers) or {}


def block(connection: Connection, row: Row[Any], lane: Row[Any], *, job: str, owner: str, keyring: Keyring) -> None:
    """Put it on record that the head of a lane was not sent, and why, and block the lane."""
    attempt, code = row.attempts + 1, _code(row, keyring)
    values = {"delivery": row.id, "message_id": row.message_id, "job": job, "attempt": attempt, "owner": owner}
    connection.execute(sql(connection, COUNT), {"delivery": row.id, "attempt": attempt})
    connection.execute(sql(connection, NOTE), {**values, "fence": lane.fence, "code": code})
    connection.execute(sql(connection, BLOCK), {"lane": lane.id, "never": NEVER})
    here = {"at": moment(), "actor": owner, "message_id": row.message_id, "job": job, "attempt": attempt}
    begun = AuditEntry(event="attempt", detail={"fence": lane.fence}, **here)
    ended = AuditEntry(event="not_sent", detail={"code": code}, **here)
    audit_trail.write(connection, [begun, ended])


def _code(row: Row[Any], keyring: Keyring) -> str:
    try:
        keyring.open(row)
    except CannotOpen as error:
        return error.code
    return CODE
