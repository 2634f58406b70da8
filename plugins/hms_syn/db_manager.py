"""Lets ``airflow db migrate`` make and upgrade our tables, wherever the connection ``hms_syn_db`` puts them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow import settings as airflow_settings
from airflow.utils.db_manager import BaseDBManager
from alembic import command
from sqlalchemy.engine import make_url

from hms_syn.hooks.audit import store_url
from hms_syn.store import schema, tables
from hms_syn.store.engine import open_engine

if TYPE_CHECKING:
    from sqlalchemy import Engine

HERE = Path(__file__).parent


class HmsSynDBManager(BaseDBManager):
    """Our tables with their own Alembic history: beside Airflow's own, and where ``hms_syn_db`` points.

    ``airflow db reset`` leaves them alone: what waits in the queue and the audit trail are not Airflow's to drop.
    """

    metadata = tables.metadata
    version_table_name = schema.VERSION_TABLE
    migration_dir = str(HERE / "migrations")
    alembic_file = str(HERE / "alembic.ini")
    supports_table_dropping = False
    revision_heads_map = {"0.1.0": "0001", "0.2.0": "0002", "0.3.0": "0004"}  # noqa: RUF012 - the base class declares it so

    def initdb(self, use_migration_files: bool = False) -> None:  # noqa: FBT001, FBT002 - the base class's signature
        """Make the tables in Airflow's database, and in the queue's own where there is one."""
        super().initdb(use_migration_files=use_migration_files)  # type: ignore[no-untyped-call]  # Airflow's own
        self._migrate_elsewhere()

    def upgradedb(self, *args: Any, **options: Any) -> None:
        """Upgrade the tables in Airflow's database, and in the queue's own where there is one."""
        super().upgradedb(*args, **options)  # type: ignore[no-untyped-call]  # Airflow's own
        if not options.get("show_sql_only"):
            self._migrate_elsewhere()

    def _migrate_elsewhere(self) -> None:
        url = store_url()
        if make_url(url) == make_url(str(airflow_settings.SQL_ALCHEMY_CONN)):
            return
        engine = open_engine(url)
        try:
            self._migrate(engine)
        finally:
            engine.dispose()

    def _migrate(self, engine: Engine) -> None:
        schema.create(engine)
        config = self.get_alembic_config()  # type: ignore[no-untyped-call]  # Airflow's own
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "heads")
        self.log.info("HMS-SYN's tables are ready in the database of the connection 'hms_syn_db'")
