"""pgmq's SQL, as its Python package installs it without an extension."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import psycopg
from pgmq.install import get_embedded_install_sql

from benchmarks.workload import BATCH, KEYS, key, payload

if TYPE_CHECKING:
    from benchmarks.server import Database

VISIBILITY = 60


class Pgmq:
    """``send``, ``read`` and ``archive``, one message at a time; nothing orders by key."""

    name = "pgmq"

    def __init__(self, database: Database) -> None:
        self.connection = psycopg.connect(database.conninfo, autocommit=True)
        self.connection.execute(get_embedded_install_sql())
        self.connection.execute("SELECT pgmq.create('push')")

    def publish(self, count: int, *, keys: int = KEYS) -> None:
        """One message a call, with its group in the headers."""
        for number in range(count):
            self.connection.execute(
                "SELECT * FROM pgmq.send('push', %s::jsonb, %s::jsonb)",
                (json.dumps(payload(number, keys=keys)), json.dumps({"x-pgmq-group": key(number, keys=keys)})),
            )

    def publish_batches(self, count: int) -> None:
        """One hundred messages a call."""
        for start in range(0, count, BATCH):
            numbers = range(start, start + BATCH)
            self.connection.execute(
                "SELECT * FROM pgmq.send_batch('push', %s::jsonb[], %s::jsonb[])",
                (
                    [json.dumps(payload(number)) for number in numbers],
                    [json.dumps({"x-pgmq-group": key(number)}) for number in numbers],
                ),
            )

    def consume(self, count: int) -> None:
        """Read one, archive it."""
        for _ in range(count):
            row = self.connection.execute("SELECT * FROM pgmq.read('push', %s, 1)", (VISIBILITY,)).fetchone()
            self.connection.execute("SELECT pgmq.archive('push', %s::bigint)", (row[0] if row else 0,))

    def consume_batches(self, count: int) -> None:
        """Read a hundred, archive them."""
        for _ in range(0, count, BATCH):
            rows = self.connection.execute("SELECT * FROM pgmq.read('push', %s, %s)", (VISIBILITY, BATCH)).fetchall()
            self.connection.execute("SELECT pgmq.archive('push', %s::bigint[])", ([row[0] for row in rows],))

    def close(self) -> None:
        """Give the connection back."""
        self.connection.close()
