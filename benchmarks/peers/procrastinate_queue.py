"""procrastinate: the Python queue nearest to ours, on psycopg, with triggers that log each job's events."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from typing import TYPE_CHECKING, Any

import procrastinate
from procrastinate.jobs import Status

from benchmarks.workload import BATCH, KEYS, key, payload

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.server import Database


class Procrastinate:
    """procrastinate with a sync publisher and its async worker at concurrency 1; ``lock`` gives FIFO per key."""

    def __init__(self, database: Database, *, lock: bool = False, fresh: bool = True) -> None:
        logging.getLogger("procrastinate").setLevel(logging.ERROR)
        self.name = "procrastinate with lock" if lock else "procrastinate"
        self.lock = lock
        self.done = 0
        self.heard: dict[str, float] = {}
        self.database = database
        self.app = procrastinate.App(connector=procrastinate.SyncPsycopgConnector(conninfo=database.conninfo))
        self.app.open()
        if fresh:
            self.app.schema_manager.apply_schema()
        self.task = self.app.task(name="push")(self._push)

    def _push(self, **job: Any) -> None:
        self.done += 1
        self.heard[str(job.get("case_id"))] = time.monotonic()

    def publish(self, count: int, *, keys: int = KEYS) -> None:
        """One job a call."""
        for number in range(count):
            task = self.task.configure(lock=key(number, keys=keys)) if self.lock else self.task
            task.defer(**payload(number, keys=keys))

    def publish_batches(self, count: int) -> None:
        """One hundred jobs a call; its batch call takes one lock for the whole batch."""
        for start in range(0, count, BATCH):
            task = self.task.configure(lock=key(start)) if self.lock else self.task
            task.batch_defer(*(payload(number) for number in range(start, start + BATCH)))

    def consume(self, count: int) -> None:
        """Run everything that waits, one by one."""
        before = self.done
        asyncio.run(self._work())
        if self.done - before != count:
            raise RuntimeError(f"ran {self.done - before} of {count}")

    def publish_named(self, number: int) -> None:
        """One job, whose number the worker will see."""
        self.task.defer(**payload(number))

    def linger(self, done: Callable[[], bool]) -> None:
        """Wait for jobs as its own worker does, by LISTEN, until told that it is done."""
        asyncio.run(self._work(wait=True, done=done))

    async def _work(self, *, wait: bool = False, done: Callable[[], bool] = lambda: False) -> None:
        connector = procrastinate.PsycopgConnector(conninfo=self.database.conninfo)
        async with self.app.with_connector(connector).open_async() as app:
            worker = asyncio.create_task(app.run_worker_async(wait=wait, concurrency=1, install_signal_handlers=False))
            while wait and not done():  # noqa: ASYNC110 - what says done is the parent process
                await asyncio.sleep(0.2)
            if wait:
                worker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await worker

    def fill(self, count: int, *, locks: int) -> None:
        """Put a backlog straight into its table."""
        self.database.run(
            f"""SET session_replication_role = replica;
                INSERT INTO procrastinate_jobs (queue_name, task_name, lock, args)
                SELECT 'default', 'push', 'judge-' || (n % {locks}), '{json.dumps(payload(0))}'::jsonb
                  FROM generate_series(1, {count}) n"""
        )
        self.database.run("VACUUM ANALYZE")

    def claims(self, count: int) -> list[float]:
        """Seconds of so many claims; each job is finished before the next, which is not timed."""
        return asyncio.run(self._claims(count))

    async def _claims(self, count: int) -> list[float]:
        seconds = []
        connector = procrastinate.PsycopgConnector(conninfo=self.database.conninfo)
        async with self.app.with_connector(connector).open_async() as app:
            worker = await app.job_manager.register_worker()
            for _ in range(count):
                began = time.perf_counter()
                job = await app.job_manager.fetch_job(queues=None, worker_id=worker)
                seconds.append(time.perf_counter() - began)
                if job is None:
                    raise RuntimeError("nothing to claim")
                await app.job_manager.finish_job(job, status=Status.SUCCEEDED, delete_job=False)
        return seconds

    def close(self) -> None:
        """Give the connections back."""
        self.app.close()
