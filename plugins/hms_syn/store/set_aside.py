"""Which messages an officer means by a filter: those set aside, and those that wait for an endpoint of before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hms_syn.store.statements import micros, sql

if TYPE_CHECKING:
    from sqlalchemy import Connection

ENDPOINT_CHANGED = "endpoint_changed"
SET_ASIDE = """SELECT message_id FROM hms_syn_settled
                WHERE state = 'dead_letter' AND job = :job AND (:any_code = 1 OR code = :code)
                  AND settled_at >= :since AND settled_at < :until ORDER BY id LIMIT :limit"""
REDIRECTABLE = """SELECT d.message_id FROM hms_syn_delivery d JOIN hms_syn_job j ON j.job = d.job
                   JOIN hms_syn_event e ON e.seq = d.event_seq
                  WHERE d.job = :job AND d.state = 'pending' AND d.endpoint NOT IN ('', j.endpoint)
                    AND e.published_at >= :since AND e.published_at < :until ORDER BY d.id LIMIT :limit"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Messages of a job, with a code if given, set aside between two times (Unix seconds).

    Those with the code ``endpoint_changed`` were not set aside but wait; for them the times are of their publication.
    """

    job: str
    code: str | None = None
    since: float = 0.0
    until: float = 9e9
    limit: int = 1000


def message_ids(connection: Connection, wanted: Wanted) -> list[str]:
    """Return the ids of messages that were set aside, oldest first, as a filter wants them.

    The code ``endpoint_changed`` stands for those that wait because they were accepted for another endpoint.
    """
    rows = connection.execute(
        sql(connection, REDIRECTABLE if wanted.code == ENDPOINT_CHANGED else SET_ASIDE),
        {
            "job": wanted.job,
            "any_code": int(wanted.code is None),
            "code": wanted.code or "",
            "since": micros(wanted.since),
            "until": micros(wanted.until),
            "limit": wanted.limit,
        },
    )
    return list(rows.scalars())
