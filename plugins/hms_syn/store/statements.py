"""SQL texts that run on both dialects, with the few places where they differ filled in."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import TextClause, text

from hms_syn.store.engine import NOW
from hms_syn.store.views import NEVER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, CursorResult, Row

__all__ = [
    "NEVER",
    "PUBLISHING",
    "SECOND",
    "among",
    "as_parameter",
    "filled",
    "in_words",
    "micros",
    "moment",
    "pyformat",
    "quick",
    "shown",
    "sql",
]

_encode = msgspec.json.Encoder().encode
SECOND = 1_000_000
PUBLISHING = 0x53594E
"""The first half of the advisory locks of publications, see ``horizon``; the second half is a place on the bus."""
IN_LINE = f"""pg_advisory_xact_lock_shared({PUBLISHING},
              CAST((SELECT last_value & 2147483647 FROM hms_syn_event_seq_seq) AS int)) AS in_line"""  # noqa: S608 - a constant
"""What a publication says before it takes its place."""
_PARAMETER = re.compile(r"(?<!:):([a-z_0-9]+)")
DIFFERENCES: dict[str, dict[str, Any]] = {
    "postgresql": {
        "now": NOW["postgresql"],
        "lock": "FOR UPDATE",
        "keep": "FOR NO KEY UPDATE",
        "keep_job": "FOR NO KEY UPDATE OF j",
        "skip_locked": "FOR UPDATE SKIP LOCKED",
        "in_line": IN_LINE,
        "greatest": "GREATEST",
        "among": "= ANY(CAST(:words AS text[]))",
        "words": "unnest(CAST(:words AS text[])) AS w(value)",
    },
    "sqlite": {
        "now": NOW["sqlite"],
        "lock": "",
        "keep": "",
        "keep_job": "",
        "skip_locked": "",
        "in_line": "(SELECT 1) AS in_line",
        "greatest": "MAX",
        "among": "IN (SELECT value FROM json_each(:words))",
        "words": "json_each(:words) AS w",
    },
}
"""SQLite needs no locks: BEGIN IMMEDIATE has locked everything already."""


def sql(connection: Connection, statement: str) -> TextClause:
    """Return the statement for this connection, ``{now}``, ``{lock}`` and the like as it needs them."""
    return _clause(statement, connection.dialect.name)


def quick(connection: Connection, statement: str, values: Mapping[str, Any]) -> CursorResult[Any]:
    """Run a statement in the driver's own words, without a compiler in between: for what is run for every message."""
    dialect = connection.dialect.name
    text_ = pyformat(statement) if dialect == "postgresql" else filled(statement, dialect)
    return connection.exec_driver_sql(text_, dict(values))


def among(connection: Connection, statement: str, words: Sequence[str], **values: Any) -> Sequence[Row[Any]]:
    """Return the rows of a statement whose ``{among}``, or ``words``, stands for any of these words."""
    given = list(words) if connection.dialect.name == "postgresql" else json.dumps(list(words))
    return connection.execute(sql(connection, statement), {"words": given, **values}).all()


def as_parameter(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as the one JSON parameter that ``json_to_recordset`` takes apart."""
    return _encode(rows).decode()


def micros(seconds: float) -> int:
    """Seconds as the store counts them."""
    return int(seconds * SECOND)


def moment() -> str:
    """Return the time for the record: UTC, ISO 8601 with microseconds, by this machine's clock."""
    return datetime.now(tz=timezone.utc).isoformat(timespec="microseconds")[:-6] + "Z"


def shown(stored: int | None) -> str | None:
    """Return a stored time as ISO 8601, or None."""
    if stored is None:
        return None
    return datetime.fromtimestamp(stored / SECOND, tz=timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def in_words(stored: int) -> str:
    """Return a stored time as people read it: to the minute, in UTC."""
    return datetime.fromtimestamp(stored / SECOND, tz=timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


@cache
def filled(statement: str, dialect: str) -> str:
    """Return the statement in one dialect's words; its parameters stay ``:named``."""
    for name, meaning in DIFFERENCES[dialect].items():
        statement = statement.replace("{" + name + "}", meaning)
    return statement


@cache
def pyformat(statement: str) -> str:
    """Return a statement as PostgreSQL's drivers take it, in few characters.

    psycopg keeps what it has made of a statement of up to 4096 characters and 50 parameters; a longer one it would
    take apart at every call, which costs more than all the rest.
    """
    text = " ".join(filled(statement, "postgresql").split()).replace("%", "%%")
    return _PARAMETER.sub(r"%(\1)s", text)


@cache
def _clause(statement: str, dialect: str) -> TextClause:
    return text(filled(statement, dialect))
