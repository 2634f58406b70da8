"""Making and checking the tables where Airflow does not do it: tests, and ``hms-syn run`` on a fresh SQLite file."""

from __future__ import annotations

from sqlalchemy import Engine, inspect, text

from hms_syn.errors import StoreNotReady
from hms_syn.store import tables
from hms_syn.store.engine import missing_file, not_there_yet

VERSION_TABLE = "hms_syn_alembic_version"
HEAD = "0004"
"""The newest revision in migrations/versions; a test compares."""


def create(engine: Engine) -> None:
    """Make all tables at the newest revision; nothing happens when they are there."""
    if inspect(engine).has_table(VERSION_TABLE):
        return
    with engine.begin() as connection:
        tables.metadata.create_all(connection)
        connection.execute(text(f"CREATE TABLE {VERSION_TABLE} (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
        connection.execute(text(f"INSERT INTO {VERSION_TABLE} VALUES ('{HEAD}')"))  # noqa: S608 - constants


def check(engine: Engine) -> None:
    """Return when the tables are there at our revision.

    :raises StoreNotReady: otherwise, saying which command makes or upgrades them, or that this release is too old
    """
    is_missing = missing_file(engine.url) is not None  # to look into it would make it
    if is_missing or not inspect(engine).has_table(VERSION_TABLE):
        raise StoreNotReady(not_there_yet(engine))
    with engine.connect() as connection:
        found = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608 - a constant
    if str(found) > HEAD:
        raise StoreNotReady(
            f"The queue's tables are at revision {found}, newer than this release, which knows {HEAD}; "
            "install the release that upgraded them on every machine"
        )
    if found != HEAD:
        raise StoreNotReady(
            f"The queue's tables are at revision {found}, this release needs {HEAD}; run 'airflow db migrate'"
        )
