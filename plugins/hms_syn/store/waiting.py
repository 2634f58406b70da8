"""Waiting for something to be published, without asking again and again.

PostgreSQL tells us (``NOTIFY`` in the publishing transaction, and only while somebody listens); of SQLite we ask, a
hundred times a second, whether any other connection has committed, which reads one number from its file.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

from hms_syn.errors import StoreUnavailable
from hms_syn.store.statements import micros, sql

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

    from hms_syn.store.sql_store import SqlStore

CHANNEL = "hms_syn"
WARM = 15.0
"""Seconds publishers go on telling after a worker last said that it listens."""
LOOK_EVERY = 0.01


class Ears(threading.local):
    """Each thread's ear at its store."""

    def __init__(self) -> None:
        self._ear: Listener | None = None
        self._warm: dict[str, float] = {}

    def wait(self, store: SqlStore, job: str, seconds: float) -> None:
        """Return as soon as something is published for this job, and after so many seconds at the latest.

        :raises StoreUnavailable: the database does not answer
        """
        if self._ear is None:
            self._ear = Listener(store.engine)
        if time.monotonic() > self._warm.get(job, 0.0):
            store.write(lambda connection: mark_warm(connection, job))
            self._warm[job] = time.monotonic() + WARM / 2
        if not self._ear.is_open:
            self._ear.open()
            due = store.next_due(job)
            if due is not None and due <= 0:  # published before anybody listened
                return
        self._ear.wait(job, seconds)


class Listener:
    """One worker's ear at one store, on a connection of its own; for one thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Any = None

    @property
    def is_open(self) -> bool:
        """False before the first wait: what was published until then was told to nobody."""
        return self._connection is not None

    def open(self) -> None:
        """Begin to listen."""
        with self._closing_on_error():
            fairy = self._engine.raw_connection()
            fairy.detach()  # it never goes back into the pool, where it would go on listening
            self._connection = fairy.dbapi_connection
            if self._engine.dialect.name == "postgresql":
                self._connection.autocommit = True
                self._connection.execute(f"LISTEN {CHANNEL}")

    def wait(self, job: str, seconds: float) -> None:
        """Return as soon as a message was published for a job, and after so many seconds at the latest.

        :raises StoreUnavailable: the connection broke; open a new one
        """
        with self._closing_on_error():
            if self._engine.dialect.name == "postgresql":
                _hear(self._connection, job, seconds)
            else:
                _watch(self._connection, seconds)

    def close(self) -> None:
        """Stop listening."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def _closing_on_error(self) -> Iterator[None]:
        driver: Any = self._engine.dialect.loaded_dbapi
        try:
            yield
        except (driver.Error, OSError, DBAPIError) as error:
            self.close()
            raise StoreUnavailable(f"The queue's database did not answer ({type(error).__name__})") from None


def mark_warm(connection: Connection, job: str) -> None:
    """Let publishers of this job tell its worker for a while."""
    statement = "UPDATE hms_syn_job SET warm_until = {now} + :warm WHERE job = :job"
    connection.execute(sql(connection, statement), {"job": job, "warm": micros(WARM)})


def _hear(connection: Any, job: str, seconds: float) -> None:
    """Read notices until one is for this job."""
    for notice in connection.notifies(timeout=seconds):
        if notice.payload == job:
            return


def _watch(connection: Any, seconds: float) -> None:
    """Look at the version of SQLite's file until it changes."""
    end = time.monotonic() + seconds
    first = connection.execute("PRAGMA data_version").fetchone()
    while time.monotonic() < end:
        time.sleep(min(LOOK_EVERY, seconds))
        if connection.execute("PRAGMA data_version").fetchone() != first:
            return
