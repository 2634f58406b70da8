"""Appending to the audit trail, reading it, and proving that nobody changed it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from hms_syn.domain import audit_entry
from hms_syn.errors import AuditBroken
from hms_syn.store.statements import sql

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from hms_syn.domain.audit_entry import AuditEntry

INSERT = """INSERT INTO hms_syn_audit (at, actor, event, message_id, job, attempt, hash, body)
            VALUES (:at, :actor, :event, :message_id, :job, :attempt, :hash, :body)"""


def write(connection: Connection, entries: Sequence[AuditEntry]) -> None:
    """Append entries in order, each chained onto its own message's previous row, in the caller's transaction.

    The message's tip is locked while it grows, so that the jobs that share a message write one chain and not two.
    """
    by_message: dict[str | None, list[AuditEntry]] = defaultdict(list)
    for entry in entries:
        by_message[entry.message_id].append(entry)
    for message_id, group in by_message.items():
        if message_id is None:
            for entry in group:
                _insert(connection, [entry], None)
            continue
        tip = connection.execute(
            sql(connection, "SELECT tip FROM hms_syn_chain WHERE message_id = :message_id {lock}"),
            {"message_id": message_id},
        ).scalar_one_or_none()
        newest = _insert(connection, group, tip)
        connection.execute(
            sql(
                connection,
                """INSERT INTO hms_syn_chain (message_id, tip) VALUES (:message_id, :tip)
                   ON CONFLICT (message_id) DO UPDATE SET tip = excluded.tip""",
            ),
            {"message_id": message_id, "tip": newest},
        )


def _insert(connection: Connection, entries: list[AuditEntry], tip: str | None) -> str:
    rows = audit_entry.chain(entries, tip)
    connection.execute(sql(connection, INSERT), [columns(row) for row in rows])
    return rows[-1].hash


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


def verify(rows: Iterable[Mapping[str, Any]]) -> int:
    """Check every row against its hash and its message's previous row; return how many there were.

    Rows come in the order of ``seq``. This finds an edited row and a row missing inside a message's chain; what was cut
    off at the very end only a checkpoint kept elsewhere can show.

    :raises AuditBroken: naming the first bad seq
    """
    tips: dict[str, str] = {}
    count = 0
    for row in rows:
        message_id = row["message_id"]
        wrong = audit_entry.fault(row, tips.get(message_id) if message_id else None)
        if wrong:
            raise AuditBroken(f"seq {row['seq']}: {wrong}")
        if message_id:
            tips[message_id] = row["hash"]
        count += 1
    return count
