"""One statement, one round trip: a PostgreSQL statement that is a whole transaction by itself.

BEGIN and COMMIT would cost two more. A statement that must not take effect unless what it counted is right divides by
nought otherwise, and is rolled back whole; whoever sent it then runs the same changes in a transaction of several
statements, where it can be told what was wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

from hms_syn.errors import StoreUnavailable
from hms_syn.store.engine import open_engine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hms_syn.store.engine import Clock

GUARD = "1 / (CASE WHEN {0} THEN 1 ELSE 0 END)"
"""SQL that fails unless a condition holds."""


class NotSo(Exception):
    """What the statement counted was not as it must be; nothing of it was done."""


class Direct:
    """Connections that commit every statement by themselves, on drivers that can prepare."""

    def __init__(self, url: str, *, clock: Clock) -> None:
        self._engine = open_engine(url, clock=clock, pool_reset_on_return=None)  # nothing is ever left open here
        self._driver: Any = self._engine.dialect.loaded_dbapi

    def run(self, statement: str, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """Run a statement and return its one row.

        :raises NotSo: its guard did not hold · :raises StoreUnavailable: no answer; it may have been done
        """
        fairy = None
        try:
            fairy = self._engine.raw_connection()
            connection: Any = fairy.dbapi_connection
            if not connection.autocommit:
                _prepare(connection)
            row: tuple[Any, ...] = connection.execute(statement, values).fetchone()
        except self._driver.errors.DivisionByZero:
            raise NotSo from None
        except self._driver.ProgrammingError:  # no such table: the longer way says so
            raise NotSo from None
        except (DBAPIError, self._driver.OperationalError, self._driver.InterfaceError, OSError) as error:
            if fairy is not None:
                fairy.invalidate()
            self._engine.dispose()  # the others that lay idle are as dead
            raise StoreUnavailable(f"The queue's database did not answer ({type(error).__name__})") from None
        finally:
            if fairy is not None:
                fairy.close()
        return row

    def close(self) -> None:
        """Give every connection back."""
        self._engine.dispose()


def _prepare(connection: Any) -> None:
    """Plan each statement once: all of them find their rows by an index, whatever statistics say of a young table."""
    connection.autocommit = True
    connection.execute("SET plan_cache_mode = force_generic_plan")
    connection.execute("SET enable_seqscan = off")
