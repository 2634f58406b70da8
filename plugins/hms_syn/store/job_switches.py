"""What publishers and the doorbell must know of each job: its topics, its switch, who drains it, when it was rung."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hms_syn.ports import Subscription
from hms_syn.store import maintenance, rules
from hms_syn.store.airflow_toggles import IS_OFF, JOINED
from hms_syn.store.statements import NEVER, SECOND, among, micros, sql

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from hms_syn.domain.job_spec import JobSpec

FIRST_RING = 10.0
"""Seconds until a bell that nobody answered rings again; doubled each time."""


def register(connection: Connection, job: JobSpec) -> bool:
    """Write what publishers need to know; the registry's version rises only when that changed.

    With another ordering key an epoch begins: lines of the old rule are emptied first, so that no message overtakes an
    earlier one that waits under another key.
    """
    wanted = {
        "name": job.name,
        "endpoint": job.target_endpoint,
        "topics": json.dumps(job.source_topics if job.push else []),
        "ordering_key": job.push.ordering_key if job.push else None,
        "payload_schema": json.dumps(_plain(job.push.schema)) if job.push and job.push.schema is not None else None,
        "enabled": job.enabled,
        **rules.written(job),
        "ring_cap": micros(job.push.sweep if job.push else FIRST_RING),
    }
    known = (
        connection.execute(
            sql(
                connection,
                """SELECT name, endpoint, topics, ordering_key, payload_schema, enabled, ring_cap, alerts, queue_age,
                          silence, maintenance FROM hms_syn_job WHERE job = :job {lock}""",
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
                                        paused, alerts, queue_age, silence, maintenance, told, registered_at)
               VALUES (:job, :name, :endpoint, :topics, :ordering_key, :payload_schema, :enabled, :ring_cap, :paused,
                       :alerts, :queue_age, :silence, :maintenance,
                       COALESCE((SELECT MAX(seq) FROM hms_syn_event), 0), {now})
               ON CONFLICT (job) DO UPDATE SET
                  epoch = hms_syn_job.epoch + CASE WHEN COALESCE(hms_syn_job.ordering_key, '')
                                                        = COALESCE(excluded.ordering_key, '') THEN 0 ELSE 1 END,
                  name = excluded.name, endpoint = excluded.endpoint,
                  topics = excluded.topics, ordering_key = excluded.ordering_key, ring_cap = excluded.ring_cap,
                  payload_schema = excluded.payload_schema, enabled = excluded.enabled,
                  alerts = excluded.alerts, queue_age = excluded.queue_age, silence = excluded.silence,
                  maintenance = excluded.maintenance""",
        ),
        {"job": job.id, "paused": False, **wanted},
    )
    connection.execute(sql(connection, "UPDATE hms_syn_registry SET version = version + 1"))
    return True


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value, default=dict))


def subscriptions(connection: Connection) -> tuple[int, list[Subscription]]:
    """Return the registry's version and what every known job takes. A job that is off or paused still accepts."""
    version: int = connection.execute(sql(connection, "SELECT version FROM hms_syn_registry")).scalar_one()
    rows = connection.execute(
        sql(
            connection,
            "SELECT job, topics, endpoint, ordering_key, epoch, payload_schema FROM hms_syn_job ORDER BY job",
        )
    )
    return version, [
        Subscription(
            job=row.job,
            topics=tuple(json.loads(row.topics)),
            endpoint=row.endpoint,
            ordering_key=row.ordering_key,
            epoch=row.epoch,
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


def next_due(connection: Connection, job: str, *, unreserved: bool) -> float | None:
    """Return the seconds until a message of this job may be sent; 0 or less is now.

    That is when its earliest lane is due, its vendor's gate is open and its maintenance over. A lane that waits for an
    officer has no due time.
    """
    which = "AND reserved_until < {now}" if unreserved else ""
    micros_left = connection.execute(
        sql(
            connection,
            f"""SELECT MIN(ready_at) - {{now}} FROM hms_syn_lane
                WHERE job = :job AND ready_at < :never {which}
                  AND epoch = (SELECT MIN(epoch) FROM hms_syn_lane WHERE job = :job)""",  # noqa: S608 - constants
        ),
        {"job": job, "never": NEVER},
    ).scalar()
    if micros_left is None:
        return None
    row = connection.execute(
        sql(
            connection,
            """SELECT COALESCE({greatest}(g.open_until, g.next_at), 0) AS gate, j.maintenance, {now} AS now
                 FROM hms_syn_job j LEFT JOIN hms_syn_gate g ON g.endpoint = j.endpoint WHERE j.job = :job""",
        ),
        {"job": job},
    ).first()
    if row is None:
        return float(micros_left) / SECOND
    over = maintenance.over_at(row.maintenance, row.now) or 0
    return float(max(micros_left, row.gate - row.now, over - row.now)) / SECOND


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


WAITING = """WITH RECURSIVE waiting (job) AS (
    SELECT MIN(job) FROM hms_syn_lane
     UNION ALL
    SELECT (SELECT MIN(l.job) FROM hms_syn_lane l WHERE l.job > waiting.job) FROM waiting WHERE waiting.job IS NOT NULL)
SELECT job FROM waiting
 WHERE EXISTS (SELECT 1 FROM hms_syn_lane l WHERE l.job = waiting.job AND l.ready_at <= (SELECT {now})
                  AND l.epoch = (SELECT MIN(epoch) FROM hms_syn_lane WHERE job = waiting.job)
                  AND l.reserved_until < (SELECT {now}))"""
"""The jobs that have due work, each found by a step down an index: those that have none cost nothing. The clock is read
once, in a statement of its own, so that what is due is a range of the index too."""


def due(connection: Connection, *, has_airflow: bool) -> list[str]:
    """Return the jobs that have due work which nobody holds and whose bell may ring.

    With ``has_airflow`` the toggle of each job's DAG is in the same database, and counts. It is asked several times a
    second, mostly for nothing, so what it costs depends on the jobs that have work and not on how many there are.
    """
    waiting = connection.execute(sql(connection, WAITING)).scalars().all()
    if not waiting:
        return []
    jobs, is_off = (JOINED, IS_OFF) if has_airflow else ("hms_syn_job j", "j.paused")
    rows = among(
        connection,
        f"""SELECT j.job, j.maintenance, {{now}} AS now FROM {jobs}
             WHERE j.job {{among}} AND j.enabled AND NOT {is_off} AND j.drain_until < {{now}}
               AND j.rung_at + j.ring_wait < {{now}}
               AND NOT EXISTS (SELECT 1 FROM hms_syn_gate g WHERE g.endpoint = j.endpoint
                                  AND (g.open_until > {{now}} OR g.next_at > {{now}}))
             ORDER BY j.job""",  # noqa: S608 - constants
        waiting,
    )
    return [row.job for row in rows if maintenance.over_at(row.maintenance, row.now) is None]


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


def others_ring(connection: Connection, job: str, *, patience: float) -> bool:
    """Return whether another job's bell rang more than ``patience`` seconds ago and no run has answered yet.

    Only its first ring counts, and each later one anew for as long: a job that nobody serves bothers the others less
    and less, as its bell does.
    """
    found = connection.execute(
        sql(
            connection,
            """SELECT 1 FROM hms_syn_job WHERE job <> :job AND drain_until < (SELECT {now})
                  AND rung_at BETWEEN (SELECT {now}) - :first AND (SELECT {now}) - :patience""",
        ),
        {"job": job, "first": micros(FIRST_RING), "patience": micros(patience)},
    )
    return found.first() is not None


def rearm(connection: Connection, job: str) -> None:
    """Let the bell ring again at once: somebody has just begun to listen."""
    connection.execute(
        sql(connection, "UPDATE hms_syn_job SET rung_at = 0, ring_wait = 0 WHERE job = :job"), {"job": job}
    )


def vendor_is_back(connection: Connection, jobs: Sequence[str]) -> None:
    """Make due at once what backs off at these jobs, and let their bells ring.

    What is in doubt keeps its time: only then does the vendor's "no such message" mean that it will not come any more.
    """
    for job in jobs:
        rearm(connection, job)
        connection.execute(
            sql(
                connection,
                """UPDATE hms_syn_lane SET ready_at = {now}, reserved_until = 0
                    WHERE id IN (SELECT l.id FROM hms_syn_lane l WHERE l.job = :job AND l.owner IS NULL
                                    AND l.ready_at > {now} AND l.ready_at < :never
                                    AND NOT EXISTS (SELECT 1 FROM hms_syn_delivery d WHERE d.job = l.job
                                       AND d.ordering_key = l.ordering_key AND d.epoch = l.epoch
                                       AND d.state = 'in_doubt')
                                  ORDER BY l.id {skip_locked})""",
            ),
            {"job": job, "never": NEVER},
        )
