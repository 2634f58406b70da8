"""The rights that a database user of our own needs on PostgreSQL, and no others.

Such a user owns nothing: the tables belong to whoever runs ``airflow db migrate``. It can add to the audit trail and
never change or remove a row of it, and of Airflow's own tables it sees what pausing a job needs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hms_syn.store import tables, views
from hms_syn.store.schema import VERSION_TABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT_ROLE = "hms_syn"
ROLE_NAME = r"[A-Za-z_][A-Za-z0-9_-]{0,62}"
ADD_ONLY = "SELECT, INSERT"
ADD_AND_CHANGE = "SELECT, INSERT, UPDATE"
EVERY_ROW = "SELECT, INSERT, UPDATE, DELETE"
OURS = {
    "hms_syn_audit": ADD_ONLY,
    "hms_syn_event": "SELECT, INSERT, UPDATE (routes, body, headers, salt, key_id, data_key, erased_at)",
    "hms_syn_attempt": ADD_AND_CHANGE,
    "hms_syn_chain": ADD_AND_CHANGE,
    "hms_syn_cursor": ADD_AND_CHANGE,
    "hms_syn_delivery": EVERY_ROW,
    "hms_syn_gate": ADD_AND_CHANGE,
    "hms_syn_incident": ADD_AND_CHANGE,
    "hms_syn_job": EVERY_ROW,  # a job that is retired leaves the register
    "hms_syn_lane": EVERY_ROW,
    "hms_syn_pin": EVERY_ROW,
    "hms_syn_registry": "SELECT, UPDATE",
    "hms_syn_settled": EVERY_ROW,  # a message that is replayed leaves the archive
    "hms_syn_tree": "SELECT, UPDATE",
    "hms_syn_tree_head": ADD_ONLY,
    "hms_syn_vendor": ADD_AND_CHANGE,
    "hms_syn_vendor_change": ADD_AND_CHANGE,
    VERSION_TABLE: "SELECT",
    **dict.fromkeys(views.NAMES, "SELECT"),
}
"""Each of our tables and views, and what is done there."""
AIRFLOWS = {
    "dag": "SELECT (dag_id, is_paused, is_stale, timetable_partitioned), UPDATE (is_paused)",
    "log": "SELECT (id, dttm, dag_id, event, owner, extra)",
    "asset": "SELECT (id, name)",
    "dag_schedule_asset_reference": "SELECT (dag_id, asset_id)",
    "dag_schedule_asset_name_reference": "SELECT (dag_id, name)",
    "dag_schedule_asset_uri_reference": "SELECT (dag_id, uri)",
}
"""What airflow_toggles reads and sets of Airflow's own tables, where they are in this database."""


_RIGHT = re.compile(r"(\w+)(?: \(([^)]*)\))?(?:, |$)")


def parts(rights: str) -> list[tuple[str, list[str]]]:
    """Return each right of a GRANT with its columns, none for the whole table.

    >>> parts("SELECT, UPDATE (is_paused, is_stale)")
    [('SELECT', []), ('UPDATE', ['is_paused', 'is_stale'])]
    """
    return [(right, columns.split(", ") if columns else []) for right, columns in _RIGHT.findall(rights)]


def sequences() -> list[str]:
    """Return the names of the sequences behind our tables' keys, as PostgreSQL makes them."""
    columns = [(table.name, table.autoincrement_column) for table in tables.metadata.sorted_tables]
    return [f"{table}_{column.name}_seq" for table, column in columns if column is not None]


def script(role: str = DEFAULT_ROLE) -> str:
    """Return the SQL that makes a role, where it is missing, and gives it these rights instead of any it had.

    Whoever owns the tables runs it after ``airflow db migrate``, in the database of the connection ``hms_syn_db``.
    """
    return "\n".join(_lines(role)) + "\n"


def _lines(role: str) -> Iterator[str]:
    numbers = ", ".join(sequences())
    yield f"-- The rights of the database user {role} (PostgreSQL). Run this in the database of the connection"
    yield "-- hms_syn_db, as the owner of its tables, after each 'airflow db migrate'."
    yield "BEGIN;"
    yield "DO $$ BEGIN"
    yield f"  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN"
    yield f'    CREATE ROLE "{role}" LOGIN;  -- without a password: set one, or let the server know it by other means'
    yield "  END IF;"
    yield "  IF EXISTS (SELECT FROM pg_class WHERE oid IN ('hms_syn_audit'::regclass, to_regclass('dag'))"
    yield f"             AND pg_has_role('{role}', relowner, 'USAGE')) THEN"
    yield f"    RAISE EXCEPTION '{role} owns the tables or is a superuser; choose a role that does not';"
    yield "  END IF;"
    yield f"  EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), '{role}');"
    yield "END $$;"
    yield f'REVOKE ALL ON {", ".join(OURS)} FROM "{role}";'
    yield from (f'GRANT {rights} ON {table} TO "{role}";' for table, rights in OURS.items())
    yield f'REVOKE ALL ON SEQUENCE {numbers} FROM "{role}";'
    yield f'GRANT USAGE, SELECT ON SEQUENCE {numbers} TO "{role}";'
    yield "-- Where Airflow's own tables are in this database: a job's switch is its DAG's toggle."
    yield "DO $$ BEGIN"
    for table, rights in AIRFLOWS.items():
        yield f"  IF to_regclass('{table}') IS NOT NULL THEN"
        yield f'    REVOKE ALL ON {table} FROM "{role}";'
        yield f'    GRANT {rights} ON {table} TO "{role}";'
        yield "  END IF;"
    yield "END $$;"
    yield "COMMIT;"
