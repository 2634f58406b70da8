"""Each job's switch, the same one wherever it is turned: on our side, by Airflow's toggle, or by a pause's end.

Where Airflow's tables are in this database, a turn sets the toggles of the job's DAGs in its own transaction; where a
toggle was moved in Airflow, that turn is taken in by the first who looks, once, with the name Airflow has logged.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hms_syn.domain.audit_entry import AuditEntry
from hms_syn.domain.switching import Origin, Turn, is_off
from hms_syn.errors import ActRefused, UnknownJob
from hms_syn.store import airflow_toggles, audit_trail, bus, maintenance
from hms_syn.store.airflow_toggles import DAG_ID, IS_OFF, JOINED
from hms_syn.store.keyring import NO_KEYS
from hms_syn.store.statements import SECOND, micros, moment, sql

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from hms_syn.ports import Announcement

SAME_END = 60.0
"""Seconds between two ends of a pause that are one: the second click on "2 hours" comes later than the first."""
OVER = "the pause ended"
ENDED = "SELECT job FROM hms_syn_job j WHERE paused AND paused_until <= {now}"
MOVED = f"""SELECT j.job, {DAG_ID} AS dag_id, j.paused, j.dag_paused, j.switched_at, d.is_paused AS toggle
  FROM {JOINED} WHERE COALESCE(CAST(d.is_paused AS INTEGER), -1) <> COALESCE(CAST(j.dag_paused AS INTEGER), -1)
 ORDER BY j.job"""  # noqa: S608 - constants
ALL = f"SELECT j.job, {DAG_ID} AS dag_id, j.paused, j.dag_paused, j.switched_at FROM hms_syn_job j ORDER BY j.job"  # noqa: S608 - a constant
ROW = f"""SELECT {DAG_ID} AS dag_id, j.paused, j.dag_paused, j.paused_until, j.paused_until <= {{now}} AS is_over
  FROM hms_syn_job j WHERE j.job = :job {{lock}}"""  # noqa: S608 - a constant
TURN = """UPDATE hms_syn_job SET switched_at = CASE WHEN paused = :paused THEN switched_at ELSE {now} END,
             paused = :paused, paused_by = :by, paused_reason = :reason, paused_until = :until,
             rung_at = 0, ring_wait = 0 WHERE job = :job"""


def is_paused(connection: Connection, job: str, *, has_airflow: bool, toggle: bool | None) -> bool:
    """Return whether nothing of a job may be sent now, paused or held for maintenance.

    ``toggle`` is Airflow's where its tables are elsewhere.
    """
    table, off = (JOINED, IS_OFF) if has_airflow else ("hms_syn_job j", "j.paused")
    statement = f"""SELECT {off} AS paused, j.dag_paused, j.maintenance, {{now}} AS now
                      FROM {table} WHERE j.job = :job"""  # noqa: S608 - constants
    row = connection.execute(sql(connection, statement), {"job": job}).one_or_none()
    if row is None:
        return False
    is_held = maintenance.over_at(row.maintenance, row.now) is not None
    paused = bool(row.paused)
    return is_held or (paused if has_airflow else is_off(paused=paused, seen=_flag(row.dag_paused), toggle=toggle))


@dataclass(slots=True)
class Moves:
    """What one look at all switches has found."""

    turns: list[Turn]
    """Turns that nobody has taken in yet."""
    agreed: dict[bool, list[str]] = field(default_factory=lambda: {True: [], False: []})
    """Jobs whose DAG is new and stands as their row does."""
    behind: list[str] = field(default_factory=list)
    """Jobs whose DAG is gone, or whose toggle has to follow their row."""


def moves(connection: Connection, airflow: Connection | None) -> Moves:
    """Return what has moved since somebody looked last.

    One statement for all jobs, and a second, or third, for Airflow's tables: here, elsewhere, or (None) out of reach.
    """
    turns = [
        Turn(job=job, paused=False, by="hms-syn", reason=OVER, origin=Origin.CLOCK)
        for job in connection.execute(sql(connection, ENDED)).scalars()
    ]
    if airflow is None:
        return Moves(turns)
    found = Moves(turns)
    for row, toggle in _apart(connection, airflow):
        seen = _flag(row.dag_paused)
        wanted = is_off(paused=bool(row.paused), seen=seen, toggle=toggle)
        if wanted is bool(row.paused):
            (found.agreed[wanted] if toggle is wanted else found.behind).append(row.job)
            continue
        named = airflow_toggles.who(airflow, row.dag_id, paused=wanted, since=row.switched_at)
        by, reason = named or (airflow_toggles.NOBODY if seen is None else airflow_toggles.ANYBODY)
        found.turns.append(Turn(job=row.job, paused=wanted, by=by, reason=reason, origin=Origin.AIRFLOW))
    return found


def _apart(connection: Connection, airflow: Connection) -> list[tuple[Row[Any], bool | None]]:
    """Return the jobs whose rows and toggles are not one, each with its toggle."""
    if airflow is connection:
        return [(row, _flag(row.toggle)) for row in connection.execute(sql(connection, MOVED)).all()]
    toggles = airflow_toggles.all_of(airflow)
    rows = [(row, toggles.get(row.dag_id)) for row in connection.execute(sql(connection, ALL)).all()]
    return [
        (row, toggle)
        for row, toggle in rows
        if toggle is not _flag(row.dag_paused) or (toggle is not None and toggle is not bool(row.paused))
    ]


def turn(connection: Connection, turn: Turn, airflow: Connection | None, *, tell: Announcement | None) -> bool:
    """Turn a job's switch, with its audit row and what the bus is told, in the caller's transaction.

    False when there is nothing to turn: it stands so already, or somebody else was quicker. A pause of a paused job
    changes its end, its name and its reason, where it has another end.

    :raises UnknownJob: no such job · :raises ActRefused: the pause would be over already
    """
    row = connection.execute(sql(connection, ROW), {"job": turn.job}).one_or_none()
    if row is None:
        raise UnknownJob(f"No job is called '{turn.job}'; 'hms-syn status' lists those there are")
    toggle = None if airflow is None else airflow_toggles.toggle_of(airflow, row.dag_id)
    present = is_off(paused=bool(row.paused), seen=_flag(row.dag_paused), toggle=toggle)
    if not _stands(turn, row, present=present):
        return False
    _refuse_the_past(connection, turn)
    values = {"by": turn.by, "reason": turn.reason, "until": None if turn.until is None else micros(turn.until)}
    if not turn.paused:
        values = dict.fromkeys(values)
    connection.execute(sql(connection, TURN), {"job": turn.job, "paused": turn.paused, **values})
    if airflow is not None:
        if toggle is not None:
            airflow_toggles.put(airflow, turn.job, paused=turn.paused)
        _remember(connection, turn.job, None if toggle is None else turn.paused)
    detail = {"reason": turn.reason, **turn.ending}
    entry = AuditEntry(at=moment(), actor=turn.by, event=turn.event, job=turn.job, detail=detail)
    audit_trail.write(connection, [entry])
    if tell is not None:
        bus.publish(connection, tell[0], [tell[1]], repeats="skip", keyring=NO_KEYS)
    return True


def _stands(turn: Turn, row: Row[Any], *, present: bool) -> bool:
    """Return whether what calls for a turn is still so, with the job's row locked."""
    if turn.origin is Origin.CLOCK:
        return present and bool(row.is_over)
    if turn.origin is Origin.AIRFLOW:
        return present is turn.paused and present is not bool(row.paused)
    return present is not turn.paused or not _ends_alike(turn, row.paused_until)


def agree(connection: Connection, jobs: list[str], *, paused: bool) -> None:
    """Note of many jobs that their toggle was seen to stand as their row does, if that does so still."""
    words = jobs if connection.dialect.name == "postgresql" else json.dumps(jobs)
    statement = "UPDATE hms_syn_job SET dag_paused = paused WHERE job {among} AND paused = :paused"
    connection.execute(sql(connection, statement), {"words": words, "paused": paused})


def catch_up(connection: Connection, job: str, airflow: Connection) -> None:
    """Take in that a job's DAG has come or gone; a toggle that is behind follows the job's row."""
    row = connection.execute(sql(connection, ROW), {"job": job}).one_or_none()
    if row is None:
        return
    toggle = airflow_toggles.toggle_of(airflow, row.dag_id)
    paused = bool(row.paused)
    if is_off(paused=paused, seen=_flag(row.dag_paused), toggle=toggle) is not paused:
        return  # it was moved meanwhile, which is a turn
    if toggle is not None and toggle is not paused:
        airflow_toggles.put(airflow, job, paused=paused)
    _remember(connection, job, None if toggle is None else paused)


def _remember(connection: Connection, job: str, seen: bool | None) -> None:  # noqa: FBT001 - the column's value
    """Note what was seen of the toggle."""
    statement = "UPDATE hms_syn_job SET dag_paused = :seen WHERE job = :job"
    connection.execute(sql(connection, statement), {"job": job, "seen": seen})


def _ends_alike(turn: Turn, until: int | None) -> bool:
    if not turn.paused or turn.until is None or until is None:
        return not turn.paused or turn.until is until
    return abs(turn.until - until / SECOND) <= SAME_END


def _refuse_the_past(connection: Connection, turn: Turn) -> None:
    if turn.until is not None and micros(turn.until) <= now(connection) * SECOND:
        raise ActRefused("until: this pause would be over already; give a time to come, or a length such as 2h")


def now(connection: Connection) -> float:
    """Return the store's clock in Unix seconds."""
    return float(connection.execute(sql(connection, "SELECT {now}")).scalar_one()) / SECOND


def _flag(stored: object) -> bool | None:
    return None if stored is None else bool(stored)
