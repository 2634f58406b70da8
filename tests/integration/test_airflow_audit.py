"""The DAG ``syn.audit`` in a real Airflow: the trail is sealed, the dataset updated, and who waits for it is woken."""

from __future__ import annotations

import pytest
from tests.integration.conftest import eventually

from hms_syn.domain import audit_entry, tree_check
from hms_syn.domain.topic_event import new_event
from hms_syn.flow.publish import publish
from hms_syn.store.tree import Tree

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(300)]
CONSUMER = """
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Asset

with DAG(dag_id="after_sealing", schedule=[Asset(name="sync/audit", uri="hms-syn://sync/audit")]):
    EmptyOperator(task_id="seen")
"""


def run_of(place, dag, run):
    return place.airflow.api("GET", f"/api/v2/dags/{dag}/dagRuns/{run}").get("state")


def tasks_of(place, run):
    found = place.airflow.api("GET", f"/api/v2/dags/syn.audit/dagRuns/{run}/taskInstances").get("task_instances", [])
    return {task["task_id"]: task["state"] for task in found}


def test_a_seal_updates_the_dataset_and_wakes_the_workflow_that_waits_for_it(place):
    """Tasks reach the trail by the connection alone; XCom and the event hold counts, size and root."""
    (place.airflow.home / "dags" / "after_sealing.py").write_text(CONSUMER, encoding="utf-8")
    for dag in ("syn.audit", "after_sealing"):
        eventually(lambda dag=dag: place.airflow.knows(dag), what=dag)
    place.airflow.api("PATCH", "/api/v2/dags/after_sealing", {"is_paused": False})
    publish(place.store, [new_event("hud.sealing.tried", {"case_id": "HUD-22-109"}, agency="hud")])
    before = Tree(place.store).head().size
    run = place.airflow.trigger("syn.audit")
    eventually(lambda: run_of(place, "syn.audit", run) in ("success", "failed"), what="the run")
    assert tasks_of(place, run) == {"seal": "success", "reconcile": "success", "retention": "success"}
    head = Tree(place.store).head()
    assert head.size > before
    told = place.airflow.api(
        "GET", f"/api/v2/dags/syn.audit/dagRuns/{run}/taskInstances/seal/xcomEntries/return_value"
    )["value"]
    assert set(told) == {"rows", "size", "root"}
    events = place.airflow.api("GET", "/api/v2/assets/events?source_dag_id=syn.audit")["asset_events"]
    mine = next(event for event in events if event["source_run_id"] == run)
    assert mine["extra"]["root"] == Tree(place.store).root_at(mine["extra"]["size"]).hex()
    eventually(
        lambda: any(
            one["state"] == "success"
            for one in place.airflow.api("GET", "/api/v2/dags/after_sealing/dagRuns").get("dag_runs", [])
        ),
        what="the workflow that waits",
    )
    check = tree_check.TreeCheck([tree_check.stored(one) for one in Tree(place.store).heads()])
    for row in place.store.audit_rows(limit=100_000):
        assert audit_entry.leaf_hash(row["body"]) == row["hash"]
        check.take(row["seq"], bytes.fromhex(row["hash"]))
    check.end()
