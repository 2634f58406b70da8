"""Workflows that wait for deliveries, in a real Airflow."""

from __future__ import annotations

import time
import uuid
from pathlib import Path

import pytest
from tests.integration.conftest import JOB, eventually

from hms_syn.domain.topic_event import new_event
from hms_syn.flow.publish import publish

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(300)]
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
EXAMPLE, AFTER = "wait_for_the_court", "after_each_delivery"
WAITING = 20
HEARING = {"case_id": "HUD-22-109", "date": "2024-09-02"}
WAITERS = """
from airflow.sdk import DAG, Param, task
from hms_syn.sensors import DeliveredSensor

with DAG(dag_id="{job}_waiters", schedule=None, params={{"ids": Param([], type="array")}}):

    @task
    def ids(params=None):
        return params["ids"]

    DeliveredSensor.partial(task_id="wait", job="{job}", timeout=600).expand(message_id=ids())
"""
CONSUMERS = """
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Asset, PartitionedAssetTimetable

delivered = Asset(name="syn.{job}.delivered", uri="hms-syn://{job}/delivered")
with DAG(dag_id="{job}_each", schedule=PartitionedAssetTimetable(assets=delivered)):
    EmptyOperator(task_id="seen")
with DAG(dag_id="{job}_bell", schedule=[delivered]):
    EmptyOperator(task_id="seen")
"""


def put(place, topic, *ids):
    publish(place.store, [new_event(topic, HEARING, agency="hud", message_id=message_id) for message_id in ids])


def states(place, dag, run, task):
    """Return the states of a task's instances in a run, by map index."""
    path = f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances?limit=100"
    found = place.airflow.api("GET", path).get("task_instances", [])
    return {one["map_index"]: one for one in found if one["task_id"] == task}


def xcom(place, dag, run, task, index=-1):
    path = f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances/{task}/xcomEntries/return_value?map_index={index}"
    return place.airflow.api("GET", path).get("value")


@pytest.fixture(scope="module")
def workflows(place):
    """Three jobs and the workflows that wait for them, found by Airflow together; return the last two jobs."""
    waited, told = f"job_{uuid.uuid4().hex[:8]}", f"job_{uuid.uuid4().hex[:8]}"
    dags = {
        **{dag: (EXAMPLES / f"{dag}.py").read_text(encoding="utf-8") for dag in (EXAMPLE, AFTER)},
        f"{waited}_waiters": WAITERS.format(job=waited),
        f"{told}_each": CONSUMERS.format(job=told),
    }
    for dag, text in dags.items():
        (place.airflow.home / "dags" / f"{dag}.py").write_text(text, encoding="utf-8")
    place.drop("court_calendar_sync", job_file("court", "hud.hearing.created", place))
    for job in (waited, told):
        place.drop(job, job_file(job, topic_of(job), place))
    for dag in (*dags, f"{told}_bell", *(f"syn.{job}.push" for job in ("court_calendar_sync", waited, told))):
        eventually(lambda dag=dag: place.airflow.knows(dag), what=dag)
    return waited, told


def job_file(name, topic, place):
    return JOB.format(name=name, topic=topic, endpoint=f"{place.url}/soap")


def topic_of(job):
    return f"hud.{job}.hearing.created"


def test_a_workflow_goes_on_when_the_court_has_said_yes(place, workflows):
    """The examples of the docs: published, deferred, woken, the receipt handed on; and a run for each delivery."""
    place.manners.choose("http_503")
    run = place.airflow.trigger(EXAMPLE)
    eventually(lambda: states(place, EXAMPLE, run, "in_the_calendar").get(-1, {}).get("state") == "deferred")
    place.manners.choose("ok")
    court = (f"hearing/{run}", "court_calendar_sync")
    eventually(lambda: place.delivery(*court)["state"] == "delivered")
    acked = time.monotonic()
    eventually(lambda: states(place, EXAMPLE, run, "in_the_calendar")[-1]["state"] == "success")
    took = time.monotonic() - acked
    print(f"waiting: from the ack to the end of the wait {took:.1f} s")
    assert took < 20
    receipt = place.delivery(*court)["reference"]
    eventually(lambda: xcom(place, EXAMPLE, run, "tell_the_tenant") == f"Your hearing has the number {receipt}")
    [after] = eventually(lambda: place.airflow.api("GET", f"/api/v2/dags/{AFTER}/dagRuns").get("dag_runs"))
    assert after["partition_key"] == court[0]
    run = after["dag_run_id"]
    eventually(lambda: states(place, AFTER, run, "file_the_receipt").get(-1, {}).get("state") == "success")


def test_each_waiter_is_woken_once_by_its_own_delivery(place, workflows):
    """One is late and returns at once; two are delivered while the triggerer is dead; nobody wakes for another's."""
    job, _ = workflows
    dag, ids = f"{job}_waiters", [f"{job}/{number}" for number in range(WAITING)]
    put(place, topic_of(job), ids[0])
    eventually(lambda: place.state_of(ids[0]) == "delivered")
    run = place.airflow.trigger(dag, {"ids": ids})

    def having(state):
        return {index for index, one in states(place, dag, run, "wait").items() if one["state"] == state}

    eventually(lambda: having("deferred") == set(range(1, WAITING)) and having("success") == {0})
    place.airflow.kill("triggerer")
    put(place, topic_of(job), *ids[-2:])
    place.airflow.start_one("triggerer")
    eventually(lambda: having("success") == {0, WAITING - 2, WAITING - 1}, seconds=180)
    assert having("deferred") == set(range(1, WAITING - 2))
    put(place, topic_of(job), *ids[1:-2])
    eventually(lambda: having("success") == set(range(WAITING)))
    assert [xcom(place, dag, run, "wait", index)["message_id"] for index in range(WAITING)] == ids
    assert {one["try_number"] for one in states(place, dag, run, "wait").values()} == {1}
    logs = [path.read_text(encoding="utf-8") for path in (place.airflow.home / "logs" / f"dag_id={dag}").rglob("*.log")]
    assert sum(text.count(" was delivered: ") for text in logs) == WAITING


def test_a_workflow_scheduled_by_deliveries_loses_none(place, workflows):
    """Twenty messages, twenty runs, each with its message's id and receipt; a plainly scheduled DAG is woken too."""
    _, job = workflows
    ids = [f"{job}/{number}" for number in range(20)]
    put(place, topic_of(job), *ids)

    def runs(dag):
        return place.airflow.api("GET", f"/api/v2/dags/{dag}/dagRuns?limit=100").get("dag_runs", [])

    eventually(lambda: len(runs(f"{job}_each")) >= 20 and runs(f"{job}_bell"))
    assert sorted(run["partition_key"] for run in runs(f"{job}_each")) == sorted(ids)
    path = f"/api/v2/assets/events?source_dag_id=syn.{job}.push&limit=100"
    found = eventually(lambda: place.airflow.api("GET", path).get("asset_events"))
    receipts = {event["partition_key"]: event["extra"] for event in found}
    assert set(receipts) == {*ids, None}
    for message_id in ids:
        reference = place.store.trace(message_id)[0]["deliveries"][0]["reference"]
        assert (receipts[message_id]["message_id"], receipts[message_id]["reference"]) == (message_id, reference)
    assert "HUD-22-109" not in str(found)
