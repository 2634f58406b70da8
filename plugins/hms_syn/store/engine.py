"""Opening the store's database the one right way for each dialect."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from hms_syn.errors import StoreNotConfigured

Clock = Callable[[], float]
BUSY_SECONDS = 30
FROZEN_SECONDS = 30
WAL_PAGES = 200
"""SQLite's log is written back at 0.8 MiB, so that a small disk is not filled by it."""
NOW = {
    "postgresql": "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)",
    "sqlite": "hms_syn_now()",
}
"""SQL for the store's clock in microseconds. On SQLite the database is this machine, so it is this process's clock."""


def open_engine(url: str, *, clock: Clock = time.time, **options: Any) -> Engine:
    """Make an engine for the store; no connection is opened yet.

    SQLite: WAL, ``BEGIN IMMEDIATE`` (a deferred transaction that reads first fails at once with "database is locked",
    whatever the timeout), a 30 s wait for the write lock, and ``synchronous=FULL`` so that an accepted event survives
    a power cut.

    :raises StoreNotConfigured: for anything but PostgreSQL and SQLite
    """
    try:
        parsed = make_url(url)
        dialect = parsed.get_backend_name()
    except (ArgumentError, NoSuchModuleError):
        raise StoreNotConfigured("hms_syn_db: not an SQLAlchemy URL; write e.g. postgresql+psycopg2://…/…") from None
    if dialect not in NOW:
        raise StoreNotConfigured(
            f"hms_syn_db: {dialect} is not supported; the queue needs PostgreSQL 13 or later, or SQLite"
        )
    if dialect == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")  # the one driver here that prepares its statements
        engine = create_engine(parsed, pool_size=4, max_overflow=60, pool_timeout=BUSY_SECONDS, **options)
        event.listen(engine, "connect", lambda connection, _record: _prepare_postgresql(connection))
        return engine
    engine = create_engine(parsed, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}, **options)
    event.listen(engine, "connect", lambda connection, _record: _prepare_sqlite(connection, clock))
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def missing_file(url: str | URL) -> str | None:
    """Return the file of an SQLite database that is not there; to open it would make it."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        return None  # open_engine says what is wrong with it
    is_file = parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:")
    return parsed.database if is_file and not Path(str(parsed.database)).exists() else None


def shown_place(url: str | URL) -> str:
    """Return where a database is, without its login."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return f"SQLite file {parsed.database}"
    host = parsed.host or parsed.query.get("host") or "localhost"
    return f"{parsed.get_backend_name()} {parsed.database} at {host}"


def not_there_yet(engine: Engine) -> str:
    """Return the sentence for a database without our tables: often it is another one than was meant."""
    return (
        f"The queue's tables are not there yet in {shown_place(engine.url)}; run 'airflow db migrate', or correct "
        "AIRFLOW_HOME or the connection hms_syn_db"
    )


def reading(engine: Engine) -> Engine:
    """Return the same engine for transactions that only read: on SQLite they take no write lock."""
    return engine.execution_options(hms_syn_reading=True)


def make_room(engine: Engine) -> bool:
    """Write SQLite's log back and cut it: on a full disk that may be the only room there is.

    It is also where the last copy of an erased payload is. False while somebody reads what is older than that.
    """
    connection = engine.raw_connection()
    try:
        [is_busy, *_] = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.close()
    return not is_busy


def lend_clock(connection: Connection, clock: Clock) -> None:
    """Teach a caller's own SQLite connection the store's clock, so that an event can join its transaction."""
    _teach_clock(connection.connection.dbapi_connection, clock)


def _teach_clock(dbapi_connection: Any, clock: Clock) -> None:
    dbapi_connection.create_function("hms_syn_now", 0, lambda: int(clock() * 1_000_000))


def _begin_sqlite(connection: Connection) -> None:
    only_reads = connection.get_execution_options().get("hms_syn_reading")
    connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")


def _prepare_postgresql(connection: Any) -> None:
    """Let the server end a transaction whose process was frozen in the middle of it: its locks hold up a lane."""
    connection.prepare_threshold = 2
    connection.execute(f"SET idle_in_transaction_session_timeout = '{FROZEN_SECONDS}s'")
    connection.commit()


def _prepare_sqlite(connection: Any, clock: Clock) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    _teach_clock(connection, clock)
    for pragma in (
        f"busy_timeout={BUSY_SECONDS * 1000}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"wal_autocheckpoint={WAL_PAGES}",
        "secure_delete=ON",  # what is erased is overwritten, not only marked as free
    ):
        connection.execute(f"PRAGMA {pragma}").close()
