"""Retiring a job: it takes nothing more, what it has is settled by a person, and then it is no job any more.

First it stops accepting, and publications that began before are waited for; only then is what is open counted. Its
messages, receipts and audit rows stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hms_syn.domain.audit_entry import AuditEntry
from hms_syn.domain.delivery import State
from hms_syn.errors import ActRefused, UnknownJob
from hms_syn.store import airflow_toggles, audit_trail, officers, undecodable
from hms_syn.store.horizon import LAST, horizon
from hms_syn.store.keyring import opened
from hms_syn.store.standing import MOST
from hms_syn.store.statements import moment, sql

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, Row

    from hms_syn.ports import Act, Route
    from hms_syn.store.keyring import Keyring

KNOWN = "SELECT 1 FROM hms_syn_job WHERE job = :job {lock}"
COUNTS = """SELECT (SELECT COUNT(*) FROM hms_syn_delivery WHERE job = :job) AS waiting,
                   (SELECT COUNT(*) FROM hms_syn_settled WHERE job = :job AND state = 'dead_letter') AS set_aside"""
REGISTERED = """SELECT j.job, (SELECT COUNT(*) FROM (SELECT 1 FROM hms_syn_delivery d WHERE d.job = j.job
                                                     LIMIT :most) t) AS waiting,
                       {is_gone} AS is_gone FROM hms_syn_job j ORDER BY j.job"""
CLOSE = "UPDATE hms_syn_job SET topics = '[]', enabled = :no WHERE job = :job"
RISE = "UPDATE hms_syn_registry SET version = version + 1"
WAITING = """SELECT d.id, d.state, d.attempts, e.message_id, e.topic, e.agency, e.ordering_key, e.body, e.headers,
                    e.salt, e.key_id, e.data_key
               FROM hms_syn_delivery d JOIN hms_syn_event e ON e.seq = d.event_seq
              WHERE d.job = :job AND d.id > :after ORDER BY d.id LIMIT :limit"""
ASIDE = """SELECT id, message_id FROM hms_syn_settled
            WHERE job = :job AND state = 'dead_letter' AND id > :after ORDER BY id LIMIT :limit"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What of a job somebody must decide on before it can go."""

    waiting: int
    set_aside: int

    def __bool__(self) -> bool:
        return bool(self.waiting or self.set_aside)

    def __str__(self) -> str:
        return f"{self.waiting} waiting, {self.set_aside} set aside"


def registered(connection: Connection, *, has_airflow: bool) -> list[Mapping[str, Any]]:
    """Return each job that publishers know, with how many messages wait; counting ends at 1,000.

    ``dag_gone`` is as in ``standing.status``.
    """
    statement = REGISTERED.replace("{is_gone}", airflow_toggles.IS_GONE if has_airflow else "NULL")
    return [
        {"job": row.job, "waiting": row.waiting, "dag_gone": None if row.is_gone is None else bool(row.is_gone)}
        for row in connection.execute(sql(connection, statement), {"most": MOST})
    ]


def left(connection: Connection, job: str, *, has_airflow: bool) -> Left:
    """Count what a job still has.

    :raises UnknownJob: no such job · :raises ActRefused: Airflow still has its DAGs, whose runs would bring it back
    """
    if connection.execute(sql(connection, KNOWN), {"job": job}).first() is None:
        raise UnknownJob(f"No job is called '{job}'; 'hms-syn status' lists those there are")
    if has_airflow and airflow_toggles.is_served(connection, job):
        raise ActRefused(
            f"{job}: Airflow still has its DAGs; "
            "remove its file from the jobs folder, and wait until Airflow has seen that it is gone"
        )
    return Left(**connection.execute(sql(connection, COUNTS), {"job": job}).one()._mapping)  # noqa: SLF001 - SQLAlchemy's documented name


def close(connection: Connection, job: str) -> None:
    """Let a job take nothing more. It stays known until it ends, so a retirement that was cut short goes on."""
    connection.execute(sql(connection, CLOSE), {"job": job, "no": False})
    connection.execute(sql(connection, RISE))


def last_place(connection: Connection) -> int:
    """Return the last place on the bus that was given out, which publications that are still open may have."""
    return 0 if connection.dialect.name != "postgresql" else int(connection.execute(sql(connection, LAST)).scalar_one())


def is_quiet(connection: Connection, place: int) -> bool:
    """Return whether every publication that began before a place was the last has ended."""
    return horizon(connection) >= place


def waiting(connection: Connection, job: str, keyring: Keyring, *, after: int, limit: int) -> list[Mapping[str, Any]]:
    """Return open messages of a job in their order, as rows of the bus; ``payload`` None is one that cannot be read.

    :raises KeysNotReady: a message is sealed, and this process has no keys
    """
    rows = connection.execute(sql(connection, WAITING), {"job": job, "after": after, "limit": limit})
    return [{**row._mapping, "payload": _payload(row, keyring)} for row in rows]  # noqa: SLF001 - as above


def _payload(row: Row[Any], keyring: Keyring) -> Mapping[str, Any] | None:
    words = opened(keyring, row)
    return None if words is None else undecodable.an_object(words.body)


def set_aside(connection: Connection, job: str, *, after: int, limit: int) -> list[Mapping[str, Any]]:
    """Return messages of a job that were set aside: their ids, oldest first."""
    rows = connection.execute(sql(connection, ASIDE), {"job": job, "after": after, "limit": limit})
    return [dict(row._mapping) for row in rows]  # noqa: SLF001 - as above


def hand_over(connection: Connection, message_id: str, route: Route, act: Act, *, job: str) -> bool:
    """Give a message that was never tried to another job, behind what waits there; False when that has it already.

    What was tried may be at the vendor, which would not know it by the other job's key.

    :raises ActRefused: it was tried, or is being sent
    """
    row = officers.of_job(connection, message_id, job)
    if row.state != State.PENDING.value or row.attempts:
        raise ActRefused(f"{message_id}: {job} has tried it, so its vendor may have it; resolve, or discard it")
    is_new = officers.enqueue(connection, message_id, route, act)
    officers.discard(connection, message_id, act, job=job, to=route.job)
    return is_new


def end(connection: Connection, job: str, act: Act, *, has_airflow: bool) -> Left:
    """Take a job out of the register, with an audit row; return what it still has, and do nothing, where it has any.

    :raises UnknownJob: no such job · :raises ActRefused: as ``left``
    """
    still = left(connection, job, has_airflow=has_airflow)
    if still:
        return still
    for table in ("hms_syn_lane", "hms_syn_job"):
        connection.execute(sql(connection, f"DELETE FROM {table} WHERE job = :job"), {"job": job})  # noqa: S608 - constants
    connection.execute(sql(connection, RISE))
    entry = AuditEntry(at=moment(), actor=act.actor, event="retired", job=job, detail={"reason": act.reason})
    audit_trail.write(connection, [entry])
    return still
