"""Searching the audit trail and proving it, a stretch at a time: neither gets slower the longer the trail is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hms_syn.store import audit_trail
from hms_syn.store.statements import among, sql

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

STRETCH = 200_000
"""Rows that one search by job or event looks at; a search by message reads an index and has no need to stop."""
SEARCH = """SELECT seq, at, actor, event, message_id, job, attempt, hash, body FROM hms_syn_audit
             WHERE seq > :low AND seq < :high AND (:any_job = 1 OR job {among})
               AND (:any_event = 1 OR event = :event) {of_message} ORDER BY seq {way} LIMIT :limit"""
NEWEST = "SELECT COALESCE(MAX(seq), 0) FROM hms_syn_audit"
TIPS = """SELECT message_id, hash FROM hms_syn_audit WHERE seq IN
            (SELECT MAX(seq) FROM hms_syn_audit WHERE message_id {among} AND seq <= :after GROUP BY message_id)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which rows: of these jobs (None: all there are), of a message, of an event; going on after a seq."""

    jobs: Sequence[str] | None = None
    message_id: str | None = None
    event: str | None = None
    after: int | None = None
    limit: int = 100
    newest_first: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """How many rows were found sound, up to which seq, and where the trail ends now."""

    rows: int
    checked_to: int
    newest: int

    @property
    def is_all(self) -> bool:
        """Return whether the end was reached."""
        return self.checked_to >= self.newest


def page(connection: Connection, wanted: Search) -> Mapping[str, Any]:
    """Return ``rows`` and ``next``, the seq to go on after, or None at the end.

    A page may have few rows or none and a ``next`` nevertheless: the search has looked at its stretch.
    """
    end = int(connection.execute(sql(connection, NEWEST)).scalar_one()) + 1
    stops = wanted.message_id is None and (wanted.jobs is not None or wanted.event is not None)
    if wanted.newest_first:
        high = end if wanted.after is None else min(wanted.after, end)
        low = max(high - 1 - STRETCH, 0) if stops else 0
        beyond = low + 1 if low > 0 else None
    else:
        low = wanted.after or 0
        high = min(low + 1 + STRETCH, end) if stops else end
        beyond = high - 1 if high < end else None
    statement = SEARCH.replace("{way}", "DESC" if wanted.newest_first else "").replace(
        "{of_message}", "" if wanted.message_id is None else "AND message_id = :message_id"
    )
    given: dict[str, Any] = {"low": low, "high": high, "limit": wanted.limit, "event": wanted.event or ""}
    given |= {"any_job": int(wanted.jobs is None), "any_event": int(wanted.event is None)}
    if wanted.message_id is not None:
        given["message_id"] = wanted.message_id
    found = among(connection, statement, wanted.jobs or [], **given)
    rows = [
        {
            "seq": row.seq,
            "at": row.at,
            "actor": row.actor,
            "event": row.event,
            "message_id": row.message_id,
            "job": row.job,
            "attempt": row.attempt,
            "hash": row.hash,
            "detail": json.loads(row.body).get("detail", {}),
        }
        for row in found
    ]
    return {"rows": rows, "next": rows[-1]["seq"] if len(rows) == wanted.limit else beyond}


def verify(connection: Connection, *, after: int, limit: int) -> Verified:
    """Check at most ``limit`` rows after ``after``, each against its hash and its message's previous row.

    :raises AuditBroken: naming the first bad seq
    """
    newest = int(connection.execute(sql(connection, NEWEST)).scalar_one())
    rows = checked(connection, after=after, limit=limit)
    return Verified(rows=len(rows), checked_to=rows[-1]["seq"] if rows else max(after, newest), newest=newest)


def checked(connection: Connection, *, after: int, limit: int) -> list[Mapping[str, Any]]:
    """Return the next rows, each of them checked as ``verify`` does.

    :raises AuditBroken: naming the first bad seq
    """
    rows = audit_trail.read(connection, after=after, limit=limit)
    messages = sorted({row["message_id"] for row in rows if row["message_id"] is not None})
    tips = {row.message_id: row.hash for row in among(connection, TIPS, messages, after=after)} if after else {}
    audit_trail.verify(rows, tips=tips)
    return rows
