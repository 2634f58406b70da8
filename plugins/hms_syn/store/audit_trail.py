"""Appending to the audit trail, reading it, and proving that nobody changed it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from hms_syn.domain import audit_entry
from hms_syn.domain.job_spec import EMPTY
from hms_syn.errors import AuditBroken
from hms_syn.store import batch
from hms_syn.store.batch import Change
from hms_syn.store.statements import among, as_parameter, sql

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from hms_syn.domain.audit_entry import AuditEntry

COLUMNS = ("at", "actor", "event", "message_id", "job", "attempt", "hash", "body")
INSERT = f"INSERT INTO hms_syn_audit ({', '.join(COLUMNS)})"
INSERT_ROW = f"{INSERT} VALUES ({', '.join(f':{name}' for name in COLUMNS)})"
INSERT_GIVEN = f"""{INSERT} SELECT {", ".join(COLUMNS)} FROM json_to_recordset(CAST(:rows AS json)) AS
 a(n int, at text, actor text, event text, message_id text, job text, attempt int, hash text, body text)
 ORDER BY n"""  # noqa: S608 - constants
TIPS = "SELECT message_id, tip FROM hms_syn_chain WHERE message_id {among} ORDER BY message_id {lock}"
NEWEST = "SELECT hash FROM hms_syn_audit WHERE message_id = :message_id ORDER BY seq DESC LIMIT 1"
MOVE = "UPDATE hms_syn_chain SET tip = :tip WHERE message_id = :message_id AND tip = :before"
SET = """INSERT INTO hms_syn_chain (message_id, tip) VALUES (:message_id, :tip)
         ON CONFLICT (message_id) DO UPDATE SET tip = excluded.tip"""


class TipMoved(Exception):
    """Another job has written to the message's chain meanwhile; read its tip and run the transaction again."""


def write(connection: Connection, entries: Sequence[AuditEntry]) -> None:
    """Append entries in order, each chained onto its own message's previous row, in the caller's transaction.

    The messages' tips are locked while they grow, so that the jobs that share a message write one chain and not two.
    """
    by_message: dict[str | None, list[AuditEntry]] = defaultdict(list)
    for entry in entries:
        by_message[entry.message_id].append(entry)
    rows = [audit_entry.chain([entry], None)[0] for entry in by_message.pop(None, [])]
    moved: list[dict[str, str]] = []
    tips = _tips(connection, sorted(message_id for message_id in by_message if message_id is not None))
    for message_id, tip in tips.items():
        rows += (chained := audit_entry.chain(by_message[message_id], tip))
        moved.append({"message_id": message_id, "tip": chained[-1].hash})
    batch.run(connection, appended(connection.dialect.name, rows))
    if moved:
        connection.execute(sql(connection, SET), moved)


def _tips(connection: Connection, message_ids: Sequence[str]) -> dict[str, str | None]:
    """Return and lock the newest hash of each message's chain; one that nobody has written to since has no tip row."""
    if not message_ids:
        return {}
    known = {row.message_id: row.tip for row in among(connection, TIPS, message_ids)}
    return {
        message_id: known.get(message_id)
        or connection.execute(sql(connection, NEWEST), {"message_id": message_id}).scalar_one_or_none()
        for message_id in message_ids
    }


def move(message_id: str, *, before: str, tip: str) -> Change:
    """Move a message's tip on from the one we know; missed when it is another by now."""
    return Change("tip", MOVE, {"message_id": message_id, "before": before, "tip": tip})


def appended(dialect: str, rows: Sequence[audit_entry.AuditRow]) -> list[Change]:
    """Return the change that appends rows in this order; on PostgreSQL all of them are one parameter."""
    if not rows:
        return []
    given = [columns(row) for row in rows]
    if dialect == "postgresql":
        text = as_parameter([{"n": n, **row} for n, row in enumerate(given)])
        return [Change("audit", INSERT_GIVEN, {"rows": text}, must=len(rows))]
    values = {f"{name}_{n}": value for n, row in enumerate(given) for name, value in row.items()}
    places = ", ".join(f"({', '.join(f':{name}_{n}' for name in COLUMNS)})" for n in range(len(rows)))
    return [Change("audit", f"{INSERT} VALUES {places}", values, must=len(rows))]


def columns(row: audit_entry.AuditRow) -> dict[str, Any]:
    """Return a row as the table's columns, without ``seq``."""
    entry = row.entry
    return {
        "at": entry.at,
        "actor": entry.actor,
        "event": entry.event,
        "message_id": entry.message_id,
        "job": entry.job,
        "attempt": entry.attempt,
        "hash": row.hash,
        "body": row.body,
    }


def read(connection: Connection, *, after: int, limit: int) -> list[Mapping[str, Any]]:
    """Return rows in the order of ``seq``, those after ``after`` only."""
    rows = connection.execute(
        sql(connection, "SELECT * FROM hms_syn_audit WHERE seq > :after ORDER BY seq LIMIT :limit"),
        {"after": after, "limit": limit},
    )
    return [dict(row) for row in rows.mappings()]


def verify(rows: Iterable[Mapping[str, Any]], *, tips: Mapping[str, str] = EMPTY) -> int:
    """Check every row against its hash and its message's previous row; return how many there were.

    Rows come in the order of ``seq``; ``tips`` has the newest hash of each message whose earlier rows are not given.
    This finds an edited row and a row missing inside a message's chain; what was cut off at the very end only a
    checkpoint kept elsewhere can show.

    :raises AuditBroken: naming the first bad seq
    """
    newest = dict(tips)
    count = 0
    for row in rows:
        message_id = row["message_id"]
        wrong = audit_entry.fault(row, newest.get(message_id) if message_id else None)
        if wrong:
            raise AuditBroken(f"seq {row['seq']}: {wrong}", seq=row["seq"])
        if message_id:
            newest[message_id] = row["hash"]
        count += 1
    return count
