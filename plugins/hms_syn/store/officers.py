"""Officers' acts: each needs a person and a reason, and each is on the record in the transaction that does it.

What leaves a closed state, or leaves the automatic path, does so here and nowhere else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hms_syn.domain.audit_entry import AuditEntry
from hms_syn.domain.delivery import State
from hms_syn.errors import ActRefused, UnknownJob, UnknownMessage
from hms_syn.store import audit_trail
from hms_syn.store.statements import moment, sql

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Row

    from hms_syn.ports import Act

WAKE_LANE = """INSERT INTO hms_syn_lane (job, ordering_key, ready_at) VALUES (:job, :ordering_key, {now})
               ON CONFLICT (job, ordering_key) DO UPDATE SET ready_at =
                 CASE WHEN hms_syn_lane.owner IS NULL THEN {now} ELSE hms_syn_lane.ready_at END"""


def pause(connection: Connection, job: str, act: Act) -> bool:
    """Switch a job off for sending; it goes on accepting. False when it was off already.

    :raises UnknownJob: no such job
    """
    return _switch(connection, job, act, paused=True)


def resume(connection: Connection, job: str, act: Act) -> bool:
    """Switch a job on again; its bell rings at once. False when it was on already."""
    return _switch(connection, job, act, paused=False)


def _switch(connection: Connection, job: str, act: Act, *, paused: bool) -> bool:
    present = connection.execute(
        sql(connection, "SELECT paused FROM hms_syn_job WHERE job = :job {lock}"), {"job": job}
    ).scalar_one_or_none()
    if present is None:
        raise UnknownJob(f"No job is called '{job}'; 'hms-syn status' lists those there are")
    if bool(present) is paused:
        return False
    connection.execute(
        sql(connection, "UPDATE hms_syn_job SET paused = :paused, rung_at = 0, ring_wait = 0 WHERE job = :job"),
        {"job": job, "paused": paused},
    )
    _note(connection, act, "paused" if paused else "resumed", job=job)
    return True


def replay(connection: Connection, message_id: str, act: Act, *, job: str | None = None) -> list[str]:
    """Put a message that was set aside back into its queue, with the same key and a link to what it was.

    Done twice it is done once: a message that waits again has nothing more to replay.

    :raises UnknownMessage: no such message · :raises ActRefused: nothing of it is set aside
    """
    aside = [row for row in _settled(connection, message_id, job) if row.state == State.DEAD_LETTER.value]
    if not aside:
        raise ActRefused(f"{message_id}: {_where_it_stands(connection, message_id)}; only what was set aside replays")
    for row in aside:
        connection.execute(sql(connection, "DELETE FROM hms_syn_settled WHERE id = :id"), {"id": row.id})
        connection.execute(
            sql(
                connection,
                """INSERT INTO hms_syn_delivery (event_seq, message_id, job, ordering_key, idempotency_key, state,
                                                 attempts)
                   VALUES (:event_seq, :message_id, :job, :ordering_key, :idempotency_key, 'pending', :attempts)""",
            ),
            dict(row._mapping),  # noqa: SLF001 - SQLAlchemy's documented name
        )
        _wake(connection, row)
        _note(connection, act, "replayed", message_id=message_id, job=row.job, was=row.state, delivery=row.id)
    return [str(row.job) for row in aside]


def discard(connection: Connection, message_id: str, act: Act, *, job: str | None = None) -> list[str]:
    """Close a message that waits, is in doubt or was set aside, for good.

    :raises UnknownMessage: no such message · :raises ActRefused: it is being sent now, or was delivered
    """
    done = []
    for row in _open(connection, message_id, job):
        _refuse_while_held(connection, row)
        _close(connection, row, State.DISCARDED)
        _wake(connection, row)
        _note(connection, act, "discarded", message_id=message_id, job=row.job, was=row.state)
        done.append(str(row.job))
    for row in _settled(connection, message_id, job):
        if row.state == State.DEAD_LETTER.value:
            connection.execute(
                sql(connection, "UPDATE hms_syn_settled SET state = 'discarded', settled_at = {now} WHERE id = :id"),
                {"id": row.id},
            )
            _note(connection, act, "discarded", message_id=message_id, job=row.job, was=row.state)
            done.append(str(row.job))
    if not done:
        raise ActRefused(f"{message_id}: {_where_it_stands(connection, message_id)}; there is nothing to discard")
    return done


def resolve(
    connection: Connection, message_id: str, act: Act, *, delivered: bool, reference: str = "", job: str | None = None
) -> list[str]:
    """End a doubt: the vendor has it (``delivered``), or it is to be sent again with the same key.

    :raises UnknownMessage: no such message · :raises ActRefused: it is not in doubt
    """
    doubtful = [row for row in _open(connection, message_id, job) if row.state == State.IN_DOUBT.value]
    if not doubtful:
        raise ActRefused(f"{message_id}: {_where_it_stands(connection, message_id)}; only a doubt can be resolved")
    for row in doubtful:
        how = "delivered" if delivered else "resend"
        _note(connection, act, "resolved", message_id=message_id, job=row.job, how=how)
        if delivered:
            _close(connection, row, State.DELIVERED, reference=reference)
            _note(connection, act, "delivered", message_id=message_id, job=row.job, reference=reference)
        else:
            connection.execute(
                sql(connection, "UPDATE hms_syn_delivery SET state = 'pending' WHERE id = :id"), {"id": row.id}
            )
        _wake(connection, row)
    return [str(row.job) for row in doubtful]


def _open(connection: Connection, message_id: str, job: str | None) -> Sequence[Row[Any]]:
    return _rows(connection, "hms_syn_delivery", message_id, job)


def _settled(connection: Connection, message_id: str, job: str | None) -> Sequence[Row[Any]]:
    return _rows(connection, "hms_syn_settled", message_id, job)


def _rows(connection: Connection, table: str, message_id: str, job: str | None) -> Sequence[Row[Any]]:
    of_job = "" if job is None else "AND job = :job"
    return connection.execute(
        sql(connection, f"SELECT * FROM {table} WHERE message_id = :message_id {of_job} ORDER BY id {{lock}}"),  # noqa: S608 - constants
        {"message_id": message_id, "job": job} if job is not None else {"message_id": message_id},
    ).all()


def _refuse_while_held(connection: Connection, row: Row[Any]) -> None:
    """Refuse to act on a delivery whose lane a worker holds now; lock the lane against a worker to come."""
    lane = connection.execute(
        sql(
            connection,
            """SELECT owner IS NOT NULL AND ready_at > {now} AS held FROM hms_syn_lane
                WHERE job = :job AND ordering_key = :ordering_key {lock}""",
        ),
        {"job": row.job, "ordering_key": row.ordering_key},
    ).one_or_none()
    if lane is not None and lane.held:
        raise ActRefused(f"{row.message_id}: a worker of {row.job} holds its lane now; pause the job, or try again")


def _close(connection: Connection, row: Row[Any], state: State, *, reference: str = "") -> None:
    connection.execute(
        sql(
            connection,
            """INSERT INTO hms_syn_settled (id, event_seq, message_id, job, ordering_key, idempotency_key, state,
                                            attempts, reference, settled_at)
               VALUES (:id, :event_seq, :message_id, :job, :ordering_key, :idempotency_key, :state, :attempts,
                       :reference, {now})""",
        ),
        {**row._mapping, "state": state.value, "reference": reference or None},  # noqa: SLF001 - SQLAlchemy's documented name
    )
    connection.execute(sql(connection, "DELETE FROM hms_syn_delivery WHERE id = :id"), {"id": row.id})


def _wake(connection: Connection, row: Row[Any]) -> None:
    connection.execute(sql(connection, WAKE_LANE), {"job": row.job, "ordering_key": row.ordering_key})
    connection.execute(
        sql(connection, "UPDATE hms_syn_job SET rung_at = 0, ring_wait = 0 WHERE job = :job"), {"job": row.job}
    )


def _where_it_stands(connection: Connection, message_id: str) -> str:
    rows = [*_open(connection, message_id, None), *_settled(connection, message_id, None)]
    if rows:
        return ", ".join(f"{row.state} at {row.job}" for row in rows)
    known = connection.execute(
        sql(connection, "SELECT 1 FROM hms_syn_event WHERE message_id = :message_id"), {"message_id": message_id}
    )
    if known.first() is None:
        raise UnknownMessage(f"No message has the id '{message_id}'; 'hms-syn trace' finds it by other words")
    return "kept, no job takes its topic"


def _note(
    connection: Connection, act: Act, event: str, *, message_id: str | None = None, job: str | None = None, **facts: Any
) -> None:
    detail = {name: value for name, value in {"reason": act.reason, **facts}.items() if value not in (None, "")}
    entry = AuditEntry(at=moment(), actor=act.actor, event=event, message_id=message_id, job=job, detail=detail)
    audit_trail.write(connection, [entry])
