"""One kept connection to a vendor's database: transactions with an end, and errors of ours for what goes wrong."""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event, literal_column, select, text
from sqlalchemy.exc import NoSuchModuleError
from sqlalchemy.pool import NullPool

from hms_syn import errors
from hms_syn.adapters.deadline import Deadline
from hms_syn.adapters.sql import sql_errors
from hms_syn.adapters.sql.sql_errors import Phase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hms_syn.adapters.sql.sql_place import Door

DRIVERS = {"postgresql": "postgresql+psycopg", "oracle": "oracle+oracledb", "sqlite": "sqlite+pysqlite"}
_EXTRAS = {"postgresql": "postgres", "oracle": "oracle"}
_GRACE = 0.5
"""Seconds the database has to cancel by itself before the connection is cut."""
_LOCK_SHARE = 0.8
"""Part of the time that is waited for a lock: so that the database can still say that it was one."""
_STEPS = 1000
"""Instructions of SQLite between two looks at the clock."""
_BEGIN = text(
    "SELECT set_config('statement_timeout', :statement, true), set_config('lock_timeout', :lock, true), "
    "set_config('TimeZone', 'UTC', true)"
)
_READ_ONLY = text("SET TRANSACTION READ ONLY")


class Session:
    """A connection that is made when it is first needed, kept, and looked at again before each use.

    ``timeout`` is the seconds a transaction may take, connecting included. ``reads`` makes every transaction read-only.
    """

    def __init__(self, door: Door, *, timeout: float, reads: bool = False) -> None:
        self.dialect = door.place.dialect
        self._door = door
        self._timeout = timeout
        self._reads = reads
        self._engine: Engine | None = None
        self._connection: Connection | None = None
        self._deadline = Deadline(0)
        self._phase = Phase.CONNECT
        self._dialled: threading.Timer | None = None

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Commit what is done inside; roll back if anything is raised.

        :raises errors.SynError: as :func:`sql_errors.meaning` reads what the driver raised
        """
        self._deadline = Deadline(self._timeout)
        try:
            connection = self._begun()
            with _bounded(connection, self.dialect, self._deadline):
                self._phase = Phase.STATEMENT
                yield connection
                self._phase = Phase.COMMIT
                connection.commit()
        except sql_errors.RAISED as error:
            self._roll_back()
            raise sql_errors.meaning(error, self._phase) from None
        except BaseException:
            self._roll_back()
            raise

    def ping(self) -> None:
        """Return if the database lets us in and answers a question.

        :raises errors.SynError: as :meth:`transaction` does
        """
        with self.transaction() as connection:
            connection.execute(select(literal_column("1"))).one()

    def close(self) -> None:
        """Give the connection back."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(*sql_errors.RAISED):
                connection.close()
        if self._engine is not None:
            self._engine.dispose()

    def _begun(self) -> Connection:
        """Begin a transaction; a kept connection that has died in the meantime is made anew, once."""
        self._phase = Phase.BEGIN
        if self._connection is not None:
            try:
                return self._begin(self._connection)
            except sql_errors.RAISED as error:
                if not isinstance(sql_errors.meaning(error, self._phase), errors.NotSent):
                    raise
                self.close()
        self._phase = Phase.CONNECT
        self._connection = self._connect()
        self._phase = Phase.BEGIN
        return self._begin(self._connection)

    def _connect(self) -> Connection:
        if self._engine is None:
            self._engine = _engine(self.dialect)
            event.listen(self._engine, "do_connect", self._dial)
            if self.dialect == "sqlite":
                event.listen(self._engine, "begin", self._begin_sqlite)
        try:
            return self._engine.connect()
        finally:
            if self._dialled is not None:
                self._dialled.cancel()

    def _dial(self, dialect: Any, _record: Any, _arguments: Any, given: dict[str, Any]) -> Any:
        """Connect as the door says; of what SQLAlchemy says only its types go along, and its first questions end."""
        own = {"context": given["context"]} if "context" in given else {}
        driver = dialect.connect(**own, **self._door.arguments(self._deadline))
        if self.dialect != "sqlite":
            self._dialled = _cut_after(self._deadline, self.dialect, driver)
        return driver

    def _begin(self, connection: Connection) -> Connection:
        left = self._deadline.left()
        driver: Any = connection.connection.dbapi_connection
        with _bounded(connection, self.dialect, self._deadline):
            if self.dialect == "postgresql":
                if self._reads:
                    connection.execute(_READ_ONLY)
                limits = {"statement": f"{_millis(left)}ms", "lock": f"{_millis(left * _LOCK_SHARE)}ms"}
                connection.execute(_BEGIN, limits)
            elif self.dialect == "oracle":
                driver.call_timeout = _millis(left)
                connection.exec_driver_sql("SET TRANSACTION READ ONLY" if self._reads else "SELECT 1 FROM DUAL")
            else:
                driver.execute(f"PRAGMA busy_timeout={_millis(left)}").close()
                driver.execute(f"PRAGMA query_only={'on' if self._reads else 'off'}").close()
                connection.begin()
        return connection

    def _begin_sqlite(self, connection: Connection) -> None:
        """Take the write lock at once: a transaction that reads first cannot wait for it."""
        connection.exec_driver_sql("BEGIN" if self._reads else "BEGIN IMMEDIATE")

    def _roll_back(self) -> None:
        if self._connection is None:
            return
        try:
            with _bounded(self._connection, self.dialect, Deadline(_GRACE)):
                self._connection.rollback()
        except sql_errors.RAISED:
            self.close()


def _engine(dialect: str) -> Engine:
    try:
        return create_engine(f"{DRIVERS[dialect]}://", poolclass=NullPool, hide_parameters=True)
    except (ImportError, NoSuchModuleError):
        extra = _EXTRAS.get(dialect, dialect)
        raise errors.ContractMismatch(
            f"The driver for {dialect} is not installed; install hms-syn[{extra}].", code="no_driver"
        ) from None


@contextmanager
def _bounded(connection: Connection, dialect: str, deadline: Deadline) -> Iterator[None]:
    """Let nothing inside wait much beyond the deadline, whatever the database does or does not do."""
    driver: Any = connection.connection.dbapi_connection
    if dialect == "sqlite":
        end = time.monotonic() + _left(deadline)
        driver.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
        try:
            yield
        finally:
            driver.set_progress_handler(None, 0)
        return
    timer = _cut_after(deadline, dialect, driver)
    try:
        yield
    finally:
        timer.cancel()


def _cut_after(deadline: Deadline, dialect: str, driver: Any) -> threading.Timer:
    timer = threading.Timer(_left(deadline) + _GRACE, _cut_oracle if dialect == "oracle" else _cut, (driver,))
    timer.daemon = True
    timer.start()
    return timer


def _left(deadline: Deadline) -> float:
    try:
        return deadline.left()
    except TimeoutError:
        return 0.0


def _cut(driver: Any) -> None:
    """Close the line under libpq, which then finds that it has lost its server."""
    with suppress(Exception), socket.socket(fileno=os.dup(driver.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)


def _cut_oracle(driver: Any) -> None:
    with suppress(Exception):
        driver.cancel()


def _millis(seconds: float) -> int:
    return max(1, round(seconds * 1000))
