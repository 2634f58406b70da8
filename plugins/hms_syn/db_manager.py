"""Lets ``airflow db migrate`` make and upgrade our tables."""

from __future__ import annotations

from pathlib import Path

from airflow.utils.db_manager import BaseDBManager

from hms_syn.store import schema, tables

HERE = Path(__file__).parent


class HmsSynDBManager(BaseDBManager):
    """Our tables beside Airflow's own, with their own Alembic history."""

    metadata = tables.metadata
    version_table_name = schema.VERSION_TABLE
    migration_dir = str(HERE / "migrations")
    alembic_file = str(HERE / "alembic.ini")
    supports_table_dropping = True
    revision_heads_map = {"0.1.0": "0001"}  # noqa: RUF012 - the base class declares it so
