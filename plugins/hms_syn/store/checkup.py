"""What an examination reads of the queue's database: where it is, its clock, its user's rights, its audit triggers.

Everything here only reads, and no row of ours is looked at.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect
from sqlalchemy.engine import make_url

from hms_syn.errors import StoreNotReady
from hms_syn.store import grants
from hms_syn.store.statements import SECOND, as_parameter, sql

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection, Engine, Row

AUDIT_TRIGGERS = {
    "postgresql": {
        "hms_syn_audit_rows",
        "hms_syn_audit_all",
        "hms_syn_tree_head_rows",
        "hms_syn_tree_head_all",
    },
    "sqlite": {
        "hms_syn_audit_update",
        "hms_syn_audit_delete",
        "hms_syn_tree_head_update",
        "hms_syn_tree_head_delete",
    },
}
TRIGGERS = {
    "postgresql": """SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D'
                     AND tgrelid IN ('hms_syn_audit'::regclass, 'hms_syn_tree_head'::regclass)""",
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'hms_syn_%'",
}
POWERS = """SELECT current_user AS name, r.rolsuper AS is_superuser,
       pg_has_role(current_user, c.relowner, 'USAGE') AS is_owner,
       has_schema_privilege(current_user, c.relnamespace, 'CREATE') AS makes_tables
  FROM pg_class c, pg_roles r WHERE c.oid = 'hms_syn_audit'::regclass AND r.rolname = current_user"""
LACKING = """SELECT w.held, w.name, w.part
  FROM json_to_recordset(CAST(:wanted AS json)) AS w(held text, name text, part text)
 WHERE NOT CASE WHEN w.part = :sequence THEN has_sequence_privilege(current_user, w.name, w.held)
                WHEN w.part = '' THEN has_table_privilege(current_user, w.name, w.held)
                ELSE has_column_privilege(current_user, w.name, w.part, w.held) END"""
PROCESS = "SELECT pg_backend_pid()"
SEQUENCE = "-"
"""What stands in place of a column for a sequence's rights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What the database's user may do; ``missing`` and ``too_many`` are words for people."""

    user: str
    missing: tuple[str, ...]
    too_many: tuple[str, ...]


def refuse_a_missing_file(url: str) -> None:
    """Return unless the database is an SQLite file that is not there, which opening would make.

    :raises StoreNotReady: it is not there
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").is_file():
        raise StoreNotReady(f"There is no file {parsed.database}; run 'airflow db migrate'")


def skew(connection: Connection) -> float:
    """Return by how many seconds the database's clock is ahead of this machine's."""
    before = time.time()
    theirs: int = connection.execute(sql(connection, "SELECT {now}")).scalar_one()
    return theirs / SECOND - (before + time.time()) / 2


def is_pooled(engine: Engine) -> bool:
    """Return whether two clients that are both connected are given one and the same process of PostgreSQL in turn.

    That is what a pooler does between transactions. What a client has set on its connection then holds for others, and
    what it listens to is lost.
    """
    if engine.dialect.name != "postgresql":
        return False
    with engine.connect() as one, engine.connect() as other:
        before = one.exec_driver_sql(PROCESS).scalar_one()
        one.commit()
        return bool(other.exec_driver_sql(PROCESS).scalar_one() == before)


def missing_triggers(connection: Connection) -> set[str]:
    """Return which of the triggers that keep the audit trail append-only are not there, or switched off."""
    dialect = connection.dialect.name
    return AUDIT_TRIGGERS[dialect] - set(connection.execute(sql(connection, TRIGGERS[dialect])).scalars())


def rights(connection: Connection) -> Rights | None:
    """Return what the database's user lacks and what it could do without; None on SQLite, which has no users."""
    if connection.dialect.name != "postgresql":
        return None
    powers = connection.execute(sql(connection, POWERS)).one()
    wanted = {**grants.OURS, **(grants.AIRFLOWS if inspect(connection).has_table("dag") else {})}
    needed = [
        (right, name, column)
        for name, text in wanted.items()
        for right, columns in grants.parts(text)
        for column in columns or [""]
    ]
    needed += [(right, name, SEQUENCE) for name in grants.sequences() for right in ("USAGE", "SELECT")]
    missing = [
        f"{right} on {name}" if column in ("", SEQUENCE) else f"{right} ({column}) on {name}"
        for right, name, column in _lacking(connection, needed)
    ]
    return Rights(user=powers.name, missing=tuple(missing), too_many=tuple(_too_many(connection, powers)))


def _too_many(connection: Connection, powers: Row[Any]) -> Iterator[str]:
    if powers.is_superuser:
        yield "is a superuser"
        return
    if powers.is_owner:
        yield "owns the tables"
    elif powers.makes_tables:
        yield "may make tables"
    harm = [(right, "hms_syn_audit", "") for right in ("UPDATE", "DELETE", "TRUNCATE")]
    lacking = _lacking(connection, harm)
    if len(lacking) < len(harm):
        yield f"may {', '.join(one[0] for one in harm if one not in lacking)} audit rows"
    if inspect(connection).has_table("connection") and not _lacking(connection, [("SELECT", "connection", "")]):
        yield "may read Airflow's connections"


def _lacking(connection: Connection, wanted: Sequence[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Return which of these rights, each with its table and column, the user does not have."""
    rows = [dict(zip(("held", "name", "part"), one, strict=True)) for one in wanted]
    found = connection.execute(sql(connection, LACKING), {"wanted": as_parameter(rows), "sequence": SEQUENCE})
    return [(row.held, row.name, row.part) for row in found]
