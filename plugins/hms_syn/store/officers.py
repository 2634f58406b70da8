"""Officers' acts: each needs a person and a reason, and each is on the record in the transaction that does it.

What leaves a closed state, or leaves the automatic path, does so here and nowhere else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from hms_syn.domain import trace_context
from hms_syn.domain.audit_entry import AuditEntry
from hms_syn.domain.delivery import Delivery, Outcome, State
from hms_syn.errors import ActRefused, Erased, UnknownJob
from hms_syn.store import attempts, audit_trail, bus
from hms_syn.store.keyring import NO_KEYS
from hms_syn.store.places import open_at, settled_at, where_it_stands
from hms_syn.store.statements import NEVER, moment, sql

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, CursorResult, Row

    from hms_syn.ports import Act, Route, RoutedEvent

Announcements: TypeAlias = "tuple[int, Mapping[str, RoutedEvent]]"
"""What the bus is told of one message at several jobs, by job: as ``ports.Announcement``."""
WAKE_LANE = """INSERT INTO hms_syn_lane (job, ordering_key, epoch, ready_at)
               VALUES (:job, :ordering_key, :epoch, {now})
               ON CONFLICT (job, ordering_key, epoch) DO UPDATE SET ready_at =
                 CASE WHEN hms_syn_lane.owner IS NULL AND NOT EXISTS
                   (SELECT 1 FROM hms_syn_delivery d WHERE d.job = hms_syn_lane.job
                       AND d.ordering_key = hms_syn_lane.ordering_key AND d.epoch = hms_syn_lane.epoch AND d.id < :id)
                 THEN {now} ELSE hms_syn_lane.ready_at END"""
"""What an officer does to a message behind the head neither ends the head's wait nor opens what blocks."""

TAKER = "SELECT 1 FROM hms_syn_job WHERE job = :job {keep}"
ENQUEUE = """INSERT INTO hms_syn_delivery (event_seq, message_id, job, ordering_key, epoch, idempotency_key, state,
                                         attempts, endpoint)
             SELECT :event_seq, :message_id, :job, :ordering_key, COALESCE(MAX(epoch), 0), :idempotency_key, 'pending',
                    :attempts, COALESCE(MAX(endpoint), '')
               FROM hms_syn_job WHERE job = CAST(:job AS VARCHAR)
             RETURNING job, ordering_key, epoch, CAST(:never AS BIGINT) AS id"""
BLOCKS = """SELECT 1 FROM hms_syn_delivery d
              LEFT JOIN hms_syn_lane l ON l.job = d.job AND l.ordering_key = d.ordering_key AND l.epoch = d.epoch
              LEFT JOIN hms_syn_job j ON j.job = d.job
             WHERE d.id = :id AND d.state NOT IN ('in_flight', 'in_doubt')
               AND (l.ready_at >= :never OR d.endpoint NOT IN ('', j.endpoint))"""
DOUBTS = """SELECT d.id, d.message_id, d.job, e.topic, d.ordering_key, d.idempotency_key, d.attempts AS attempt,
                    e.headers
              FROM hms_syn_delivery d JOIN hms_syn_event e ON e.seq = d.event_seq
             WHERE d.message_id = :message_id AND d.state = 'in_doubt' {of_job} ORDER BY d.id"""
REDIRECT = """UPDATE hms_syn_delivery SET endpoint =
                COALESCE((SELECT endpoint FROM hms_syn_job j WHERE j.job = hms_syn_delivery.job), endpoint)
               WHERE id = :id"""


def replay(connection: Connection, message_id: str, act: Act, *, job: str | None = None) -> list[str]:
    """Send a message again that was set aside or that blocks its line, with the same key, to its job's present vendor.

    What was set aside waits behind what waits already; what blocks goes first. Done twice it is done once: a message
    that waits again has nothing more to replay.

    :raises UnknownMessage: no such message · :raises ActRefused: nothing of it is set aside or blocks
    :raises UnknownJob: its job was retired
    """
    jobs = []
    for row in settled_at(connection, message_id, job):
        if row.state != State.DEAD_LETTER.value:
            continue
        _run(connection, "DELETE FROM hms_syn_settled WHERE id = :id", id=row.id)
        _enqueue(connection, dict(row._mapping))  # noqa: SLF001 - SQLAlchemy's documented name
        _note(connection, act, "replayed", message_id=message_id, job=row.job, was=row.state, delivery=row.id)
        jobs.append(str(row.job))
    for row in open_at(connection, message_id, job):
        if connection.execute(sql(connection, BLOCKS), {"id": row.id, "never": NEVER}).first() is None:
            continue
        connection.execute(sql(connection, REDIRECT), {"id": row.id})
        _wake(connection, row)
        _note(connection, act, "replayed", message_id=message_id, job=row.job, was="blocked", delivery=row.id)
        jobs.append(str(row.job))
    if not jobs:
        raise ActRefused(f"{message_id}: {where_it_stands(connection, message_id)}; only what was set aside replays")
    return jobs


def enqueue(connection: Connection, message_id: str, route: Route, act: Act) -> bool:
    """Put an event that a job has not taken into its queue; False when the job has it, or had it, already.

    :raises ActRefused: it was erased
    """
    here = {"message_id": message_id, "job": route.job}
    if open_at(connection, message_id, route.job) or settled_at(connection, message_id, route.job):
        return False
    statement = "SELECT seq, erased_at FROM hms_syn_event WHERE message_id = :message_id {keep}"
    event = _run(connection, statement, message_id=message_id).one()
    if event.erased_at is not None:
        raise ActRefused(f"{message_id}: its payload was erased; there is nothing to send", code=Erased.code)
    row = {
        **here,
        "event_seq": event.seq,
        "ordering_key": route.ordering_key,
        "idempotency_key": route.idempotency_key,
        "attempts": 0,
    }
    _enqueue(connection, row)
    connection.execute(sql(connection, "UPDATE hms_syn_event SET routes = routes + 1 WHERE seq = :event_seq"), row)
    _note(connection, act, "queued", message_id=message_id, job=route.job)
    return True


def discard(connection: Connection, message_id: str, act: Act, *, job: str | None = None, to: str = "") -> list[str]:
    """Close a message that waits, is in doubt or was set aside, for good; ``to`` names the job that has it instead.

    :raises UnknownMessage: no such message · :raises ActRefused: it is being sent now, or was delivered
    """
    done = []
    for row in open_at(connection, message_id, job):
        _refuse_while_held(connection, row)
        _end_lost_attempt(connection, row, act)
        _close(connection, row, State.DISCARDED)
        _wake(connection, row)
        _note(connection, act, "discarded", message_id=message_id, job=row.job, was=row.state, to=to)
        done.append(str(row.job))
    for row in settled_at(connection, message_id, job):
        if row.state == State.DEAD_LETTER.value:
            _run(
                connection,
                "UPDATE hms_syn_settled SET state = 'discarded', settled_at = {now} WHERE id = :id",
                id=row.id,
            )
            _note(connection, act, "discarded", message_id=message_id, job=row.job, was=row.state)
            done.append(str(row.job))
    if not done:
        raise ActRefused(f"{message_id}: {where_it_stands(connection, message_id)}; there is nothing to discard")
    return done


def of_job(connection: Connection, message_id: str, job: str) -> Row[Any]:
    """Return a job's open delivery of a message, with its row locked.

    :raises UnknownMessage: no such message · :raises ActRefused: the job has none that is open
    """
    rows = open_at(connection, message_id, job)
    if not rows:
        raise ActRefused(f"{message_id}: {where_it_stands(connection, message_id)}; nothing of it waits at {job}")
    return rows[0]


def doubts(connection: Connection, message_id: str, job: str | None) -> list[Delivery]:
    """Return what of a message is in doubt, without its payload."""
    of_job = "" if job is None else "AND d.job = :job"
    here = {"message_id": message_id} if job is None else {"message_id": message_id, "job": job}
    rows = connection.execute(sql(connection, DOUBTS.format(of_job=of_job)), here)
    return [
        Delivery(
            id=row.id,
            message_id=row.message_id,
            job=row.job,
            topic=row.topic,
            ordering_key=row.ordering_key,
            idempotency_key=row.idempotency_key,
            attempt=row.attempt,
            payload={},
            published_at="",
            traceparent=str(trace_context.of_message(row.message_id, row.headers)),
        )
        for row in rows
    ]


def resolve_as_delivered(
    connection: Connection,
    message_id: str,
    act: Act,
    *,
    tell: Announcements,
    reference: str = "",
    job: str | None = None,
) -> list[str]:
    """End a doubt: the vendor has it. What came into doubt since ``tell`` was planned stays as it is.

    :raises UnknownMessage: no such message · :raises ActRefused: it is not in doubt
    """
    version, events = tell
    done = [row for row in _in_doubt(connection, message_id, job) if row.job in events]
    for row in done:
        _note(connection, act, "resolved", message_id=message_id, job=row.job, how="delivered")
        _close(connection, row, State.DELIVERED, reference=reference)
        _note(connection, act, "delivered", message_id=message_id, job=row.job, reference=reference)
        _wake(connection, row)
    bus.publish(connection, version, [events[row.job] for row in done], repeats="skip", keyring=NO_KEYS)
    return [str(row.job) for row in done]


def resolve_as_resend(connection: Connection, message_id: str, act: Act, *, job: str | None = None) -> list[str]:
    """End a doubt: it is to be sent again, with the same key.

    :raises UnknownMessage: no such message · :raises ActRefused: it is not in doubt
    """
    rows = _in_doubt(connection, message_id, job)
    for row in rows:
        _note(connection, act, "resolved", message_id=message_id, job=row.job, how="resend")
        _run(connection, "UPDATE hms_syn_delivery SET state = 'pending' WHERE id = :id", id=row.id)
        _wake(connection, row)
    return [str(row.job) for row in rows]


def _in_doubt(connection: Connection, message_id: str, job: str | None) -> list[Row[Any]]:
    rows = [row for row in open_at(connection, message_id, job) if row.state == State.IN_DOUBT.value]
    if not rows:
        raise ActRefused(f"{message_id}: {where_it_stands(connection, message_id)}; only a doubt can be resolved")
    return rows


def _refuse_while_held(connection: Connection, row: Row[Any]) -> None:
    """Refuse to act on a delivery whose lane a worker holds now; lock the lane against a worker to come."""
    lane = connection.execute(
        sql(
            connection,
            """SELECT owner IS NOT NULL AND ready_at > {now} AS held FROM hms_syn_lane
                WHERE job = :job AND ordering_key = :ordering_key AND epoch = :epoch {lock}""",
        ),
        {"job": row.job, "ordering_key": row.ordering_key, "epoch": row.epoch},
    ).one_or_none()
    if lane is not None and lane.held:
        raise ActRefused(f"{row.message_id}: a worker of {row.job} holds its lane now; pause the job, or try again")


def _end_lost_attempt(connection: Connection, row: Row[Any], act: Act) -> None:
    """Put on record that a lost worker's attempt has no known outcome: nobody else will, with its delivery gone."""
    if connection.execute(sql(connection, attempts.CLOSE_LOST), {"delivery": row.id}).rowcount:
        here: dict[str, Any] = {"message_id": row.message_id, "job": row.job, "attempt": row.attempts}
        _note(connection, act, Outcome.UNKNOWN.value, **here, code="worker_lost")


def _close(connection: Connection, row: Row[Any], state: State, *, reference: str = "") -> None:
    here = {"delivery": row.id}
    facts = {"state": state.value, "reference": reference or None, "status": None, "code": None}
    connection.execute(sql(connection, attempts.ARCHIVE), {**here, **facts})
    connection.execute(sql(connection, attempts.REMOVE), here)


def _enqueue(connection: Connection, row: dict[str, Any]) -> None:
    """Put a message at the end of its job's queue.

    :raises UnknownJob: the job was retired, and nobody would come for it
    """
    if connection.execute(sql(connection, TAKER), row).first() is None:
        raise UnknownJob(f"No job is called '{row['job']}' any more; put its file back first")
    _wake(connection, connection.execute(sql(connection, ENQUEUE), {**row, "never": NEVER}).one())


def _wake(connection: Connection, row: Row[Any]) -> None:
    """Have a message's line looked at, and the bell ring for its job."""
    line = {"job": row.job, "ordering_key": row.ordering_key, "epoch": row.epoch, "id": row.id}
    connection.execute(sql(connection, WAKE_LANE), line)
    _run(connection, "UPDATE hms_syn_job SET rung_at = 0, ring_wait = 0 WHERE job = :job", job=row.job)


def _run(connection: Connection, statement: str, **given: Any) -> CursorResult[Any]:
    return connection.execute(sql(connection, statement), given)


def _note(
    connection: Connection,
    act: Act,
    event: str,
    *,
    message_id: str | None = None,
    job: str | None = None,
    attempt: int | None = None,
    **facts: Any,
) -> None:
    detail = {name: value for name, value in {"reason": act.reason, **facts}.items() if value not in (None, "")}
    entry = AuditEntry(
        at=moment(), actor=act.actor, event=event, message_id=message_id, job=job, attempt=attempt, detail=detail
    )
    audit_trail.write(connection, [entry])
