"""What publishers and the doorbell must know of each job: its topics, its switch, who drains it, when it was rung."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hms_syn.ports import Subscription
from hms_syn.store.statements import NEVER, SECOND, micros, sql

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hms_syn.domain.job_spec import JobSpec

FIRST_RING = 10.0
"""Seconds until a bell that nobody answered rings again; doubled each time."""


def register(connection: Connection, job: JobSpec) -> bool:
    """Write what publishers need to know; the registry's version rises only when that changed."""
    wanted = {
        "name": job.name,
        "endpoint": job.target_endpoint,
        "topics": json.dumps(job.source_topics if job.push else []),
        "ordering_key": job.push.ordering_key if job.push else None,
        "payload_schema": json.dumps(_plain(job.push.schema)) if job.push and job.push.schema is not None else None,
        "enabled": job.enabled,
        "ring_cap": micros(job.push.sweep if job.push else FIRST_RING),
    }
    known = (
        connection.execute(
            sql(
                connection,
                """SELECT name, endpoint, topics, ordering_key, payload_schema, enabled, ring_cap FROM hms_syn_job
                WHERE job = :job {lock}""",
            ),
            {"job": job.id},
        )
        .mappings()
        .one_or_none()
    )
    if known is not None and dict(known) == wanted:
        return False
    connection.execute(
        sql(
            connection,
            """INSERT INTO hms_syn_job (job, name, endpoint, topics, ordering_key, payload_schema, enabled, ring_cap,
                                        paused, registered_at)
               VALUES (:job, :name, :endpoint, :topics, :ordering_key, :payload_schema, :enabled, :ring_cap, :paused,
                       {now})
               ON CONFLICT (job) DO UPDATE SET name = excluded.name, endpoint = excluded.endpoint,
                  topics = excluded.topics, ordering_key = excluded.ordering_key, ring_cap = excluded.ring_cap,
                  payload_schema = excluded.payload_schema, enabled = excluded.enabled""",
        ),
        {"job": job.id, "paused": False, **wanted},
    )
    connection.execute(sql(connection, "UPDATE hms_syn_registry SET version = version + 1"))
    return True


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value, default=dict))


def version(connection: Connection) -> int:
    """Return the registry's version."""
    found: int = connection.execute(sql(connection, "SELECT version FROM hms_syn_registry")).scalar_one()
    return found


def subscriptions(connection: Connection) -> list[Subscription]:
    """Return what every known job takes. A job that is switched off or paused still accepts."""
    rows = connection.execute(
        sql(connection, "SELECT job, topics, ordering_key, payload_schema FROM hms_syn_job ORDER BY job")
    )
    return [
        Subscription(
            job=row.job,
            topics=tuple(json.loads(row.topics)),
            ordering_key=row.ordering_key,
            schema=json.loads(row.payload_schema) if row.payload_schema else None,
        )
        for row in rows
    ]


def take_drain(connection: Connection, job: str, *, owner: str, seconds: float) -> bool:
    """Become the one drain of a job, or stay it. Taking it answers the bell."""
    taken = connection.execute(
        sql(
            connection,
            """UPDATE hms_syn_job SET drain_owner = :owner, drain_until = {now} + :seconds, rung_at = 0, ring_wait = 0
                WHERE job = :job AND (drain_until < {now} OR drain_owner = :owner)""",
        ),
        {"job": job, "owner": owner, "seconds": micros(seconds)},
    )
    if taken.rowcount != 1:
        return False
    connection.execute(  # lanes an earlier try of this same owner died with need not wait for their lease
        sql(connection, "UPDATE hms_syn_lane SET ready_at = {now} WHERE job = :job AND owner = :owner"),
        {"job": job, "owner": owner},
    )
    return True


def keep_drain(connection: Connection, job: str, *, owner: str, seconds: float) -> bool:
    """Renew the drain's lease; False when another has taken it."""
    kept = connection.execute(
        sql(
            connection,
            "UPDATE hms_syn_job SET drain_until = {now} + :seconds WHERE job = :job AND drain_owner = :owner",
        ),
        {"job": job, "owner": owner, "seconds": micros(seconds)},
    )
    return kept.rowcount == 1


def end_drain(connection: Connection, job: str, *, owner: str) -> None:
    """Stop being the drain, if we are."""
    connection.execute(
        sql(
            connection,
            "UPDATE hms_syn_job SET drain_until = 0, drain_owner = NULL WHERE job = :job AND drain_owner = :owner",
        ),
        {"job": job, "owner": owner},
    )


def is_paused(connection: Connection, job: str, *, airflow_pauses: bool) -> bool:
    """Return the job's own switch, or Airflow's for its push DAG where that is in the same database."""
    airflow = "OR EXISTS (SELECT 1 FROM dag WHERE dag_id = :dag_id AND is_paused)" if airflow_pauses else ""
    found = connection.execute(
        sql(connection, f"SELECT 1 FROM hms_syn_job WHERE job = :job AND (paused {airflow})"),  # noqa: S608 - constants
        {"job": job, "dag_id": f"syn.{job}.push"} if airflow_pauses else {"job": job},
    )
    return found.first() is not None


def next_due(connection: Connection, job: str, *, unreserved: bool) -> float | None:
    """Return the seconds until the earliest lane of this job is due; 0 or less is due now.

    A lane that waits for an officer has no due time.
    """
    which = "AND reserved_until < {now}" if unreserved else ""
    micros_left = connection.execute(
        sql(
            connection,
            f"""SELECT MIN(ready_at) - {{now}} FROM hms_syn_lane
                WHERE job = :job AND ready_at < :never {which}""",  # noqa: S608 - constants
        ),
        {"job": job, "never": NEVER},
    ).scalar()
    return None if micros_left is None else micros_left / SECOND


def reserve(connection: Connection, job: str, *, grace: float) -> None:
    """Keep the bell quiet for lanes that back off, until ``grace`` seconds after they are due."""
    connection.execute(
        sql(
            connection,
            """UPDATE hms_syn_lane SET reserved_until = ready_at + :grace
                WHERE job = :job AND ready_at > {now}""",
        ),
        {"job": job, "grace": micros(grace)},
    )


def airflow_knows(connection: Connection, dag_id: str) -> bool:
    """Return whether Airflow, in this same database, has found a DAG."""
    found = connection.execute(sql(connection, "SELECT 1 FROM dag WHERE dag_id = :dag_id"), {"dag_id": dag_id})
    return found.first() is not None


def due(connection: Connection, *, airflow_pauses: bool) -> list[str]:
    """Return the jobs that have due work which nobody holds and whose bell may ring.

    With ``airflow_pauses`` the job's DAG in the same database is asked whether Airflow has paused it.
    """
    paused_in_airflow = "AND NOT EXISTS (SELECT 1 FROM dag WHERE dag_id = 'syn.' || job || '.push' AND is_paused)"
    rows = connection.execute(
        sql(
            connection,
            f"""SELECT job FROM hms_syn_job
                WHERE enabled AND NOT paused AND drain_until < {{now}} AND rung_at + ring_wait < {{now}}
                  AND EXISTS (SELECT 1 FROM hms_syn_lane l WHERE l.job = hms_syn_job.job AND l.ready_at <= {{now}}
                              AND l.reserved_until < {{now}}) {paused_in_airflow if airflow_pauses else ""}
                ORDER BY job""",  # noqa: S608 - constants
        )
    )
    return list(rows.scalars())


def ring(connection: Connection, jobs: list[str]) -> None:
    """Mark jobs as rung. A bell that nobody answers rings again after 10 s, 20 s, … up to the job's ``push.sweep``."""
    connection.execute(
        sql(
            connection,
            """UPDATE hms_syn_job SET rung_at = {now}, ring_wait = CASE WHEN ring_wait = 0 THEN :first
                 WHEN ring_wait * 2 > ring_cap THEN ring_cap ELSE ring_wait * 2 END WHERE job = :job""",
        ),
        [{"job": job, "first": micros(FIRST_RING)} for job in jobs],
    )


def rearm(connection: Connection, job: str) -> None:
    """Let the bell ring again at once: somebody has just begun to listen."""
    connection.execute(
        sql(connection, "UPDATE hms_syn_job SET rung_at = 0, ring_wait = 0 WHERE job = :job"), {"job": job}
    )
