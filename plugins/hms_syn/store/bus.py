"""Publishing: an event, a delivery for each job that takes it, their lanes and their audit rows, all or nothing.

PostgreSQL takes a whole batch in one statement, each table's rows as one JSON parameter. A lane that another worker is
just dropping must not swallow a wake-up: the statement either creates the lane or holds it (``FOR KEY SHARE``), counts
what it got, and starts again when a lane was gone.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hms_syn.domain import audit_entry
from hms_syn.domain.audit_entry import AuditEntry
from hms_syn.errors import PayloadConflict
from hms_syn.ports import RegistryChanged
from hms_syn.store.audit_trail import INSERT, columns
from hms_syn.store.statements import moment, shown, sql

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from hms_syn.ports import RoutedEvent


class LaneGone(Exception):
    """A lane was dropped between our statement's snapshot and its end; the whole transaction must run again."""


ONE_STATEMENT = """
WITH current AS (SELECT version FROM hms_syn_registry WHERE version = :version),
 given AS (SELECT * FROM json_to_recordset(CAST(:events AS json)) AS g(n int, message_id text, topic text, agency text,
           ordering_key text, body text, headers text, salt text)),
 fresh AS (INSERT INTO hms_syn_event (message_id, topic, agency, ordering_key, body, headers, salt, published_at)
           SELECT g.message_id, g.topic, g.agency, g.ordering_key, g.body, g.headers, g.salt, {now}
             FROM given g, current ORDER BY g.n
           ON CONFLICT (message_id) DO NOTHING RETURNING seq, message_id),
 wanted AS (SELECT d.* FROM json_to_recordset(CAST(:deliveries AS json)) AS d(n int, message_id text, job text,
            ordering_key text, idempotency_key text) JOIN fresh USING (message_id)),
 lanes AS (SELECT DISTINCT job, ordering_key FROM wanted),
 born AS (INSERT INTO hms_syn_lane (job, ordering_key, ready_at) SELECT job, ordering_key, {now} FROM lanes
          ORDER BY job, ordering_key ON CONFLICT (job, ordering_key) DO NOTHING RETURNING id),
 held AS (SELECT l.id FROM hms_syn_lane l JOIN lanes USING (job, ordering_key) FOR KEY SHARE OF l),
 queued AS (INSERT INTO hms_syn_delivery (event_seq, message_id, job, ordering_key, idempotency_key, state)
            SELECT f.seq, w.message_id, w.job, w.ordering_key, w.idempotency_key, 'pending'
              FROM wanted w JOIN fresh f USING (message_id) ORDER BY w.n),
 noted AS (INSERT INTO hms_syn_audit (at, actor, event, message_id, job, attempt, hash, body)
           SELECT a.at, a.actor, a.event, a.message_id, a.job, a.attempt, a.hash, a.body
             FROM json_to_recordset(CAST(:audit AS json)) AS a(n int, at text, actor text, event text, message_id text,
                  job text, attempt int, hash text, body text) JOIN fresh USING (message_id) ORDER BY a.n),
 tips AS (INSERT INTO hms_syn_chain (message_id, tip) SELECT t.message_id, t.tip
            FROM json_to_recordset(CAST(:tips AS json)) AS t(message_id text, tip text) JOIN fresh USING (message_id))
SELECT (SELECT count(*) FROM current), (SELECT count(*) FROM lanes),
       (SELECT count(*) FROM born) + (SELECT count(*) FROM held), ARRAY(SELECT message_id FROM fresh)
"""


def publish(connection: Connection, version: int, events: Sequence[RoutedEvent], *, repeats: str) -> list[bool]:
    """Store events with their deliveries in the caller's transaction; True for each that is new.

    :raises RegistryChanged: the plan is older than the registry · :raises PayloadConflict: a known id, another payload
    """
    plan = _plan(events)
    write = _in_one_statement if connection.dialect.name == "postgresql" else _one_by_one
    fresh = write(connection, version, plan)
    first = {routed.event.message_id: n for n, routed in reversed(list(enumerate(events)))}
    is_new = [
        routed.event.message_id in fresh and first[routed.event.message_id] == n for n, routed in enumerate(events)
    ]
    if repeats == "refuse":
        _refuse_other_payloads(connection, [routed for routed, new in zip(events, is_new, strict=True) if not new])
    return is_new


def _plan(events: Sequence[RoutedEvent]) -> dict[str, list[dict[str, Any]]]:
    """Lay the batch out as rows for each table; within a batch the first of a repeated id counts."""
    plan: dict[str, list[dict[str, Any]]] = {"events": [], "deliveries": [], "audit": [], "tips": []}
    at = moment()
    for routed in {routed.event.message_id: routed for routed in reversed(events)}.values():
        event = routed.event
        plan["events"].append(
            {
                "message_id": event.message_id,
                "topic": event.topic,
                "agency": event.agency,
                "ordering_key": event.ordering_key,
                "body": event.body,
                "headers": event.headers,
                "salt": event.salt,
            }
        )
        plan["deliveries"] += [
            {
                "message_id": event.message_id,
                "job": route.job,
                "ordering_key": route.ordering_key,
                "idempotency_key": route.idempotency_key,
            }
            for route in routed.routes
        ]
        rows = audit_entry.chain(_entries(routed, at), None)
        plan["audit"] += [columns(row) for row in rows]
        plan["tips"].append({"message_id": event.message_id, "tip": rows[-1].hash})
    order = {routed.event.message_id: n for n, routed in reversed(list(enumerate(events)))}
    for rows_of_table in plan.values():
        rows_of_table.sort(key=lambda row: order[row["message_id"]])
    return plan


def _entries(routed: RoutedEvent, at: str) -> list[AuditEntry]:
    event = routed.event
    published = AuditEntry(
        at=at,
        actor=event.agency,
        event="published",
        message_id=event.message_id,
        detail={"topic": event.topic, "commitment": event.commitment},
    )
    return [
        published,
        *(
            AuditEntry(at=at, actor=event.agency, event="queued", message_id=event.message_id, job=route.job)
            for route in routed.routes
        ),
    ]


def _in_one_statement(connection: Connection, version: int, plan: Mapping[str, list[dict[str, Any]]]) -> set[str]:
    parameters: dict[str, Any] = {
        name: json.dumps([{"n": n, **row} for n, row in enumerate(rows)]) for name, rows in plan.items()
    }
    current, wanted, got, fresh = connection.execute(
        sql(connection, ONE_STATEMENT), {"version": version, **parameters}
    ).one()
    if not current:
        raise RegistryChanged
    if wanted != got:
        raise LaneGone
    return set(fresh)


def _one_by_one(connection: Connection, version: int, plan: Mapping[str, list[dict[str, Any]]]) -> set[str]:
    if connection.execute(sql(connection, "SELECT version FROM hms_syn_registry")).scalar() != version:
        raise RegistryChanged
    fresh: dict[str, int] = {}
    for row in plan["events"]:
        seq = connection.execute(
            sql(
                connection,
                """INSERT INTO hms_syn_event
                   (message_id, topic, agency, ordering_key, body, headers, salt, published_at)
                   VALUES (:message_id, :topic, :agency, :ordering_key, :body, :headers, :salt, {now})
                   ON CONFLICT (message_id) DO NOTHING RETURNING seq""",
            ),
            row,
        ).scalar()
        if seq is not None:
            fresh[row["message_id"]] = seq
    deliveries = [
        {"event_seq": fresh[row["message_id"]], **row} for row in plan["deliveries"] if row["message_id"] in fresh
    ]
    for statement, rows in (
        (
            """INSERT INTO hms_syn_lane (job, ordering_key, ready_at) VALUES (:job, :ordering_key, {now})
               ON CONFLICT (job, ordering_key) DO NOTHING""",
            deliveries,
        ),
        (
            """INSERT INTO hms_syn_delivery (event_seq, message_id, job, ordering_key, idempotency_key, state)
               VALUES (:event_seq, :message_id, :job, :ordering_key, :idempotency_key, 'pending')""",
            deliveries,
        ),
        (INSERT, [row for row in plan["audit"] if row["message_id"] in fresh]),
        (
            "INSERT INTO hms_syn_chain (message_id, tip) VALUES (:message_id, :tip)",
            [row for row in plan["tips"] if row["message_id"] in fresh],
        ),
    ):
        if rows:
            connection.execute(sql(connection, statement), rows)
    return set(fresh)


def _refuse_other_payloads(connection: Connection, repeated: Sequence[RoutedEvent]) -> None:
    for routed in repeated:
        stored = connection.execute(
            sql(connection, "SELECT topic, body FROM hms_syn_event WHERE message_id = :message_id"),
            {"message_id": routed.event.message_id},
        ).one()
        if (stored.topic, stored.body) != (routed.event.topic, routed.event.body):
            raise PayloadConflict(
                f"message_id {routed.event.message_id}: published before with another topic or payload; "
                "use a new id for a new fact"
            )


def read(connection: Connection, pattern: str, *, after: int, limit: int) -> list[Mapping[str, Any]]:
    """Return events of matching topics in the order of ``seq``; ``*`` in a pattern stands for any characters."""
    operator = {"postgresql": "LIKE", "sqlite": "GLOB"}[connection.dialect.name]
    if connection.dialect.name == "postgresql":
        pattern = pattern.replace("_", r"\_").replace("*", "%")
    rows = connection.execute(
        sql(
            connection,
            f"""SELECT seq, message_id, topic, agency, ordering_key, body, headers, published_at FROM hms_syn_event
                WHERE topic {operator} :pattern AND seq > :after ORDER BY seq LIMIT :limit""",  # noqa: S608 - a constant
        ),
        {"pattern": pattern, "after": after, "limit": limit},
    )
    return [
        {
            "seq": row.seq,
            "message_id": row.message_id,
            "topic": row.topic,
            "agency": row.agency,
            "ordering_key": row.ordering_key,
            "payload": json.loads(row.body),
            "headers": json.loads(row.headers),
            "published_at": shown(row.published_at),
        }
        for row in rows
    ]
