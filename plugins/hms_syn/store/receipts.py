"""Receipts for those who wait: how each delivery ended, in one statement for all waiters at once.

Every row is found by an index from what is waited for, so that the cost grows with the number of waiters and not with
what the queue or the archive holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hms_syn.store.statements import as_parameter, micros, shown, sql

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Row

    from hms_syn.domain.wait import Wait
    from hms_syn.store.sql_store import SqlStore

GIVEN = {
    "postgresql": """SELECT * FROM json_to_recordset(CAST(:waits AS json))
                       AS g(n int, job text, message_id text, ordering_key text, since bigint)""",
    "sqlite": """SELECT json_extract(value, '$.n') AS n, json_extract(value, '$.job') AS job,
                        json_extract(value, '$.message_id') AS message_id,
                        json_extract(value, '$.ordering_key') AS ordering_key,
                        json_extract(value, '$.since') AS since FROM json_each(:waits)""",
}
"""The waits as a table, made from one JSON parameter."""
OF_KEY = """
WITH given AS ({given}),
 taken AS (
  SELECT g.n, g.since, d.event_seq AS seq FROM given g CROSS JOIN hms_syn_delivery d
   WHERE d.job = g.job AND d.ordering_key = g.ordering_key
  UNION ALL
  SELECT g.n, g.since, s.event_seq FROM given g CROSS JOIN hms_syn_settled s
   WHERE s.ordering_key = g.ordering_key AND s.ordering_key <> '' AND s.job || '' = g.job
  UNION ALL
  SELECT g.n, g.since, e.seq FROM given g CROSS JOIN hms_syn_event e CROSS JOIN hms_syn_delivery d
   WHERE e.ordering_key = g.ordering_key AND e.ordering_key IS NOT NULL
     AND d.message_id = e.message_id AND d.job = g.job
  UNION ALL
  SELECT g.n, g.since, e.seq FROM given g CROSS JOIN hms_syn_event e CROSS JOIN hms_syn_settled s
   WHERE e.ordering_key = g.ordering_key AND e.ordering_key IS NOT NULL
     AND s.message_id = e.message_id AND s.job || '' = g.job),
 picked AS (
  SELECT t.n, {pick}(t.seq) AS seq FROM taken t CROSS JOIN hms_syn_event e
   WHERE e.seq = t.seq AND e.published_at >= t.since GROUP BY t.n),
 wanted AS (
  SELECT n, job, message_id FROM given WHERE message_id IS NOT NULL
  UNION ALL
  SELECT p.n, g.job, e.message_id FROM picked p CROSS JOIN given g CROSS JOIN hms_syn_event e
   WHERE g.n = p.n AND e.seq = p.seq)
"""
"""A key is the line a job keeps its messages in, or the publisher's own business key: both are what people know.

SQLite looks through the tables of a CROSS JOIN in the order they are named, so that each is found from what is asked;
and neither database takes the index of a whole job's archive for ``job || ''``.
"""
ENDED = """SELECT w.n, s.message_id, s.job, s.state, s.reference, s.status, s.code, s.attempts, s.settled_at
  FROM wanted w CROSS JOIN hms_syn_settled s WHERE s.message_id = w.message_id AND s.job || '' = w.job"""
BY_INDEX = """SELECT set_config('join_collapse_limit', '1', true), set_config('enable_seqscan', 'off', true),
       set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)"""
"""The same for PostgreSQL, whatever it guesses of how many wait, or of how large a young table is."""
STANDS = """SELECT (SELECT state FROM hms_syn_delivery WHERE message_id = :message_id AND job = :job) AS state,
       (SELECT topic FROM hms_syn_event WHERE message_id = :message_id) AS topic,
       (SELECT name FROM hms_syn_job WHERE job = :job) AS name"""


@dataclass(frozen=True, slots=True)
class Receipts:
    """The archive of one store, asked by those who wait."""

    store: SqlStore

    def of(self, waits: Sequence[Wait]) -> dict[Wait, dict[str, Any]]:
        """Return the receipts of those waits that are over, however the delivery ended; never a payload."""
        rows = self.store.look(lambda connection: _ask(connection, ENDED, waits, pick="MIN"))
        found = [(waits[row.n], _receipt(row)) for row in rows]
        return {wait: receipt for wait, receipt in found if not _waits_on(wait, receipt)}

    def newest(self, wait: Wait) -> str | None:
        """Return the id of the newest message that a wait by key could mean now, settled or not."""
        rows = self.store.look(lambda connection: _ask(connection, "SELECT * FROM wanted", [wait], pick="MAX"))
        return str(rows[0].message_id) if rows else None

    def why_not_yet(self, wait: Wait) -> str:
        """Say in a sentence what a wait is still waiting for."""
        here = {"job": wait.job, "message_id": wait.message_id}
        row = self.store.look(lambda connection: connection.execute(sql(connection, STANDS), here).one())
        if row.name is None:
            return f"no job is called '{wait.job}' yet"
        if wait.message_id is None:
            return f"{wait.job} has taken nothing with the key {wait.ordering_key} yet; the first that comes will do"
        if row.state is not None:
            return f"{wait.message_id} is {row.state} at {wait.job}"
        if row.topic is not None:
            return (
                f"{wait.message_id} is on the bus as {row.topic}, but {wait.job} did not take it; see its source_topic"
            )
        return f"nobody has published {wait.message_id} yet"


def _ask(connection: Connection, question: str, waits: Sequence[Wait], *, pick: str) -> Sequence[Row[Any]]:
    given = [
        {
            "n": n,
            "job": wait.job,
            "message_id": wait.message_id,
            "ordering_key": wait.ordering_key,
            "since": micros(wait.since),
        }
        for n, wait in enumerate(waits)
    ]
    statement = OF_KEY.replace("{given}", GIVEN[connection.dialect.name]).replace("{pick}", pick) + question
    if connection.dialect.name == "postgresql":
        connection.execute(sql(connection, BY_INDEX))
    return connection.execute(sql(connection, statement), {"waits": as_parameter(given)}).all()


def _receipt(row: Row[Any]) -> dict[str, Any]:
    return {
        "message_id": row.message_id,
        "job": row.job,
        "state": row.state,
        "reference": row.reference,
        "status": row.status,
        "code": row.code,
        "attempts": row.attempts,
        "settled_at": shown(row.settled_at),
    }


def _waits_on(wait: Wait, receipt: dict[str, Any]) -> bool:
    return wait.past_dead_letter and receipt["state"] == "dead_letter"
