"""Counting both sides: everything that was accepted for a job must stand somewhere, exactly once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hms_syn.store.statements import sql

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

COUNT = """SELECT state, COUNT(*) AS number FROM
  (SELECT state FROM hms_syn_delivery WHERE job = :job
   UNION ALL SELECT state FROM hms_syn_settled WHERE job = :job) AS d
  GROUP BY state"""
MISSING = """SELECT message_id FROM hms_syn_audit WHERE event = 'queued' AND job = :job
  EXCEPT SELECT message_id FROM (SELECT message_id, job FROM hms_syn_delivery
                                 UNION ALL SELECT message_id, job FROM hms_syn_settled) AS d WHERE job = :job
  LIMIT :limit"""
UNEXPLAINED = """SELECT message_id FROM (SELECT message_id, job FROM hms_syn_delivery
                                   UNION ALL SELECT message_id, job FROM hms_syn_settled) AS d WHERE job = :job
  EXCEPT SELECT message_id FROM hms_syn_audit WHERE event = 'queued' AND job = :job LIMIT :limit"""
SHOWN = 10
TOPIC_OF = {
    "postgresql": "CAST(body AS json) -> 'detail' ->> 'topic'",
    "sqlite": "json_extract(body, '$.detail.topic')",
}
"""Where a ``published`` row of the audit trail says its event's topic."""
ACCEPTED = "SELECT {topic} AS topic, message_id FROM hms_syn_audit WHERE event = 'published'"
KEPT = "SELECT topic, message_id FROM hms_syn_event"


def reconcile(connection: Connection, job: str | None = None) -> list[Mapping[str, Any]]:
    """One row a job: what was accepted by the audit trail, where it stands by the queue, and what does not agree.

    accepted = delivered + open + in doubt + dead letter + discarded. ``missing`` were accepted and stand nowhere;
    ``unexplained`` stand somewhere and were never accepted. ``agrees`` says that there is neither.
    """
    _see_one_moment(connection)
    wanted = [job] if job is not None else _jobs(connection)
    return [_one(connection, each) for each in wanted]


def _see_one_moment(connection: Connection) -> None:
    """Let all statements of this transaction see the same: messages move on while both sides are counted.

    PostgreSQL gives each statement a moment of its own unless it is told so first; SQLite's readers have one anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


def _jobs(connection: Connection) -> list[str]:
    rows = connection.execute(
        sql(
            connection,
            """SELECT job FROM hms_syn_job UNION SELECT job FROM hms_syn_delivery UNION SELECT job FROM hms_syn_settled
               ORDER BY job""",
        )
    )
    return list(rows.scalars())


def _one(connection: Connection, job: str) -> Mapping[str, Any]:
    here = {"job": job}
    accepted = connection.execute(
        sql(connection, "SELECT COUNT(*) FROM hms_syn_audit WHERE event = 'queued' AND job = :job"), here
    ).scalar_one()
    states = {row.state: row.number for row in connection.execute(sql(connection, COUNT), here)}
    counted = {
        "open": states.get("pending", 0) + states.get("in_flight", 0),
        **{state: states.get(state, 0) for state in ("in_doubt", "delivered", "dead_letter", "discarded")},
    }
    missing = list(connection.execute(sql(connection, MISSING), {**here, "limit": SHOWN}).scalars())
    unexplained = list(connection.execute(sql(connection, UNEXPLAINED), {**here, "limit": SHOWN}).scalars())
    return {
        "job": job,
        "accepted": accepted,
        **counted,
        "missing": missing,
        "unexplained": unexplained,
        "agrees": accepted == sum(counted.values()) and not missing and not unexplained,
    }


def topics(connection: Connection) -> list[Mapping[str, Any]]:
    """One row a topic: what was published by the audit trail, and what the bus holds; a gap is what it has lost.

    ``unexplained`` events are on the bus, and the audit trail never saw them published.
    """
    _see_one_moment(connection)
    accepted = ACCEPTED.replace("{topic}", TOPIC_OF[connection.dialect.name])
    counts: dict[str, dict[str, Any]] = {}
    for name, rows in (("published", accepted), ("kept", KEPT)):
        counted = f"SELECT topic, COUNT(*) AS number FROM ({rows}) AS t GROUP BY topic"  # noqa: S608 - constants
        for row in connection.execute(sql(connection, counted)):
            empty = {"topic": row.topic, "published": 0, "kept": 0, "gaps": [], "unexplained": []}
            counts.setdefault(row.topic, empty)[name] = row.number
    for name, one, other in (("gaps", accepted, KEPT), ("unexplained", KEPT, accepted)):
        statement = f"{one} EXCEPT {other} ORDER BY 1, 2 LIMIT :limit"
        for row in connection.execute(sql(connection, statement), {"limit": SHOWN}):
            counts[row.topic][name].append(row.message_id)
    return [
        {**row, "agrees": row["published"] == row["kept"] and not row["gaps"] and not row["unexplained"]}
        for _, row in sorted(counts.items())
    ]
