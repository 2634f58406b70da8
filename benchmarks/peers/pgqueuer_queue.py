"""pgqueuer: completions are buffered, so a crash can run a job again that was done; nothing orders by key."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING

import asyncpg
import psycopg
from pgqueuer.core.qm import QueueManager
from pgqueuer.db import SyncPsycopgDriver
from pgqueuer.models import Job  # noqa: TC002 - pgqueuer looks at the handler's annotations
from pgqueuer.queries import Queries, SyncQueries
from pgqueuer.types import QueueExecutionMode

from benchmarks.workload import BATCH, KEYS, payload

if TYPE_CHECKING:
    from benchmarks.server import Database


class PgQueuer:
    """A sync publisher on psycopg, and its async worker on asyncpg, draining."""

    name = "pgqueuer"

    def __init__(self, database: Database) -> None:
        logging.getLogger("pgqueuer").setLevel(logging.ERROR)
        self.database = database
        self.done = 0
        asyncio.run(self._install())
        self.connection = psycopg.connect(database.conninfo, autocommit=True)
        self.queries = SyncQueries(SyncPsycopgDriver(self.connection))

    def publish(self, count: int, *, keys: int = KEYS) -> None:
        """One job a call."""
        for number in range(count):
            self.queries.enqueue("push", json.dumps(payload(number, keys=keys)).encode())

    def publish_batches(self, count: int) -> None:
        """One hundred jobs a call."""
        for start in range(0, count, BATCH):
            bodies = [json.dumps(payload(number)).encode() for number in range(start, start + BATCH)]
            self.queries.enqueue(["push"] * BATCH, bodies, [0] * BATCH)

    def consume(self, count: int) -> None:
        """Run everything that waits, with its own default batch of 10."""
        before = self.done
        asyncio.run(self._work())
        if self.done - before != count:
            raise RuntimeError(f"ran {self.done - before} of {count}")

    async def _install(self) -> None:
        connection = await self._connect()
        await Queries.from_asyncpg_connection(connection).install()
        await connection.close()

    async def _work(self) -> None:
        connection = await self._connect()
        manager = QueueManager(Queries.from_asyncpg_connection(connection))

        @manager.entrypoint("push")
        async def push(_job: Job) -> None:
            self.done += 1

        await manager.run(mode=QueueExecutionMode.drain)
        await connection.close()

    async def _connect(self) -> asyncpg.Connection:
        return await asyncpg.connect(host=self.database.folder, user="postgres", database=self.database.name)

    def close(self) -> None:
        """Give the connection back."""
        self.connection.close()
