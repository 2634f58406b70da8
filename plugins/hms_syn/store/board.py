"""Looking: what happened to a message, what a run has done."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hms_syn.domain import trace_context
from hms_syn.errors import UnknownMessage
from hms_syn.store import undecodable
from hms_syn.store.keyring import opened
from hms_syn.store.statements import SECOND, shown, sql

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from hms_syn.store.keyring import Keyring

NEWEST_EVENTS = 10_000
"""A payload value is looked for in this many of the newest events; ids and keys are found in all."""

NEWEST = """SELECT message_id, body, headers, salt, key_id, data_key FROM hms_syn_event
             WHERE erased_at IS NULL ORDER BY seq DESC LIMIT :limit"""
FIND = (
    "SELECT message_id FROM hms_syn_event WHERE message_id = :key OR ordering_key = :key",
    "SELECT message_id FROM hms_syn_delivery WHERE idempotency_key = :key OR ordering_key = :key",
    "SELECT message_id FROM hms_syn_settled WHERE idempotency_key = :key OR ordering_key = :key OR reference = :key",
)


def trace(connection: Connection, key: str, keyring: Keyring) -> list[Mapping[str, Any]]:
    """Messages found by id, ordering key, idempotency key, receipt or a payload value, oldest first, with every hop."""
    found: set[str] = set()
    for statement in FIND:
        found.update(connection.execute(sql(connection, statement), {"key": key}).scalars())
    if not found:
        found = _by_payload_value(connection, key, keyring)
    rows = [message(connection, message_id) for message_id in found]
    return sorted(rows, key=lambda row: int(row["seq"]))


def _by_payload_value(connection: Connection, key: str, keyring: Keyring) -> set[str]:
    rows = connection.execute(sql(connection, NEWEST), {"limit": NEWEST_EVENTS})
    quoted = json.dumps(key, ensure_ascii=False)
    read = undecodable.an_object
    bodies = ((row.message_id, words.body) for row in rows if (words := opened(keyring, row)) is not None)
    return {message_id for message_id, body in bodies if quoted in body and key in (read(body) or {}).values()}


def message(connection: Connection, message_id: str) -> Mapping[str, Any]:
    """Return one message with every hop.

    :raises UnknownMessage: no such message
    """
    here = {"message_id": message_id}
    event = connection.execute(
        sql(
            connection,
            """SELECT seq, topic, ordering_key, agency, headers, published_at, erased_at FROM hms_syn_event
                WHERE message_id = :message_id""",
        ),
        here,
    ).one_or_none()
    if event is None:
        raise UnknownMessage(f"No message has the id '{message_id}'; 'hms-syn trace' finds it by other words")
    deliveries = connection.execute(
        sql(
            connection,
            """SELECT job, state, attempts, ordering_key, idempotency_key, NULL AS reference, NULL AS status,
                      NULL AS code, NULL AS settled_at
                 FROM hms_syn_delivery WHERE message_id = :message_id
               UNION ALL
               SELECT job, state, attempts, ordering_key, idempotency_key, reference, status, code, settled_at
                 FROM hms_syn_settled WHERE message_id = :message_id ORDER BY job""",
        ),
        here,
    )
    hops = connection.execute(
        sql(
            connection,
            """SELECT seq, at, actor, event, job, attempt, body FROM hms_syn_audit
                WHERE message_id = :message_id ORDER BY seq""",
        ),
        here,
    )
    attempts = connection.execute(
        sql(
            connection,
            """SELECT job, attempt, started_at, outcome, code, note, ended_at - started_at AS took
                 FROM hms_syn_attempt
                WHERE message_id = :message_id ORDER BY id""",
        ),
        here,
    )
    return {
        "message_id": message_id,
        "seq": event.seq,
        "topic": event.topic,
        "ordering_key": event.ordering_key,
        "agency": event.agency,
        "trace_id": trace_context.of_message(message_id, event.headers).trace_id,
        "published_at": shown(event.published_at),
        "erased_at": shown(event.erased_at),
        "deliveries": [{**row, "settled_at": shown(row["settled_at"])} for row in deliveries.mappings()],
        "attempts": [
            {
                "job": row.job,
                "attempt": row.attempt,
                "started_at": shown(row.started_at),
                "outcome": row.outcome,
                "code": row.code or "",
                "note": row.note or "",
                "took_s": None if row.took is None else row.took / SECOND,
            }
            for row in attempts
        ],
        "hops": [
            {
                "seq": row.seq,
                "at": row.at,
                "actor": row.actor,
                "event": row.event,
                "job": row.job,
                "attempt": row.attempt,
                "detail": json.loads(row.body).get("detail", {}),
            }
            for row in hops
        ],
    }


def settled_by(connection: Connection, owner: str, *, limit: int) -> list[Mapping[str, Any]]:
    """Return what one owner's attempts led to, newest last: message ids, states, attempts, receipts."""
    rows = connection.execute(
        sql(
            connection,
            """SELECT a.message_id, a.job, a.attempt, a.outcome, a.code, COALESCE(s.state, d.state) AS state,
                      s.reference, s.status
                 FROM hms_syn_attempt a LEFT JOIN hms_syn_settled s ON s.id = a.delivery_id
                 LEFT JOIN hms_syn_delivery d ON d.id = a.delivery_id
                WHERE a.owner = :owner ORDER BY a.id DESC LIMIT :limit""",
        ),
        {"owner": owner, "limit": limit},
    )
    newest_first: list[Mapping[str, Any]] = [{**row, "state": row["state"] or "pending"} for row in rows.mappings()]
    return newest_first[::-1]


def counted_by(connection: Connection, owner: str) -> Mapping[str, int]:
    """Return how many messages one owner's attempts have brought where, by state."""
    rows = connection.execute(
        sql(
            connection,
            """SELECT COALESCE(s.state, d.state, 'pending') AS state, COUNT(*) AS count
                 FROM (SELECT DISTINCT delivery_id FROM hms_syn_attempt WHERE owner = :owner) a
                 LEFT JOIN hms_syn_settled s ON s.id = a.delivery_id
                 LEFT JOIN hms_syn_delivery d ON d.id = a.delivery_id GROUP BY 1""",
        ),
        {"owner": owner},
    )
    return {row.state: row[1] for row in rows}
