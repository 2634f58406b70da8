"""What a database's error means, read from its SQLSTATE or number, and never from its text.

SQLAlchemy's and the drivers' texts hold the statement and its values; nothing of them goes on.
"""

from __future__ import annotations

import sqlite3
from enum import Enum
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from hms_syn import errors
from hms_syn.adapters.http_status import LOGIN_WAIT
from hms_syn.domain.ack import printable


class Phase(Enum):
    """How far a transaction had come. Before the commit nothing is kept, whatever happens."""

    CONNECT = "connect"
    BEGIN = "begin"
    STATEMENT = "statement"
    COMMIT = "commit"


class Kind(Enum):
    """What to do about an error."""

    TAKEN = "taken"
    REFUSED = "refused"
    LOGIN = "login"
    BUSY = "busy"
    MISMATCH = "mismatch"
    LOST = "lost"
    OTHER = "other"


class TakenError(errors.VendorRefused):
    """A value that must be unique is there already: it may be our own, from an attempt before."""


RAISED = (SQLAlchemyError, sqlite3.Error, OSError)
"""What comes out of SQLAlchemy, the drivers and the resolver."""
_SQLSTATES: tuple[tuple[str, Kind], ...] = (
    ("23505", Kind.TAKEN),
    ("40003", Kind.LOST),  # statement completion unknown
    ("55P03", Kind.BUSY),  # lock not available
    ("55006", Kind.BUSY),  # object in use
    ("57014", Kind.BUSY),  # cancelled: our own statement_timeout
    ("57P03", Kind.BUSY),  # cannot connect now
    ("25006", Kind.BUSY),  # read only: a standby, until it is promoted
    ("22", Kind.REFUSED),
    ("23", Kind.REFUSED),
    ("27", Kind.REFUSED),  # triggered data change
    ("44", Kind.REFUSED),  # with check option
    ("54", Kind.REFUSED),  # program limit exceeded
    ("P0", Kind.REFUSED),  # a trigger or function of the vendor's says RAISE
    ("28", Kind.LOGIN),
    ("40", Kind.BUSY),
    ("53", Kind.BUSY),
    ("57", Kind.LOST),
    ("08", Kind.LOST),
    ("0A", Kind.MISMATCH),
    ("21", Kind.MISMATCH),
    ("26", Kind.MISMATCH),
    ("2D", Kind.MISMATCH),
    ("3D", Kind.MISMATCH),
    ("3F", Kind.MISMATCH),
    ("42", Kind.MISMATCH),  # missing table, column or privilege
)
"""By the beginning of the SQLSTATE, the first that fits (PostgreSQL, appendix A)."""
_ORACLE = {
    Kind.TAKEN: (1,),
    Kind.REFUSED: (
        1400, 1401, 1407, 1426, 1438, 1722, 1830, 1839, 1840, 1841, 1843, 1847, 1858, 1861, 2290, 2291, 2292, 12899,
        *range(20000, 21000),  # RAISE_APPLICATION_ERROR
    ),
    Kind.LOGIN: (1005, 1017, 1045, 28000, 28001),
    Kind.BUSY: (18, 20, 54, 60, 1013, 1033, 1034, 1089, 8177, 12516, 12518, 12519, 12520, 30006),
    Kind.MISMATCH: (900, 903, 904, 913, 932, 942, 947, 1031, 1747, 4043, 6550, 6576, 12505, 12514),
    Kind.LOST: (28, 41, 1012, 1041, 1092, 3113, 3114, 3135, 12152, 12170, 12537, 12541, 12547, 12571),
}  # fmt: skip
"""By the number after ``ORA-`` (Oracle Database Error Messages)."""
_SQLITE = {
    Kind.REFUSED: (18, 19, 20),  # too big, constraint, mismatch
    Kind.BUSY: (5, 6, 9, 13, 17),  # busy, locked, interrupted by our deadline, full, schema changed
    Kind.MISMATCH: (1, 3, 8, 11, 23, 26),  # no such table or column, and a file that cannot be used
    Kind.LOST: (10, 14),  # the disk failed, or the file is not there: its folder may be mounted again
}
_SQLITE_UNIQUE = (1555, 2067, 2579)
_ORACLE_DRIVER_LOST = ("DPY-1001", "DPY-4011", "DPY-4024", "DPY-6")


def meaning(error: BaseException, phase: Phase) -> errors.SynError:
    """Return the error of ours that a driver's error is. It names a state, and at most a constraint or column."""
    orig: Any = getattr(error, "orig", None) or error
    kind, code = _kind(orig, phase)
    told = f"{code.replace('_', ' ').upper()}{_constraint(orig)}"
    if kind is Kind.LOGIN:
        return errors.LoginRefused(
            f"The database does not accept our login ({told}); check user, password and database of the connection.",
            code=code,
            retry_after=LOGIN_WAIT,
        )
    if kind is Kind.MISMATCH:
        return errors.ContractMismatch(
            f"The job does not fit the database, or our user may not do this ({told}); nothing was kept.", code=code
        )
    if kind is Kind.BUSY:
        return errors.VendorBusy(f"The database asks for patience ({told}); nothing was kept.", code=code)
    if kind in (Kind.TAKEN, Kind.REFUSED):
        refused = TakenError if kind is Kind.TAKEN else errors.VendorRefused
        return refused(f"The database refuses this message ({told}).", code=code)
    if phase in (Phase.CONNECT, Phase.BEGIN):
        return errors.NotSent(f"The database could not be reached ({told}); nothing was sent.", code="connect")
    if phase is Phase.COMMIT:
        return errors.OutcomeUnknown("The database was lost in the commit; it may have the row.", code="commit_lost")
    if kind is Kind.LOST:
        return errors.VendorBusy("The database was lost before the commit; nothing was kept.", code="connection_lost")
    return errors.OutcomeUnknown(f"The database failed in a way we do not know ({told}).", code=code)


def _kind(orig: Any, phase: Phase) -> tuple[Kind, str]:
    if isinstance(orig, sqlite3.Error):
        return _of_sqlite(orig)
    state = getattr(orig, "sqlstate", None)
    if state:
        return next((kind for start, kind in _SQLSTATES if state.startswith(start)), Kind.OTHER), f"sql_{state.lower()}"
    full_code = str(getattr(orig.args[0], "full_code", "")) if orig.args else ""
    if full_code:
        return _of_oracle(full_code), full_code.lower().replace("-", "_")
    # libpq tells no SQLSTATE of a login that failed, but whether it was asked for a password.
    libpq = getattr(orig, "pgconn", None)
    if phase is Phase.CONNECT and libpq is not None and (libpq.needs_password or libpq.used_password):
        return Kind.LOGIN, "login_refused"
    return (Kind.LOST if phase is not Phase.STATEMENT or _is_lost(orig) else Kind.OTHER), "no_sqlstate"


def _is_lost(orig: Any) -> bool:
    """Return True for the class of errors that drivers keep for the connection and the server."""
    return {"OperationalError", "InterfaceError"} & {kind.__name__ for kind in type(orig).__mro__} != set()


def _of_sqlite(orig: sqlite3.Error) -> tuple[Kind, str]:
    extended = getattr(orig, "sqlite_errorcode", None)
    if extended is None:  # before Python 3.11, or an error of the module and not of SQLite
        known: tuple[tuple[type[sqlite3.Error], Kind], ...] = (
            (sqlite3.IntegrityError, Kind.TAKEN),
            (sqlite3.OperationalError, Kind.BUSY),
            (sqlite3.DataError, Kind.REFUSED),
        )
        return next((kind for sort, kind in known if isinstance(orig, sort)), Kind.OTHER), "sqlite"
    code = str(getattr(orig, "sqlite_errorname", "sqlite")).lower()
    if extended in _SQLITE_UNIQUE:
        return Kind.TAKEN, code
    return next((kind for kind, numbers in _SQLITE.items() if extended & 0xFF in numbers), Kind.OTHER), code


def _of_oracle(full_code: str) -> Kind:
    if full_code.startswith(_ORACLE_DRIVER_LOST):
        return Kind.LOST
    number = int(full_code.removeprefix("ORA-")) if full_code.startswith("ORA-") else 0
    return next((kind for kind, numbers in _ORACLE.items() if number in numbers), Kind.OTHER)


def _constraint(orig: Any) -> str:
    """Return the catalog's name of what stood in the way, where PostgreSQL tells it apart from its text."""
    diag = getattr(orig, "diag", None)
    name = getattr(diag, "constraint_name", None) or getattr(diag, "column_name", None)
    return f", {printable(str(name))[:100]}" if name else ""
