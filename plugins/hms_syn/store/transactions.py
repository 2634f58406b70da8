"""Running transactions: again where others got in the way, and database errors in our own words."""

from __future__ import annotations

import contextlib
import random
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, ProgrammingError

from hms_syn.errors import StoreNotReady, StoreRightsMissing, StoreUnavailable
from hms_syn.store.audit_trail import TipMoved
from hms_syn.store.bus import LaneGone
from hms_syn.store.engine import Clock, make_room, not_there_yet, open_engine, reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection, Engine

Result = TypeVar("Result")
TRIES = 20
FORBIDDEN = "42501"
"""PostgreSQL's code of a right that is missing."""


class Transactions:
    """One database, opened the right way; it may be shared between threads."""

    def __init__(self, url: str, *, clock: Clock = time.time) -> None:
        self.clock = clock
        self.engine = open_engine(url, clock=clock)
        self._reader = reading(self.engine)

    def write(self, work: Callable[[Connection], Result]) -> Result:
        """Run one transaction; again from its start where others got in its way, or its connection had died idle."""
        for number in range(TRIES):
            try:
                with self._words():
                    return _run(self.engine, work)
            except (LaneGone, TipMoved):
                time.sleep(random.uniform(0, 0.002 * number))  # noqa: S311 - spreads writers, guards nothing
        raise StoreUnavailable("Others kept changing the same lanes or messages; try again")

    def look(self, work: Callable[[Connection], Result]) -> Result:
        """Run one transaction that only reads; on SQLite it takes no write lock."""
        with self._words():
            return _run(self._reader, work)

    def make_room(self) -> bool:
        """Have SQLite's log written back and cut; elsewhere there is none. False where others keep it for now."""
        with self._words():
            return self.engine.dialect.name != "sqlite" or make_room(self.engine)

    @contextmanager
    def _words(self) -> Iterator[None]:
        """Translate database errors; the driver's text may hold values, so only its class is named."""
        try:
            yield
        except ProgrammingError as error:
            if getattr(error.orig, "sqlstate", None) == FORBIDDEN:
                raise StoreRightsMissing(
                    f"The queue's database refuses its user: {_refused(error)}; 'hms-syn init --sql' prints the rights "
                    "it needs"
                ) from None
            raise StoreNotReady(
                f"The queue's tables do not fit this release ({type(error.orig).__name__}); run 'airflow db migrate'"
            ) from None
        except (OperationalError, InterfaceError) as error:
            if "no such table" in str(error.orig):  # SQLite has no class of its own for this
                raise StoreNotReady(not_there_yet(self.engine)) from None
            if "disk is full" in str(error.orig):  # nor for this
                with contextlib.suppress(self.engine.dialect.loaded_dbapi.Error):
                    make_room(self.engine)
            raise StoreUnavailable(f"The queue's database did not answer ({type(error.orig).__name__})") from None
        except DBAPIError as error:
            raise StoreUnavailable(f"The queue's database refused ({type(error.orig).__name__})") from None


def _refused(error: ProgrammingError) -> str:
    """Return what was refused. Of this one error the server's sentence names a table or the like and holds no value."""
    return str(getattr(getattr(error.orig, "diag", None), "message_primary", None) or "a right is missing")


def _run(engine: Engine, work: Callable[[Connection], Result]) -> Result:
    """Run one transaction; on a new connection where the first turns out to be dead before anything was committed."""
    for is_last in (False, True):
        committing = False
        try:
            with engine.connect() as connection:
                with connection.begin():
                    result = work(connection)
                    committing = True
                return result
        except DBAPIError as error:
            if is_last or committing or not error.connection_invalidated:
                raise
    raise StoreUnavailable
