"""The real SQLite store, on a file that is made once, and the fate of each of its transactions."""

from __future__ import annotations

import sqlite3
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from greenlet import getcurrent
from sqlalchemy import create_engine, event
from sqlalchemy.exc import OperationalError

from hms_syn.store.engine import _begin_sqlite
from hms_syn.store.sql_store import SqlStore

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection
    from tests.simulation.clock import Clock


class Killed(BaseException):
    """The process is gone: nothing in it runs on, and nothing it has not committed is there."""


class Fate(Enum):
    """What happens to a transaction."""

    NONE = auto()
    KILLED_BEFORE = auto()
    """The process dies before the COMMIT."""
    KILLED_AFTER = auto()
    """The process dies after it took effect."""
    ERROR_BEFORE = auto()
    """The database goes away before the COMMIT took effect."""
    ERROR_AFTER = auto()
    """The COMMIT took effect, and its answer is lost."""
    DEAD_CONNECTION = auto()
    """The connection from the pool turns out to be dead."""


def gone(statement: str) -> OperationalError:
    """Return what SQLAlchemy raises when its connection breaks."""
    return OperationalError(statement, {}, sqlite3.OperationalError("disk I/O error"), connection_invalidated=True)


class Database:
    """One file with two processes' stores on it: the workers' and the publishers'."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.url = f"sqlite:///{folder}/queue.db"
        self.fate = Fate.NONE
        self.workers, self.publishers = SqlStore(self.url, clock=clock.time), SqlStore(self.url, clock=clock.time)
        self.theirs = create_engine(self.url)
        for engine in (self.workers.engine, self.publishers.engine):
            event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF").close())
            event.remove(engine, "begin", _begin_sqlite)
            event.listen(engine, "begin", self._begins)
            event.listen(engine, "begin", _begin_sqlite)
            event.listen(engine, "commit", self._commits)
        self.workers.create()
        self.reader = sqlite3.connect(f"{folder}/queue.db", isolation_level=None)
        self.reader.row_factory = sqlite3.Row
        self._empty = sqlite3.connect(":memory:")
        self.reader.backup(self._empty)

    def reset(self) -> None:
        """Empty the database, in a moment and without making its tables anew."""
        self.fate = Fate.NONE
        self._empty.backup(self.reader)
        for store in (self.workers, self.publishers):
            store._cached = None

    def rows(self, statement: str, *values: Any) -> list[sqlite3.Row]:
        """Return what is committed, past all of our code."""
        return self.reader.execute(statement, values).fetchall()

    @property
    def version(self) -> int:
        """Return a number that changes with every commit that changed something."""
        return int(self.reader.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Give every connection back."""
        for engine in (self.workers.engine, self.publishers.engine, self.theirs):
            engine.dispose()
        self.reader.close()
        self._empty.close()

    def _begins(self, connection: Connection) -> None:
        if connection.get_execution_options().get("hms_syn_reading"):
            return
        here = getcurrent()
        if here.parent is not None:
            self.fate = here.parent.switch("write")
        if self.fate is Fate.DEAD_CONNECTION:
            self.fate = Fate.NONE
            raise gone("BEGIN")

    def _commits(self, connection: Connection) -> None:
        if connection.get_execution_options().get("hms_syn_reading"):
            return
        fate, self.fate = self.fate, Fate.NONE
        if fate is Fate.KILLED_BEFORE:
            raise Killed
        if fate is Fate.ERROR_BEFORE:
            raise gone("COMMIT")
        if fate is Fate.NONE:
            return
        connection.connection.dbapi_connection.execute("COMMIT").close()  # type: ignore[union-attr]  # it is open
        if fate is Fate.KILLED_AFTER:
            raise Killed
        raise gone("COMMIT")
