"""Publishing: an event, a delivery for each job that takes it, their lanes and their audit rows, all or nothing.

PostgreSQL takes a whole batch in one statement, each table's rows as one JSON parameter. A lane that another worker is
just dropping must not swallow a wake-up: the statement either creates the lane or holds it (``FOR KEY SHARE``), counts
what it got, and starts again when a lane was gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hms_syn.domain import audit_entry
from hms_syn.domain.audit_entry import AuditEntry
from hms_syn.errors import Erased, PayloadConflict
from hms_syn.ports import RegistryChanged
from hms_syn.store import bus_single
from hms_syn.store.audit_trail import INSERT_ROW, columns
from hms_syn.store.direct import GUARD
from hms_syn.store.statements import as_parameter, moment, pyformat, sql

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from hms_syn.ports import RoutedEvent
    from hms_syn.store.direct import Direct
    from hms_syn.store.keyring import Keyring


class LaneGone(Exception):
    """A lane was dropped between our statement's snapshot and its end; the whole transaction must run again."""


ONE_STATEMENT = """
WITH current AS (SELECT version FROM hms_syn_registry, {in_line} WHERE version = :version),
 given AS (SELECT * FROM json_to_recordset(CAST(:events AS json)) AS g(n int, message_id text, topic text, agency text,
           ordering_key text, body text, headers text, salt text, key_id text, data_key text, routes int)),
 fresh AS (INSERT INTO hms_syn_event (message_id, topic, agency, ordering_key, body, headers, salt, key_id, data_key,
                                      routes, published_at)
           SELECT g.message_id, g.topic, g.agency, g.ordering_key, g.body, g.headers, g.salt, g.key_id, g.data_key,
                  g.routes, {now}
             FROM given g, current ORDER BY g.n
           ON CONFLICT (message_id) DO NOTHING RETURNING seq, message_id),
 wanted AS (SELECT d.* FROM json_to_recordset(CAST(:deliveries AS json)) AS d(n int, message_id text, job text,
            ordering_key text, epoch int, idempotency_key text, endpoint text) JOIN fresh USING (message_id)),
 lanes AS (SELECT DISTINCT job, ordering_key, epoch FROM wanted),
 born AS (INSERT INTO hms_syn_lane (job, ordering_key, epoch, ready_at)
          SELECT job, ordering_key, epoch, {now} FROM lanes ORDER BY 1, 2
          ON CONFLICT (job, ordering_key, epoch) DO NOTHING RETURNING id),
 held AS (SELECT l.id FROM hms_syn_lane l JOIN lanes USING (job, ordering_key, epoch) FOR KEY SHARE OF l),
 queued AS (INSERT INTO hms_syn_delivery (event_seq, message_id, job, ordering_key, epoch, idempotency_key, state,
                                          endpoint)
            SELECT f.seq, w.message_id, w.job, w.ordering_key, w.epoch, w.idempotency_key, 'pending', w.endpoint
              FROM wanted w JOIN fresh f USING (message_id) ORDER BY w.n),
 noted AS (INSERT INTO hms_syn_audit (at, actor, event, message_id, job, attempt, hash, body)
           SELECT a.at, a.actor, a.event, a.message_id, a.job, a.attempt, a.hash, a.body
             FROM json_to_recordset(CAST(:audit AS json)) AS a(n int, at text, actor text, event text, message_id text,
                  job text, attempt int, hash text, body text) JOIN fresh USING (message_id) ORDER BY a.n),
 tips AS (INSERT INTO hms_syn_chain (message_id, tip) SELECT t.message_id, t.tip
            FROM json_to_recordset(CAST(:tips AS json)) AS t(message_id text, tip text) JOIN fresh USING (message_id)),
 woken AS (SELECT pg_notify('hms_syn', job) FROM hms_syn_job JOIN (SELECT DISTINCT job FROM lanes) l USING (job)
            WHERE warm_until > {now})
"""
COUNTED = """SELECT (SELECT count(*) FROM woken), (SELECT count(*) FROM current), (SELECT count(*) FROM lanes),
       (SELECT count(*) FROM born) + (SELECT count(*) FROM held), ARRAY(SELECT message_id FROM fresh)"""
_SOUND = """(SELECT count(*) FROM current) = 1 AND (SELECT count(*) FROM fresh) = :wanted
   AND (SELECT count(*) FROM lanes) = (SELECT count(*) FROM born) + (SELECT count(*) FROM held)"""
GUARDED = f"""SELECT (SELECT count(*) FROM woken), {GUARD.format(_SOUND)}, ARRAY(SELECT message_id FROM fresh)"""  # noqa: S608 - constants

STORED = """SELECT message_id, topic, body, headers, salt, key_id, data_key, erased_at
              FROM hms_syn_event WHERE message_id = :message_id"""


def publish(
    connection: Connection, version: int, events: Sequence[RoutedEvent], *, repeats: str, keyring: Keyring
) -> list[bool]:
    """Store events with their deliveries in the caller's transaction; True for each that is new.

    :raises RegistryChanged: the plan is older than the registry · :raises PayloadConflict: a known id, another payload
    :raises KeysNotReady: payloads are to be sealed, and there is no key to be had
    """
    plan = _plan(events, keyring)
    write = _in_one_statement if connection.dialect.name == "postgresql" else _one_by_one
    is_new = _news(events, write(connection, version, plan))
    if repeats == "refuse":
        repeated = [routed for routed, new in zip(events, is_new, strict=True) if not new]
        _refuse_other_payloads(connection, repeated, keyring)
    return is_new


def publish_alone(direct: Direct, version: int, events: Sequence[RoutedEvent], *, keyring: Keyring) -> list[bool]:
    """Store events with their deliveries as a transaction of one statement; True for each that is new.

    :raises NotSo: the registry or a lane is not what it was, or an id is known; nothing was stored
    :raises KeysNotReady: payloads are to be sealed, and there is no key to be had
    """
    plan = _plan(events, keyring)
    if bus_single.fits(plan):
        return _news(events, bus_single.publish(direct, version, plan))
    values = {**_parameters(version, plan), "wanted": len(plan["events"])}
    _, _, fresh = direct.run(pyformat(ONE_STATEMENT + GUARDED), values)
    return _news(events, set(fresh))


def _news(events: Sequence[RoutedEvent], fresh: set[str]) -> list[bool]:
    first = {routed.event.message_id: n for n, routed in reversed(list(enumerate(events)))}
    return [routed.event.message_id in fresh and first[routed.event.message_id] == n for n, routed in enumerate(events)]


def _plan(events: Sequence[RoutedEvent], keyring: Keyring) -> dict[str, list[dict[str, Any]]]:
    """Lay the batch out as rows for each table; within a batch the first of a repeated id counts."""
    plan: dict[str, list[dict[str, Any]]] = {"events": [], "deliveries": [], "audit": [], "tips": []}
    at = moment()
    for routed in {routed.event.message_id: routed for routed in reversed(events)}.values():
        event = routed.event
        plan["events"].append({**keyring.columns(event), "routes": len(routed.routes)})
        plan["deliveries"] += [
            {
                "message_id": event.message_id,
                "job": route.job,
                "ordering_key": route.ordering_key,
                "epoch": route.epoch,
                "idempotency_key": route.idempotency_key,
                "endpoint": route.endpoint,
            }
            for route in routed.routes
        ]
        rows = audit_entry.chain(_entries(routed, at), None)
        plan["audit"] += [columns(row) for row in rows]
        if routed.routes:  # a chain that nobody is about to write to needs no tip to lock
            plan["tips"].append({"message_id": event.message_id, "tip": rows[-1].hash})
    order = {routed.event.message_id: n for n, routed in reversed(list(enumerate(events)))}
    for rows_of_table in plan.values():
        rows_of_table.sort(key=lambda row: order[row["message_id"]])
    return plan


def _entries(routed: RoutedEvent, at: str) -> list[AuditEntry]:
    event = routed.event
    return [
        audit_entry.published(event, at=at),
        *(
            AuditEntry(at=at, actor=event.agency, event="queued", message_id=event.message_id, job=route.job)
            for route in routed.routes
        ),
    ]


def _parameters(version: int, plan: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    return {
        "version": version,
        **{name: as_parameter([{"n": n, **row} for n, row in enumerate(rows)]) for name, rows in plan.items()},
    }


def _in_one_statement(connection: Connection, version: int, plan: Mapping[str, list[dict[str, Any]]]) -> set[str]:
    _, current, wanted, got, fresh = connection.execute(
        sql(connection, ONE_STATEMENT + COUNTED), _parameters(version, plan)
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
                   (message_id, topic, agency, ordering_key, body, headers, salt, key_id, data_key, routes,
                    published_at)
                   VALUES (:message_id, :topic, :agency, :ordering_key, :body, :headers, :salt, :key_id, :data_key,
                           :routes, {now})
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
            """INSERT INTO hms_syn_lane (job, ordering_key, epoch, ready_at) VALUES (:job, :ordering_key, :epoch, {now})
               ON CONFLICT (job, ordering_key, epoch) DO NOTHING""",
            deliveries,
        ),
        (
            """INSERT INTO hms_syn_delivery
                 (event_seq, message_id, job, ordering_key, epoch, idempotency_key, state, endpoint)
               VALUES (:event_seq, :message_id, :job, :ordering_key, :epoch, :idempotency_key, 'pending',
                       :endpoint)""",
            deliveries,
        ),
        (INSERT_ROW, [row for row in plan["audit"] if row["message_id"] in fresh]),
        (
            "INSERT INTO hms_syn_chain (message_id, tip) VALUES (:message_id, :tip)",
            [row for row in plan["tips"] if row["message_id"] in fresh],
        ),
    ):
        if rows:
            connection.execute(sql(connection, statement), rows)
    return set(fresh)


def _refuse_other_payloads(connection: Connection, repeated: Sequence[RoutedEvent], keyring: Keyring) -> None:
    for routed in repeated:
        stored = connection.execute(sql(connection, STORED), {"message_id": routed.event.message_id}).one()
        if stored.erased_at is not None:
            raise Erased(
                f"message_id {routed.event.message_id}: published before, and erased since; its id stays taken"
            )
        if (stored.topic, keyring.open(stored).body) != (routed.event.topic, routed.event.body):
            raise PayloadConflict(
                f"message_id {routed.event.message_id}: published before with another topic or payload; "
                "use a new id for a new fact"
            )
