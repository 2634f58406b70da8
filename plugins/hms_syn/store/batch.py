"""Several changes as one: all of them in a single statement on PostgreSQL, one after the other on SQLite.

What a message costs is statements and commits, so a settlement with its audit rows is one statement. On PostgreSQL each
change becomes a data-modifying WITH query; all see the same snapshot, so none may depend on what another writes. Each
says how many rows it must touch; where it touched another number the caller's transaction must not commit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from hms_syn.store.direct import GUARD
from hms_syn.store.statements import filled, pyformat

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

_NAME = re.compile(r"%\(([a-z_0-9]+)\)s")


class Miss(Exception):
    """A change touched another number of rows than it must; ``step`` names it."""

    def __init__(self, step: str) -> None:
        super().__init__(step)
        self.step = step


@dataclass(frozen=True, slots=True)
class Change:
    """One INSERT, UPDATE, DELETE or locking SELECT without RETURNING, its parameters and the rows it must touch."""

    step: str
    statement: str
    values: Mapping[str, Any]
    must: int | None = 1


def run(connection: Connection, changes: list[Change]) -> None:
    """Make all changes in the caller's transaction.

    :raises Miss: naming the first change that touched another number of rows than it must
    """
    if not changes:
        return
    if connection.dialect.name == "postgresql":
        _at_once(connection, changes)
        return
    for change in changes:
        done = connection.exec_driver_sql(filled(change.statement, "sqlite"), dict(change.values))
        # a locking SELECT has no row count; what it must find is found by fetching
        count = len(done.fetchall()) if done.returns_rows else done.rowcount
        if change.must is not None and count != change.must:
            raise Miss(change.step)


def _at_once(connection: Connection, changes: list[Change]) -> None:
    counts = connection.exec_driver_sql(_composed(_texts(changes), ()), _values(changes)).scalar_one()
    for change, count in zip(changes, counts, strict=True):
        if change.must is not None and count != change.must:
            raise Miss(change.step)


def alone(changes: list[Change]) -> tuple[str, dict[str, Any]]:
    """Return changes as one guarded statement for PostgreSQL, and its values: all of them as they must be, or none."""
    return _composed(_texts(changes), tuple(change.must for change in changes)), _values(changes)


def _texts(changes: list[Change]) -> tuple[str, ...]:
    return tuple(change.statement for change in changes)


def _values(changes: list[Change]) -> dict[str, Any]:
    return {f"s{n}_{name}": value for n, change in enumerate(changes) for name, value in change.values.items()}


@lru_cache(maxsize=512)
def _composed(statements: tuple[str, ...], must: tuple[int | None, ...]) -> str:
    """Return one statement that makes all changes; it counts the rows of each, or fails where ``must`` is not met."""
    parts = []
    for n, statement in enumerate(statements):
        body = _NAME.sub(rf"%(s{n}_\1)s", pyformat(statement))
        returning = "" if body.startswith("SELECT") else " RETURNING 1"
        parts.append(f"s{n} AS ({body}{returning})")
    counts = [f"(SELECT count(*) FROM s{n})" for n in range(len(statements))]  # noqa: S608 - numbers
    wanted = [f"{count}={least}" for count, least in zip(counts, must, strict=False) if least is not None]
    asked = GUARD.format(" AND ".join(wanted)) if wanted else f"ARRAY[{','.join(counts)}]"
    return "WITH " + ",".join(parts) + f" SELECT {asked}"
