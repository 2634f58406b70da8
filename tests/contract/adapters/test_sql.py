"""``sql.table.v1`` keeps what every adapter promises, in a file of SQLite and on a real PostgreSQL."""

from __future__ import annotations

from tests.vendors.database_court import PostgresCourt, SqliteCourt
from tests.vendors.started_once import StartedOnce

from hms_syn.conformance import Conformance


class TestSqlInAFile(Conformance):
    """A database that is a file."""

    pretend_vendor = SqliteCourt


class TestSqlOnPostgres(StartedOnce, Conformance):
    """A database behind a line that can fall silent."""

    pretend_vendor = PostgresCourt
