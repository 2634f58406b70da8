"""Airflow's own processes killed, and its buttons pressed: nothing is lost, nothing goes out that should not."""

from __future__ import annotations

import contextlib
import os
import signal
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.integration.conftest import eventually
from tests.integration.hand_offs import all_runs_ended, arrivals, put

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(300)]


def test_a_killed_worker_is_taken_over(place):
    """F15: kill -9 of the task and its supervisor in mid-send: delivered after the lease, one more arrival at most."""
    _, topic = place.job()
    place.manners.choose("silent")
    message_id = put(place, topic)
    eventually(lambda: place.store.trace(message_id)[0]["attempts"])
    eventually(lambda: arrivals(place, message_id) == 1)
    victims = _running_tasks(place.airflow.processes["scheduler"].pid)
    assert victims
    for pid in victims:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    place.manners.choose("ok")
    eventually(lambda: place.state_of(message_id) == "delivered")
    assert arrivals(place, message_id) == 2
    outcomes = [row["outcome"] for row in place.store.trace(message_id)[0]["attempts"]]
    assert outcomes == ["unknown", "acked"]


def test_a_killed_triggerer_delays_a_message_and_loses_none(place):
    """F13: while nobody listens a run by hand still sends; what was published meanwhile goes out after the restart."""
    (by_hand, one), (by_bell, other) = place.job(), place.job()
    place.airflow.kill("triggerer")
    try:
        sent, waits = put(place, one), put(place, other)
        place.airflow.trigger(f"syn.{by_hand}.push")
        eventually(lambda: place.state_of(sent) == "delivered")
        assert (place.state_of(waits), place.runs(by_bell)) == ("pending", [])
    finally:
        place.airflow.start_one("triggerer")
    eventually(lambda: place.state_of(waits) == "delivered")
    eventually(lambda: place.airflow.is_healthy() and all_runs_ended(place, by_bell))
    assert (arrivals(place, sent), arrivals(place, waits)) == (1, 1)


def test_a_restarted_dag_processor_makes_no_new_version_and_nor_does_a_comment(place):
    """A DAG has a version for each change of its job; to parse everything again, or another comment, makes none."""
    job, topic = place.job()
    message_id = put(place, topic)
    eventually(lambda: place.state_of(message_id) == "delivered" and all_runs_ended(place, job))
    assert _versions(place, job) == {f"syn.{job}.pull": 1, f"syn.{job}.push": 1}
    parsed = _last_parsed(place, job)
    place.airflow.kill("dag-processor")
    place.airflow.start_one("dag-processor")
    eventually(lambda: _last_parsed(place, job) > parsed, what="the parse after the restart")
    assert set(_versions(place, job).values()) == {1}
    path = place.airflow.jobs / f"{job}.yaml"
    path.write_text(f"{path.read_text(encoding='utf-8')}# the court moves house\n", encoding="utf-8")
    code = f"/api/v2/dagSources/syn.{job}.push"
    eventually(lambda: "# the court moves house" in place.airflow.api("GET", code)["content"], what="the new code")
    assert set(_versions(place, job).values()) == {1}
    path.write_text(path.read_text(encoding="utf-8").replace("HUD →", "DHS →"), encoding="utf-8")
    eventually(lambda: _versions(place, job)[f"syn.{job}.push"] == 2, what="the version with the new name")


def test_a_killed_scheduler_is_succeeded(place):
    """F14: kill -9 of the scheduler and all it runs, in mid-send: after its restart another run sends again, once."""
    _, topic = place.job()
    place.manners.choose("silent")
    message_id = put(place, topic)
    eventually(lambda: place.state_of(message_id) == "in_flight" and arrivals(place, message_id) == 1)
    place.airflow.kill("scheduler")
    place.manners.choose("ok")
    place.airflow.start_one("scheduler")
    eventually(lambda: place.state_of(message_id) == "delivered", seconds=90)
    assert arrivals(place, message_id) == 2
    assert [row["outcome"] for row in place.store.trace(message_id)[0]["attempts"]] == ["unknown", "acked"]
    eventually(place.airflow.is_healthy)


def backfill_pulls(place, job):
    """Have Airflow run the last quarter of an hour of a job's pulls again, and wait for its end."""
    now = datetime.now(timezone.utc)
    days = {"from_date": (now - timedelta(minutes=16)).isoformat(), "to_date": (now - timedelta(minutes=1)).isoformat()}
    begun = place.airflow.api("POST", "/api/v2/backfills", {"dag_id": f"syn.{job}.pull", "dag_run_conf": {}, **days})
    eventually(lambda: place.airflow.api("GET", f"/api/v2/backfills/{begun['id']}").get("completed_at"))
    runs = place.airflow.api("GET", f"/api/v2/dags/syn.{job}.pull/dagRuns?run_type=backfill")["dag_runs"]
    assert [run["state"] for run in runs] == ["success"] * len(runs) != []


def test_no_button_of_airflow_moves_a_message(place):
    """F37: a cleared push sends nothing again, a backfilled pull doubles nothing, a run marked green is no delivery."""
    job, topic = place.job()
    dag = f"/api/v2/dags/syn.{job}.push"
    done = put(place, topic)
    eventually(lambda: place.state_of(done) == "delivered" and all_runs_ended(place, job))
    run = place.runs(job)[-1]["dag_run_id"]
    assert place.airflow.api("POST", f"{dag}/dagRuns/{run}/clear", {"dry_run": False})
    eventually(lambda: place.task(job, run).get("try_number") == 2 and all_runs_ended(place, job))
    backfill_pulls(place, job)
    pulled = [event["payload"]["changeId"] for event in place.store.read(f"syn.{job}.pulled", after=0, limit=1000)]
    assert len(pulled) == len(set(pulled)) > 0
    place.manners.choose("http_503")
    waits = put(place, topic)
    eventually(lambda: place.store.trace(waits)[0]["attempts"])
    for run in [run["dag_run_id"] for run in place.runs(job)]:
        assert place.airflow.api("PATCH", f"{dag}/dagRuns/{run}", {"state": "success"})
    eventually(lambda: all_runs_ended(place, job))
    assert place.state_of(waits) == "pending"
    place.manners.choose("ok")
    eventually(lambda: place.state_of(waits) == "delivered")
    assert arrivals(place, done) == 1


def _running_tasks(scheduler):
    """Return the LocalExecutor workers that run a task now, and the task processes they have forked."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    tasks = [pid for pid, parent in parents.items() if parents.get(parent) == scheduler]
    return tasks + [parents[pid] for pid in tasks]


def _versions(place, job: str) -> dict[str, int]:
    """Return the newest version of each of a job's DAGs."""
    statement = text("SELECT dag_id, max(version_number) FROM dag_version WHERE dag_id LIKE :dag GROUP BY dag_id")
    with place.store.engine.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(statement, {"dag": f"syn.{job}.%"})}


def _last_parsed(place, job: str) -> datetime:
    """Return since when the older one of a job's DAGs stands as it was parsed."""
    statement = text("SELECT min(last_parsed_time) FROM dag WHERE dag_id LIKE :dag")
    with place.store.engine.connect() as connection:
        return connection.execute(statement, {"dag": f"syn.{job}.%"}).scalar_one()
