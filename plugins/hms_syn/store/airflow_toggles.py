"""Airflow's own tables, where they are in this database: the toggles of a job's DAGs, who moved them, who listens.

These are the only words about Airflow's schema below the line: ``dag`` is read and its ``is_paused`` set, ``log`` and
what DAGs are scheduled by are read. A test in a real Airflow holds them to it.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from hms_syn.domain.ack import printable
from hms_syn.store.statements import SECOND, sql

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

SKEW = 60
"""Seconds the api-server's clock may be behind the database's."""
NOBODY = ("hms-syn", "its DAG was found paused; Airflow's log names nobody")
ANYBODY = ("airflow", "Airflow's log names nobody")
NAME = 250
DAG_ID = "'syn.' || j.job || CASE WHEN j.topics = '[]' THEN '.pull' ELSE '.push' END"
"""The DAG whose toggle is the job's: of the way out, or of the way in where there is no other."""
JOINED = f"hms_syn_job j LEFT JOIN dag d ON d.dag_id = {DAG_ID}"
IS_OFF = """(CASE WHEN d.is_paused IS NULL OR d.is_paused = j.dag_paused THEN j.paused
                  ELSE d.is_paused OR (j.paused AND j.dag_paused IS NULL) END)"""
"""domain.switching.is_off, in SQL."""
IS_GONE = """EXISTS (SELECT 1 FROM dag x WHERE x.dag_id IN ('syn.' || j.job || '.push', 'syn.' || j.job || '.pull')
                     AND x.is_stale)"""
"""Whether Airflow had a DAG of the job and has none any more: its file is gone, or switched off."""
EVENTS = {"patch_dag": None, "patch_dags": None, "cli_dag_pause": True, "cli_dag_unpause": False}
"""What Airflow writes into its log of a toggle: by its page and REST API, for many DAGs at once, by its command."""
LOG = """SELECT event, owner, dag_id, extra, dttm FROM log
          WHERE event IN ('patch_dag', 'patch_dags', 'cli_dag_pause', 'cli_dag_unpause') ORDER BY id DESC LIMIT 100"""
"""A toggle is noticed within a second, so who moved it is among the newest."""


def toggle_of(connection: Connection, dag_id: str) -> bool | None:
    """Return a DAG's toggle; None when Airflow has no such DAG."""
    statement = sql(connection, "SELECT is_paused FROM dag WHERE dag_id = :dag_id")
    found = connection.execute(statement, {"dag_id": dag_id}).scalar_one_or_none()
    return None if found is None else bool(found)


def all_of(connection: Connection) -> dict[str, bool]:
    """Return the toggles of all DAGs of jobs."""
    rows = connection.execute(sql(connection, "SELECT dag_id, is_paused FROM dag WHERE dag_id LIKE 'syn.%'"))
    return {dag_id: bool(is_paused) for dag_id, is_paused in rows.all()}


def is_served(connection: Connection, job: str) -> bool:
    """Return whether Airflow has a DAG of a job whose file it has not seen vanish."""
    statement = sql(connection, "SELECT 1 FROM dag WHERE dag_id IN (:push, :pull) AND NOT is_stale")
    return connection.execute(statement, {"push": f"syn.{job}.push", "pull": f"syn.{job}.pull"}).first() is not None


def is_heard(connection: Connection, asset: str, uri: str) -> bool:
    """Return whether a DAG that is on is scheduled by single events of an asset, in the Airflow of this database."""
    found = connection.execute(
        sql(
            connection,
            """SELECT 1 FROM dag d WHERE d.timetable_partitioned AND NOT d.is_paused AND NOT d.is_stale
                AND (EXISTS (SELECT 1 FROM dag_schedule_asset_reference r JOIN asset a ON a.id = r.asset_id
                              WHERE r.dag_id = d.dag_id AND a.name = :asset)
                  OR EXISTS (SELECT 1 FROM dag_schedule_asset_name_reference WHERE dag_id = d.dag_id AND name = :asset)
                  OR EXISTS (SELECT 1 FROM dag_schedule_asset_uri_reference WHERE dag_id = d.dag_id AND uri = :uri))""",
        ),
        {"asset": asset, "uri": uri},
    )
    return found.first() is not None


def put(connection: Connection, job: str, *, paused: bool) -> None:
    """Set the toggles of both DAGs of a job, as Airflow's own command and bulk request do."""
    connection.execute(
        sql(connection, "UPDATE dag SET is_paused = :paused WHERE dag_id IN (:push, :pull) AND is_paused <> :paused"),
        {"paused": paused, "push": f"syn.{job}.push", "pull": f"syn.{job}.pull"},
    )


def who(connection: Connection, dag_id: str, *, paused: bool, since: int) -> tuple[str, str] | None:
    """Return who has moved a DAG's toggle this way after ``since`` (microseconds), and how; None when nobody says."""
    for row in connection.execute(sql(connection, LOG)):
        if moment_of(row.dttm) + SKEW * SECOND < since:
            return None
        if row.owner and _speaks_of(row, dag_id, paused=paused):
            return printable(row.owner)[:NAME], f"in Airflow ({row.event})"
    return None


def _speaks_of(row: Row[Any], dag_id: str, *, paused: bool) -> bool:
    """Return whether a row of Airflow's log is about this toggle and this way."""
    try:
        extra = json.loads(row.extra or "{}")
        way = EVENTS[row.event]
        if (extra.get("is_paused") if way is None else way) is not paused:
            return False
        if row.event == "patch_dags":
            part = str(extra.get("dag_id_pattern") or extra.get("dag_id_prefix_pattern") or "")
            return part.strip("%~").lower() in dag_id.lower()
        is_regex = row.event.startswith("cli_") and "--treat-dag-id-as-regex" in extra.get("full_command", "")
        return bool(row.dag_id == dag_id or (is_regex and re.search(row.dag_id, dag_id)))
    except (ValueError, AttributeError, re.error):
        return False


def moment_of(stored: Any) -> int:
    """Return a time of Airflow's log in microseconds; SQLite hands over its text."""
    if isinstance(stored, str):
        stored = datetime.fromisoformat(stored).replace(tzinfo=timezone.utc)
    return int(stored.timestamp() * SECOND)
