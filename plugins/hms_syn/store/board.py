"""Looking: how each job stands, what happened to a message, what a run has done."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hms_syn.store.statements import SECOND, shown, sql

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

NEWEST_EVENTS = 10_000
"""A payload value is looked for in this many of the newest events; ids and keys are found in all."""

FIND = (
    "SELECT message_id FROM hms_syn_event WHERE message_id = :key OR ordering_key = :key",
    "SELECT message_id FROM hms_syn_delivery WHERE idempotency_key = :key OR ordering_key = :key",
    "SELECT message_id FROM hms_syn_settled WHERE idempotency_key = :key OR ordering_key = :key OR reference = :key",
)


def status(connection: Connection) -> list[Mapping[str, Any]]:
    """One row per known job, in the order of their ids."""
    jobs = connection.execute(
        sql(connection, "SELECT job, name, endpoint, enabled, paused FROM hms_syn_job ORDER BY job")
    )
    return [_job_status(connection, dict(row)) for row in jobs.mappings().all()]


def _job_status(connection: Connection, job: Mapping[str, Any]) -> Mapping[str, Any]:
    here = {"job": job["job"]}
    waiting = connection.execute(
        sql(
            connection,
            """SELECT COUNT(*) AS depth,
                      COALESCE(SUM(CASE WHEN d.state = 'in_flight' THEN 1 ELSE 0 END), 0) AS in_flight,
                      COALESCE(SUM(CASE WHEN d.state = 'in_doubt' THEN 1 ELSE 0 END), 0) AS in_doubt,
                      ({now} - MIN(e.published_at)) AS oldest
                 FROM hms_syn_delivery d JOIN hms_syn_event e ON e.seq = d.event_seq WHERE d.job = :job""",
        ),
        here,
    ).one()
    closed = connection.execute(
        sql(
            connection,
            """SELECT COALESCE(SUM(CASE WHEN state = 'delivered' THEN 1 ELSE 0 END), 0) AS delivered,
                      COALESCE(SUM(CASE WHEN state = 'dead_letter' THEN 1 ELSE 0 END), 0) AS dead_letters,
                      MAX(CASE WHEN state = 'delivered' THEN settled_at END) AS last_ack
                 FROM hms_syn_settled WHERE job = :job""",
        ),
        here,
    ).one()
    return {
        "job": job["job"],
        "name": job["name"],
        "endpoint": job["endpoint"],
        "paused": bool(job["paused"]),
        "waiting": waiting.depth,
        "in_flight": int(waiting.in_flight),
        "in_doubt": int(waiting.in_doubt),
        "oldest_s": None if waiting.oldest is None else round(float(waiting.oldest) / SECOND, 1),
        "delivered": int(closed.delivered),
        "dead_letters": int(closed.dead_letters),
        "last_ack_at": shown(closed.last_ack),
        "why": _why(connection, job, waiting.depth),
    }


def _why(connection: Connection, job: Mapping[str, Any], depth: int) -> str:
    """Answer "why is nothing moving?" with the head of line: its message, the cause, the next try."""
    if not depth:
        return "nothing waits"
    if job["paused"]:
        return "paused"
    head = connection.execute(
        sql(
            connection,
            """SELECT d.message_id, d.state, d.attempts, l.ready_at - {now} AS due, l.owner
                 FROM hms_syn_delivery d JOIN hms_syn_lane l ON l.job = d.job AND l.ordering_key = d.ordering_key
                WHERE d.job = :job ORDER BY d.id LIMIT 1""",
        ),
        {"job": job["job"]},
    ).one_or_none()
    if head is None:
        return "waiting for a worker"
    due = max(0, round(head.due / SECOND))
    if head.state == "in_flight":
        return f"sending {head.message_id}" if due else f"{head.message_id} lost its worker; the next one takes over"
    if head.state == "in_doubt":
        return f"{head.message_id} is in doubt: ask the vendor, then hms-syn resolve"
    last = connection.execute(
        sql(
            connection,
            """SELECT code, outcome FROM hms_syn_attempt WHERE message_id = :message_id AND job = :job
                ORDER BY attempt DESC LIMIT 1""",
        ),
        {"message_id": head.message_id, "job": job["job"]},
    ).one_or_none()
    if last is None or not due:
        return "waiting for a worker"
    return f"{head.message_id}: {last.code or last.outcome} at attempt {head.attempts}; next try in {due} s"


def trace(connection: Connection, key: str) -> list[Mapping[str, Any]]:
    """Messages found by id, ordering key, idempotency key, receipt or a payload value, oldest first, with every hop."""
    found: set[str] = set()
    for statement in FIND:
        found.update(connection.execute(sql(connection, statement), {"key": key}).scalars())
    if not found:
        found = _by_payload_value(connection, key)
    rows = [_message(connection, message_id) for message_id in found]
    return sorted(rows, key=lambda row: int(row["seq"]))


def _by_payload_value(connection: Connection, key: str) -> set[str]:
    rows = connection.execute(
        sql(connection, "SELECT message_id, topic, body FROM hms_syn_event ORDER BY seq DESC LIMIT :limit"),
        {"limit": NEWEST_EVENTS},
    )
    quoted = json.dumps(key, ensure_ascii=False)
    return {row.message_id for row in rows if quoted in row.body and key in json.loads(row.body).values()}


def _message(connection: Connection, message_id: str) -> Mapping[str, Any]:
    here = {"message_id": message_id}
    event = connection.execute(
        sql(connection, "SELECT seq, topic, agency, published_at FROM hms_syn_event WHERE message_id = :message_id"),
        here,
    ).one()
    deliveries = connection.execute(
        sql(
            connection,
            """SELECT job, state, attempts, idempotency_key, NULL AS reference, NULL AS status, NULL AS code
                 FROM hms_syn_delivery WHERE message_id = :message_id
               UNION ALL
               SELECT job, state, attempts, idempotency_key, reference, status, code
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
            """SELECT job, attempt, outcome, code, note, ended_at - started_at AS took FROM hms_syn_attempt
                WHERE message_id = :message_id ORDER BY id""",
        ),
        here,
    )
    return {
        "message_id": message_id,
        "seq": event.seq,
        "topic": event.topic,
        "agency": event.agency,
        "published_at": shown(event.published_at),
        "deliveries": [dict(row) for row in deliveries.mappings()],
        "attempts": [
            {
                "job": row.job,
                "attempt": row.attempt,
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
