"""What an examination reads of Airflow's own tables: which components are alive, which DAGs and triggers are there.

Everything here only reads. Columns of Airflow's that are named here are held to by a test with Airflow's own tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import inspect

from hms_syn.store.airflow_toggles import moment_of
from hms_syn.store.statements import SECOND, sql

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

COMPONENTS = {"scheduler": "SchedulerJob", "triggerer": "TriggererJob", "dag-processor": "DagProcessorJob"}
"""Airflow's components that beat in its table ``job``, with their names there."""
BEATS = """SELECT job_type, MAX(latest_heartbeat) AS beat, {now} AS now FROM job
            WHERE state = 'running' AND latest_heartbeat IS NOT NULL GROUP BY job_type"""
DAGS = "SELECT dag_id, is_paused, is_stale FROM dag WHERE dag_id LIKE 'syn.%'"
TRIGGERS = """SELECT t.classpath, COUNT(*) AS made, COUNT(j.id) AS held
                FROM "trigger" t LEFT JOIN job j ON j.id = t.triggerer_id AND j.state = 'running'
               WHERE t.classpath LIKE 'hms_syn.%' GROUP BY t.classpath"""


@dataclass(frozen=True, slots=True)
class Held:
    """How many triggers of one kind there are, and how many of them a running triggerer has taken."""

    made: int = 0
    held: int = 0


def is_there(connection: Connection) -> bool:
    """Return whether Airflow's tables are in this database."""
    return all(inspect(connection).has_table(table) for table in ("dag", "job", "trigger"))


def silences(connection: Connection) -> Mapping[str, float | None]:
    """Return for how many seconds each of Airflow's components has been silent; None for one that does not run."""
    rows = {row.job_type: row for row in connection.execute(sql(connection, BEATS))}
    found = {name: rows.get(kind) for name, kind in COMPONENTS.items()}
    return {
        name: None if row is None else max(0.0, (row.now - moment_of(row.beat)) / SECOND) for name, row in found.items()
    }


def dags(connection: Connection) -> Mapping[str, bool]:
    """Return the DAGs of jobs and the heartbeat's that Airflow has now, and whether each is paused."""
    rows = connection.execute(sql(connection, DAGS))
    return {row.dag_id: bool(row.is_paused) for row in rows if not row.is_stale}


def triggers(connection: Connection) -> Mapping[str, Held]:
    """Return our triggers by the last part of their name: doorbells, pings and others."""
    rows = connection.execute(sql(connection, TRIGGERS))
    return {row.classpath.rpartition(".")[2]: Held(row.made, row.held) for row in rows}
