"""What a person wants to know of an incident: how many wait, since when, and what the last error was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hms_syn.domain.incident import DEAD_LETTER, OFFLINE
from hms_syn.store.statements import SECOND, among, sql

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from hms_syn.domain.incident import Incident
    from hms_syn.store.rules import Rule

MOST = 10_000
"""Counting ends here; whoever is told of ten thousand needs no exact number."""
NOW = "SELECT {now}"
_OF_JOB = "FROM hms_syn_{0} WHERE job {{among}}{1} LIMIT :most"
WAITING = f"SELECT COUNT(*) AS found FROM (SELECT 1 AS one {_OF_JOB.format('delivery', '')}) t"  # noqa: S608 - constants
_ASIDE = _OF_JOB.format("settled", " AND state = 'dead_letter'")
ASIDE = f"SELECT COUNT(*) AS found FROM (SELECT 1 AS one {_ASIDE}) t"  # noqa: S608 - constants
VENDOR = "SELECT code, note FROM hms_syn_vendor WHERE endpoint = :endpoint"
LAST_ASIDE = """SELECT id, message_id FROM hms_syn_settled WHERE job = :job AND state = 'dead_letter'
  ORDER BY id DESC LIMIT 1"""
HEAD = "SELECT message_id FROM hms_syn_head_v WHERE job = :job"
ATTEMPT = """SELECT code, note FROM hms_syn_attempt WHERE message_id = :message_id AND job = :job AND code <> ''
  ORDER BY id DESC LIMIT 1"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """How things stand, counted to ``most``; ``code`` and ``note`` are of the last error, in our own words."""

    now: float
    waiting: int
    set_aside: int
    most: int
    code: str
    note: str


def of(connection: Connection, incident: Incident, rules: Sequence[Rule]) -> Facts:
    """Return how things stand with an incident."""
    jobs = [rule.job for rule in rules]
    code, note = _last_error(connection, incident)
    return Facts(
        now=connection.execute(sql(connection, NOW)).scalar_one() / SECOND,
        waiting=among(connection, WAITING, jobs, most=MOST)[0].found,
        set_aside=among(connection, ASIDE, jobs, most=MOST)[0].found,
        most=MOST,
        code=code,
        note=note,
    )


def _last_error(connection: Connection, incident: Incident) -> tuple[str, str]:
    """Return the code and the sentence of what went wrong last; empty where nobody can say."""
    trouble = incident.trouble
    if trouble.kind == OFFLINE:
        return _error(connection, VENDOR, endpoint=trouble.endpoint)
    for statement in (LAST_ASIDE, HEAD) if trouble.kind == DEAD_LETTER else (HEAD,):
        row = connection.execute(sql(connection, statement), {"job": trouble.job}).first()
        if row is not None and row.message_id is not None:
            return _error(connection, ATTEMPT, message_id=row.message_id, job=trouble.job)
    return "", ""


def _error(connection: Connection, statement: str, **about: Any) -> tuple[str, str]:
    row = connection.execute(sql(connection, statement), about).first()
    return ("", "") if row is None else (row.code or "", row.note or "")
