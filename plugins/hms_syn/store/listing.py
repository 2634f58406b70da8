"""Lists of messages: where each stands at each job, and those that no job took."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hms_syn.domain.delivery import State
from hms_syn.store import standing
from hms_syn.store.statements import among, shown, sql

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection, Row

UNTAKEN = "untaken"
"""Not a state of a delivery: the event is kept, and there is none."""
CLOSED_STATES = (State.DELIVERED.value, State.DEAD_LETTER.value, State.DISCARDED.value)
END = 2**62
OPEN_COLUMNS = """SELECT d.id, d.message_id, d.job, e.topic, d.ordering_key, d.state, d.attempts, NULL AS code,
                         NULL AS reference, e.published_at AS at
                    FROM hms_syn_delivery d JOIN hms_syn_event e ON e.seq = d.event_seq"""
CLOSED_COLUMNS = """SELECT s.id, s.message_id, s.job, e.topic, s.ordering_key, s.state, s.attempts, s.code, s.reference,
                           s.settled_at AS at
                      FROM hms_syn_settled s JOIN hms_syn_event e ON e.seq = s.event_seq"""
OPEN = f"""{OPEN_COLUMNS} WHERE d.job {{among}} AND (:any_state = 1 OR d.state = :state) AND d.id > :id
           ORDER BY d.id LIMIT :limit"""
OF_JOB = f"""{CLOSED_COLUMNS} WHERE s.job = :job AND s.state = :state AND (s.settled_at, s.id) < (:at, :id)
             ORDER BY s.settled_at DESC, s.id DESC LIMIT :limit"""
OF_JOBS = f"""{CLOSED_COLUMNS} WHERE s.job {{among}} AND {{in_state}} AND s.id < :id ORDER BY s.id DESC LIMIT :limit"""
NOBODYS = """SELECT seq AS id, message_id, NULL AS job, topic, ordering_key, 'untaken' AS state, 0 AS attempts,
                    NULL AS code, NULL AS reference, published_at AS at
               FROM hms_syn_event WHERE routes = 0 AND agency <> 'hms-syn' AND seq < :id
              ORDER BY seq DESC LIMIT :limit"""
FOUND = (
    "SELECT message_id FROM hms_syn_event WHERE message_id = :key OR ordering_key = :key LIMIT :limit",
    """SELECT message_id FROM hms_syn_settled WHERE reference = :key LIMIT :limit""",
)
BY_ID = (f"{OPEN_COLUMNS} WHERE d.message_id {{among}}", f"{CLOSED_COLUMNS} WHERE s.message_id {{among}}")
JOBS_OF = """SELECT job FROM hms_syn_delivery WHERE message_id = :message_id
             UNION SELECT job FROM hms_syn_settled WHERE message_id = :message_id ORDER BY job"""


def messages(connection: Connection, *, job: str | None, state: str | None, limit: int) -> list[Mapping[str, Any]]:
    """Return the first page of a job's messages, or of all jobs'."""
    jobs = standing.job_ids(connection) if job is None else [job]
    found: list[Mapping[str, Any]] = page(connection, jobs, state=state, words="", after="", limit=limit)["messages"]
    return found


def page(
    connection: Connection, jobs: Sequence[str], *, state: str | None, words: str, after: str, limit: int
) -> dict[str, Any]:
    """Return at most ``limit`` ``messages`` of these jobs, and ``next``, which ``after`` goes on from; None at the end.

    Open ones come first, in the order they will be sent, then closed ones, newest first. With the state ``untaken``
    the newest events that no job took; our own news of deliveries need no taker. ``words`` is a message's id, key or
    receipt, whole: the answer is one page then.
    """
    if words:
        return _as_page(_found(connection, jobs, state=state, key=words, limit=limit), None)
    part, at, number = _place(after)
    if state == UNTAKEN:
        untaken = connection.execute(sql(connection, NOBODYS), {"id": number or END, "limit": limit}).all()
        return _as_page(untaken, f"u0.{untaken[-1].id}" if len(untaken) == limit else None)
    rows: list[Row[Any]] = []
    if part == "o" and state not in CLOSED_STATES:
        which = {"any_state": int(state is None), "state": state or ""}
        rows += among(connection, OPEN, jobs, id=number, limit=limit, **which)
        number = 0
    left = limit - len(rows)
    if not left:
        return _as_page(rows, f"o0.{rows[-1].id}")
    closed: list[Row[Any]] = []
    if state is None or state in CLOSED_STATES:
        closed = _closed(connection, jobs, state=state, at=at or END, number=number or END, limit=left)
    return _as_page([*rows, *closed], f"c{closed[-1].at}.{closed[-1].id}" if len(closed) == left else None)


def jobs_of(connection: Connection, message_id: str) -> list[str]:
    """Return the jobs that have a message, or had it."""
    return list(connection.execute(sql(connection, JOBS_OF), {"message_id": message_id}).scalars())


def _place(after: str) -> tuple[str, int, int]:
    """Take apart where a page ended: among the open ones, or among the closed, at which time and id."""
    part, rest = after[:1], after[1:].partition(".")
    if part in ("o", "c", "u") and rest[0].isdecimal() and rest[2].isdecimal():
        return part, min(int(rest[0]), END), min(int(rest[2]), END)
    return "o", 0, 0


def _closed(
    connection: Connection, jobs: Sequence[str], *, state: str | None, at: int, number: int, limit: int
) -> list[Row[Any]]:
    """Read one job's in the order in which they were settled; those of many in the order of their deliveries."""
    if len(jobs) != 1:
        which = "1 = 1" if state is None else f"s.state = '{state}'"  # one of CLOSED_STATES
        return list(among(connection, OF_JOBS.replace("{in_state}", which), jobs, id=number, limit=limit))
    given = {"job": jobs[0], "at": at, "id": number, "limit": limit}
    rows = [
        row
        for each in CLOSED_STATES
        if state in (None, each)
        for row in connection.execute(sql(connection, OF_JOB), {**given, "state": each})
    ]
    return sorted(rows, key=lambda row: (row.at, row.id), reverse=True)[:limit]


def _found(
    connection: Connection, jobs: Sequence[str], *, state: str | None, key: str, limit: int
) -> Iterable[Row[Any]]:
    ids = {
        message_id
        for statement in FOUND
        for message_id in connection.execute(sql(connection, statement), {"key": key, "limit": limit}).scalars()
    }
    rows = [row for statement in BY_ID for row in among(connection, statement, sorted(ids))]
    return [row for row in rows if row.job in set(jobs) and state in (None, row.state)][:limit]


def _as_page(rows: Iterable[Row[Any]], following: str | None) -> dict[str, Any]:
    return {"messages": [_row(row) for row in rows], "next": following}


def _row(row: Row[Any]) -> Mapping[str, Any]:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name
    del values["id"]
    return {**values, "at": shown(row.at)}
