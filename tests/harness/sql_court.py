"""A court's own database, on PostgreSQL and on SQLite, and a job that writes into it."""

from __future__ import annotations

import sqlite3
import uuid
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg
from tests.harness.postgres import PrivatePostgres, line_to

from hms_syn.adapters.sql.sql_table_v1 import SqlTableV1
from hms_syn.domain.delivery import Delivery
from hms_syn.domain.job_spec import JobSpec, Pull, Push
from hms_syn.ports import Credentials

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOOPBACK = ("127.0.0.0/8",)
MAPPING = {"case_id": "case_id", "hearing_on": "date"}
SCHEMA = {
    "postgresql": """
        CREATE TABLE hearing (
          hearing_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
          case_id varchar(200) NOT NULL,
          hearing_on date,
          room numeric(6, 2),
          state varchar(10) NOT NULL DEFAULT 'LODGED',
          changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
          scan bytea,
          syn_key varchar(36) NOT NULL UNIQUE)
    """,
    "sqlite": """
        CREATE TABLE hearing (
          hearing_id INTEGER PRIMARY KEY AUTOINCREMENT,
          case_id TEXT NOT NULL,
          hearing_on DATE,
          room NUMERIC(6, 2),
          state VARCHAR(10) NOT NULL DEFAULT 'LODGED',
          changed_at TIMESTAMP NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')),
          scan BLOB,
          syn_key CHAR(36) NOT NULL UNIQUE)
    """,
}


@dataclass
class Court:
    """One database: where a job finds it, and a way to look inside that is not the adapter's."""

    dialect: str
    endpoint: str
    inside: str
    extra: dict[str, Any] = field(default_factory=dict)
    login: str = "postgres"
    password: str = ""
    server: Any = None
    line: Any = None

    def sql(self, *statements: str, **values: Any) -> list[tuple[Any, ...]]:
        """Run statements; return the rows of the last one."""
        rows: list[tuple[Any, ...]] = []
        opened: Any
        if self.dialect == "sqlite":
            opened = sqlite3.connect(self.inside, isolation_level=None)
        else:
            opened = psycopg.connect(self.inside, autocommit=True)
        with closing(opened) as connection:
            for statement in statements:
                text = statement if self.dialect == "sqlite" else statement.replace("%", "%%")
                for name in values:
                    text = text.replace(f":{name}", f":{name}" if self.dialect == "sqlite" else f"%({name})s")
                cursor = connection.execute(text, values) if values else connection.execute(statement)
                rows = cursor.fetchall() if cursor.description else []
        return rows

    def rows(self, columns: str = "case_id, syn_key") -> list[tuple[Any, ...]]:
        return self.sql(f"SELECT {columns} FROM hearing ORDER BY hearing_id")

    def job(self, push: dict[str, Any] | None = None, pull: dict[str, Any] | None = None, **changes: Any) -> JobSpec:
        """Build a job against this court."""
        pushed = {"request": {"table": "hearing", "key": "syn_key"}, "mapping": MAPPING, "timeout": 3.0, **(push or {})}
        pulled = {"request": {"table": "hearing"}, "publish_topic": "court.hearing", "timeout": 3.0, **(pull or {})}
        wanted: dict[str, Any] = {
            "id": "court",
            "name": "HUD → Court",
            "file": "court.yaml",
            "push_adapter": "sql.table.v1",
            "pull_adapter": "sql.table.v1" if pull is not None else None,
            "source_topics": ("hud.hearing.created",),
            "target_endpoint": self.endpoint,
            "allow_private": LOOPBACK,
            "push": Push(**pushed),
            "pull": Pull(**pulled) if pull is not None else None,
            **changes,
        }
        return JobSpec(**wanted)

    def adapter(
        self, push: dict[str, Any] | None = None, pull: dict[str, Any] | None = None, **changes: Any
    ) -> SqlTableV1:
        """Make the adapter of such a job."""
        credentials = Credentials(login=self.login, password=self.password, extra=self.extra)
        return SqlTableV1(self.job(push, pull, **changes), credentials, NoPins())


class NoPins:
    """A database has no contract to pin."""

    def pinned(self, *_names: str) -> None:
        raise AssertionError

    def pin(self, *_pin: object) -> None:
        raise AssertionError


def message(key: str | None = None, **payload: Any) -> Delivery:
    """Build a message about a hearing."""
    return Delivery(
        id=1,
        message_id="m-1",
        job="court",
        topic="hud.hearing.created",
        ordering_key="court",
        idempotency_key=key or str(uuid.uuid4()),
        attempt=0,
        payload={"case_id": "HUD-22-109", "date": "2024-09-02", **payload},
        published_at="2024-08-01T00:00:00Z",
    )


@contextmanager
def postgresql_court() -> Iterator[Court]:
    """Start a PostgreSQL that is reached by TCP on the loopback address."""
    server = PrivatePostgres()
    try:
        with line_to(server.folder) as line:
            inside = f"host={server.folder} user=postgres dbname=court"
            with psycopg.connect(f"host={server.folder} user=postgres dbname=postgres", autocommit=True) as first:
                first.execute("CREATE DATABASE court")
                first.execute("ALTER DATABASE court SET synchronous_commit = off")
            court = Court("postgresql", f"postgresql://127.0.0.1:{line.port}/court", inside, server=server, line=line)
            court.sql(SCHEMA["postgresql"])
            yield court
    finally:
        server.close()


def sqlite_court(folder: Path) -> Court:
    """Make a file that is a court's database, and a connection that allows it."""
    file = folder / "court.db"
    endpoint = f"sqlite:///{file}"
    court = Court("sqlite", endpoint, str(file), extra={"url": endpoint})
    court.sql("PRAGMA journal_mode=WAL", SCHEMA["sqlite"])
    return court
