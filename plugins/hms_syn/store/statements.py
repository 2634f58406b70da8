"""SQL texts that run on both dialects, with the few places where they differ filled in."""

from __future__ import annotations

from datetime import datetime, timezone
from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import TextClause, text

from hms_syn.store.engine import NOW

if TYPE_CHECKING:
    from sqlalchemy import Connection

SECOND = 1_000_000
NEVER = 9_000_000_000_000_000
"""When a lane is due that only an officer can open again: the year 2255."""
LOCK = {
    "postgresql": {"lock": "FOR UPDATE", "skip_locked": "FOR UPDATE SKIP LOCKED"},
    "sqlite": {"lock": "", "skip_locked": ""},  # BEGIN IMMEDIATE has locked everything already
}


def sql(connection: Connection, statement: str) -> TextClause:
    """Return the statement for this connection: ``{now}``, ``{lock}`` and ``{skip_locked}`` mean what it needs."""
    return _filled(statement, connection.dialect.name)


def micros(seconds: float) -> int:
    """Seconds as the store counts them."""
    return int(seconds * SECOND)


def moment() -> str:
    """Return the time for the record: UTC, ISO 8601 with microseconds, by this machine's clock."""
    return datetime.now(tz=timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def shown(stored: int | None) -> str | None:
    """Return a stored time as ISO 8601, or None."""
    if stored is None:
        return None
    return datetime.fromtimestamp(stored / SECOND, tz=timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@cache
def _filled(statement: str, dialect: str) -> TextClause:
    for name, meaning in {"now": NOW[dialect], **LOCK[dialect]}.items():
        statement = statement.replace("{" + name + "}", meaning)
    return text(statement)
