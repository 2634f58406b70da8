"""Incidents in their table: opened and cleared as troubles come and go, and what people were told of each.

Telling is a lease: whoever tells first puts the row off, so that no other tells meanwhile and a teller who dies is
followed by another. What a notifier took is kept at once, so that after a failure only the others are asked again.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hms_syn.domain.incident import OFFLINE, ONLINE, Incident, Step, Trouble, changes, next_step
from hms_syn.store import rules, troubles
from hms_syn.store.statements import SECOND, micros, sql

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Row

    from hms_syn.store.rules import Rule

COLUMNS = "id, kind, job, endpoint, since, opened_at, cleared_at, told_at, told_count, tries, heard"
UNFINISHED = f"SELECT {COLUMNS}, try_at, {{now}} AS now FROM hms_syn_incident WHERE NOT closed ORDER BY id"  # noqa: S608 - constants
OPEN = """INSERT INTO hms_syn_incident (kind, job, endpoint, since, opened_at)
  VALUES (:kind, :job, :endpoint, :since, {now}) ON CONFLICT (kind, job, endpoint) WHERE cleared_at IS NULL DO NOTHING
  RETURNING id"""
CLEAR = """UPDATE hms_syn_incident SET cleared_at = {now}, try_at = 0, tries = 0, heard = '[]'
  WHERE id = :id AND cleared_at IS NULL RETURNING id"""
CLOSE = "UPDATE hms_syn_incident SET closed = :yes WHERE id = :id AND cleared_at IS NOT NULL"
LEASE = """UPDATE hms_syn_incident SET try_at = {now} + :wait, tries = tries + 1
  WHERE id = :id AND try_at <= {now} AND told_count = :told_count AND (cleared_at IS NOT NULL) = :over RETURNING id"""
PUT_OFF = "UPDATE hms_syn_incident SET try_at = {now} + :wait WHERE id = :id AND told_count = :told_count"
HEARD = "UPDATE hms_syn_incident SET heard = :heard WHERE id = :id AND told_count = :told_count"
TOLD = """UPDATE hms_syn_incident SET told_at = {now}, told_count = told_count + 1, try_at = 0, tries = 0, heard = '[]',
  closed = :over WHERE id = :id AND told_count = :told_count"""
SHOWN = f"""SELECT {COLUMNS} FROM hms_syn_incident WHERE cleared_at IS NULL ORDER BY opened_at, id"""  # noqa: S608 - constants


class Telling:
    """What is to be told of one incident now: the step, and the rules of the jobs it is told for."""

    __slots__ = ("due", "incident", "rules", "step")

    def __init__(self, incident: Incident, step: Step, rules: Sequence[Rule], *, due: bool) -> None:
        self.incident, self.step, self.rules, self.due = incident, step, rules, due


def plan(connection: Connection) -> tuple[list[Trouble], list[Incident]]:
    """Return the troubles that somebody wants to hear of and that are new, and the incidents that are over."""
    seen, lingering = troubles.look(connection)
    current = [incident for incident in unfinished(connection) if incident.cleared_at is None]
    begun, over = changes(seen, current, lingering=lingering)
    concerned = rules.concerned(connection, begun)
    return [trouble for trouble in begun if _is_wanted(trouble, concerned[trouble.about])], over


def change(connection: Connection, begun: list[Trouble], over: list[Incident]) -> tuple[list[Incident], list[Incident]]:
    """Open and clear incidents; return those that nobody else had opened or cleared in between."""
    opened = [connection.execute(sql(connection, OPEN), _about(trouble)).scalar() for trouble in begun]
    cleared = [connection.execute(sql(connection, CLEAR), {"id": incident.id}).scalar() for incident in over]
    now = unfinished(connection)
    return [one for one in now if one.id in opened], [one for one in now if one.id in cleared]


def to_tell(connection: Connection) -> tuple[list[Telling], list[Incident]]:
    """Return all that is to be told, now or when it may be tried again; and what is over without a word more."""
    found, finished = [], []
    rows = connection.execute(sql(connection, UNFINISHED)).all()
    by_trouble = rules.concerned(connection, [_incident(row).trouble for row in rows])
    for row in rows:
        incident, now = _incident(row), row.now / SECOND
        concerned = by_trouble[incident.trouble.about]
        awake = {job: rule.alerts for job, rule in concerned.items() if not rule.muted}
        step = next_step(incident, awake, now=now)
        if step is not None:
            asked = [concerned[job] for job in step[1]]
            found.append(Telling(incident, step[0], asked, due=row.try_at <= row.now))
        elif incident.cleared_at is not None:
            everybody = {job: rule.alerts for job, rule in concerned.items()}
            if next_step(incident, everybody, now=now) is None:
                finished.append(incident)
    return found, finished


def close(connection: Connection, finished: list[Incident]) -> None:
    """End incidents of which nothing is left to tell."""
    for incident in finished:
        connection.execute(sql(connection, CLOSE), {"id": incident.id, "yes": True})


def take(connection: Connection, telling: Telling, *, wait: float) -> bool:
    """Be the one who tells now, for so many seconds; False when another is, or it was told, or has changed."""
    values = {**_step(telling), "wait": micros(wait)}
    return connection.execute(sql(connection, LEASE), values).scalar() is not None


def put_off(connection: Connection, telling: Telling, *, wait: float) -> None:
    """Let nobody tell for so many seconds: it has just failed."""
    values = {"id": telling.incident.id, "told_count": telling.incident.told_count, "wait": micros(wait)}
    connection.execute(sql(connection, PUT_OFF), values)


def heard(connection: Connection, telling: Telling, notifiers: Sequence[str]) -> None:
    """Keep which notifiers took what is being told."""
    values = {"id": telling.incident.id, "told_count": telling.incident.told_count}
    connection.execute(sql(connection, HEARD), {**values, "heard": json.dumps(list(notifiers))})


def told(connection: Connection, telling: Telling) -> None:
    """Keep that all who are to hear of a step have heard."""
    connection.execute(sql(connection, TOLD), _step(telling))


def unfinished(connection: Connection) -> list[Incident]:
    """Return the incidents that are on, and those that are over but not told to be."""
    return [_incident(row) for row in connection.execute(sql(connection, UNFINISHED)).all()]


def shown(connection: Connection) -> list[Incident]:
    """Return the incidents that are on, oldest first."""
    return [_incident(row) for row in connection.execute(sql(connection, SHOWN)).all()]


def _is_wanted(trouble: Trouble, concerned: Mapping[str, Rule]) -> bool:
    """Return whether a job concerned wants to hear of it; its end may be all that it wants to hear."""
    kinds = {trouble.kind, ONLINE} if trouble.kind == OFFLINE else {trouble.kind}
    return any(kinds & set(rule.alerts.when) for rule in concerned.values())


def _about(trouble: Trouble) -> dict[str, Any]:
    since = None if trouble.since is None else micros(trouble.since)
    return {"kind": trouble.kind, "job": trouble.job, "endpoint": trouble.endpoint, "since": since}


def _step(telling: Telling) -> dict[str, Any]:
    """Return what must still be so for a step to be the next one."""
    incident = telling.incident
    return {"id": incident.id, "told_count": incident.told_count, "over": telling.step is Step.CLEARED}


def _incident(row: Row[Any]) -> Incident:
    trouble = Trouble(kind=row.kind, job=row.job, endpoint=row.endpoint, since=_seconds(row.since))
    return Incident(
        id=row.id,
        trouble=trouble,
        opened_at=row.opened_at / SECOND,
        cleared_at=_seconds(row.cleared_at),
        told_at=_seconds(row.told_at),
        told_count=row.told_count,
        tries=row.tries,
        heard=tuple(json.loads(row.heard)),
    )


def _seconds(stored: int | None) -> float | None:
    return None if stored is None else stored / SECOND
