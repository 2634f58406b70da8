"""Airflow's own tables of toggles and of who moved them, as Airflow itself makes them, beside ours in one database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

if TYPE_CHECKING:
    from hms_syn.store.sql_store import SqlStore

PRINT = """
import json
import airflow.jobs.job, airflow.models.asset, airflow.models.connection, airflow.models.dagbundle, airflow.models.log
import airflow.models.trigger
from airflow.models.base import Base
from airflow.models.dag import DagModel
from sqlalchemy import create_mock_engine
tables = Base.metadata.tables
wanted, todo = {}, WANTED
while todo:
    name = todo.pop()
    wanted[name] = tables[name]
    todo += [key.column.table.name for key in tables[name].foreign_keys if key.column.table.name not in wanted]
said = {}
for name in ("postgresql", "sqlite"):
    lines = said[name] = []
    write = lambda line, *_, **__: lines.append(str(line.compile(dialect=engine.dialect)))
    engine = create_mock_engine(name + "://", write)
    Base.metadata.create_all(engine, tables=list(wanted.values()), checkfirst=False)
print(json.dumps(said))
"""
FILLED = {
    "is_stale": False,
    "bundle_name": "syn-jobs",
    "timetable_type": "",
    "partition_mapper_info": "{}",
    "max_active_tasks": 16,
    "max_consecutive_failed_dag_runs": 0,
    "has_task_concurrency_limits": False,
}


REFERENCES = ("dag_schedule_asset_reference", "dag_schedule_asset_name_reference", "dag_schedule_asset_uri_reference")
WANTED = ("dag", "log", "job", "trigger", "connection", *REFERENCES)


@cache
def statements() -> dict[str, list[str]]:
    """Return what Airflow would run to make them, for each dialect."""
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "AIRFLOW_HOME": home}
        done = subprocess.run(
            [sys.executable, "-c", f"WANTED = {list(WANTED)}{PRINT}"],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
    return json.loads(done.stdout.splitlines()[-1])


class Toggles:
    """What a person in Airflow does to the toggles of DAGs in one store's database."""

    def __init__(self, store: SqlStore) -> None:
        self._engine = store.engine
        with self._engine.begin() as connection:
            for statement in statements()[self._engine.dialect.name]:
                connection.exec_driver_sql(statement)
            connection.execute(text("INSERT INTO dag_bundle (name, active) VALUES ('syn-jobs', :yes)"), {"yes": True})

    def found(self, *dag_ids: str, paused: bool = False) -> None:
        """Airflow finds DAGs."""
        names = ["dag_id", "is_paused", *FILLED]
        insert = f"INSERT INTO dag ({', '.join(names)}) VALUES ({', '.join(f':{name}' for name in names)})"
        self._run(insert, *({**FILLED, "dag_id": dag_id, "is_paused": paused} for dag_id in dag_ids))

    def lost(self, dag_id: str) -> None:
        """A DAG is deleted."""
        self._run("DELETE FROM dag WHERE dag_id = :dag_id", {"dag_id": dag_id})

    def moved(self, dag_id: str, *, paused: bool) -> None:
        """Somebody moves a toggle."""
        self._run("UPDATE dag SET is_paused = :paused WHERE dag_id = :dag_id", {"dag_id": dag_id, "paused": paused})

    def logged(self, event: str, owner: str, dag_id: str | None, **extra: Any) -> None:
        """Airflow logs who did something."""
        row = {"event": event, "owner": owner, "dag_id": dag_id, "extra": json.dumps(extra)}
        places = "CURRENT_TIMESTAMP, :event, :owner, :dag_id, :extra"
        self._run(f"INSERT INTO log (dttm, event, owner, dag_id, extra) VALUES ({places})", row)

    def __getitem__(self, dag_id: str) -> bool:
        """Return how a DAG's toggle stands."""
        with self._engine.connect() as connection:
            found = connection.execute(text("SELECT is_paused FROM dag WHERE dag_id = :dag_id"), {"dag_id": dag_id})
            return bool(found.scalar_one())

    def _run(self, statement: str, *rows: dict[str, Any]) -> None:
        with self._engine.begin() as connection:
            connection.execute(text(statement), list(rows))
