"""The floors: one table, one index, and no promise but the row itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy import create_engine, text

from benchmarks.workload import BATCH, KEYS, key, payload

if TYPE_CHECKING:
    from benchmarks.server import Database

TABLES = """
CREATE TABLE raw (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, ordering_key text, body json);
"""
MANY = "INSERT INTO raw (ordering_key, body) SELECT k, b FROM json_to_recordset({0}) AS g(k text, b json)"
TAKE = "DELETE FROM raw WHERE id IN (SELECT id FROM raw ORDER BY id LIMIT {0} FOR UPDATE SKIP LOCKED) RETURNING body"
CLAIM = "SELECT id, body FROM raw ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"


def _batches(count: int) -> list[str]:
    return [
        json.dumps([{"k": key(number), "b": payload(number)} for number in range(start, start + BATCH)])
        for start in range(0, count, BATCH)
    ]


class RawPsycopg:
    """psycopg 3 by hand."""

    name = "raw psycopg"

    def __init__(self, database: Database) -> None:
        self.connection = psycopg.connect(database.conninfo)
        self.connection.execute(TABLES)
        self.connection.commit()

    def publish(self, count: int, *, keys: int = KEYS) -> None:
        """One insert, one commit."""
        for number in range(count):
            self.connection.execute(
                "INSERT INTO raw (ordering_key, body) VALUES (%s, %s)",
                (key(number, keys=keys), json.dumps(payload(number, keys=keys))),
            )
            self.connection.commit()

    def publish_batches(self, count: int) -> None:
        """One statement with one JSON parameter a batch."""
        for batch in _batches(count):
            self.connection.execute(MANY.format("%s::json"), (batch,))
            self.connection.commit()

    def consume(self, count: int) -> None:
        """Take one, commit, remove it, commit: the least that can be called at least once."""
        for _ in range(count):
            row = self.connection.execute(CLAIM).fetchone()
            self.connection.commit()
            self.connection.execute("DELETE FROM raw WHERE id = %s", (row[0] if row else 0,))
            self.connection.commit()

    def consume_batches(self, count: int) -> None:
        """Take and remove a hundred at a time."""
        for _ in range(0, count, BATCH):
            self.connection.execute(TAKE.format(BATCH)).fetchall()
            self.connection.commit()

    def close(self) -> None:
        """Give the connection back."""
        self.connection.close()


class RawSqlAlchemy:
    """SQLAlchemy Core by hand, with text statements."""

    name = "raw SQLAlchemy"

    def __init__(self, database: Database) -> None:
        self.engine = create_engine(database.url)
        with self.engine.begin() as connection:
            connection.execute(text(TABLES))

    def publish(self, count: int, *, keys: int = KEYS) -> None:
        """One insert, one commit."""
        statement = text("INSERT INTO raw (ordering_key, body) VALUES (:k, CAST(:b AS json))")
        for number in range(count):
            with self.engine.begin() as connection:
                values = {"k": key(number, keys=keys), "b": json.dumps(payload(number, keys=keys))}
                connection.execute(statement, values)

    def publish_batches(self, count: int) -> None:
        """One statement with one JSON parameter a batch."""
        statement = text(MANY.format("CAST(:batch AS json)"))
        for batch in _batches(count):
            with self.engine.begin() as connection:
                connection.execute(statement, {"batch": batch})

    def consume(self, count: int) -> None:
        """Take one, commit, remove it, commit."""
        for _ in range(count):
            with self.engine.begin() as connection:
                row = connection.execute(text(CLAIM)).one()
            with self.engine.begin() as connection:
                connection.execute(text("DELETE FROM raw WHERE id = :id"), {"id": row.id})

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()
