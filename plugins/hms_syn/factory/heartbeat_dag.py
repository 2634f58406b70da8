"""The DAG of the heartbeat: one for all vendors."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Asset, AssetWatcher

from hms_syn.factory.one_place import bundle_has_the_jobs
from hms_syn.operators.heartbeat import HeartbeatOperator
from hms_syn.triggers.incidents import Incidents
from hms_syn.triggers.pings import Pings

DAG_ID = "syn.heartbeat"
FEW_RUNS = 2
"""One that tells, and one that has just been rung for."""
TEXT = """**The heartbeat** pings the vendors of all jobs, each at the `heartbeat.interval` of its job.

A run starts only when a vendor went offline or came back, or when people are to be told what else is wrong: the alerts
of all jobs go out from here. Started by hand it pings every vendor
once and shows what each said. Pausing this DAG stops all pings; `heartbeat: false` in a job's file stops that job's.

See how vendors stand: `hms-syn status`."""


def changed_asset() -> Asset:
    """Return the asset whose watchers ping and look, and ring when a vendor has changed or people are to be told."""
    name = "syn.vendor.changed"
    watchers = [
        AssetWatcher(name=f"{name}.pings", trigger=Pings()),
        AssetWatcher(name=f"{name}.incidents", trigger=Incidents()),
    ]
    return Asset(name=name, uri="hms-syn://vendor/changed", group="hms-syn", watchers=watchers)


def offline_asset() -> Asset:
    """Return the asset that is updated when a vendor went offline."""
    return Asset(name="syn.vendor.offline", uri="hms-syn://vendor/offline", group="hms-syn")


def heartbeat_dag() -> DAG:
    """Return the DAG that pings, and tells of what changes; it is on from the beginning, as its job files ask."""
    with DAG(
        dag_id=DAG_ID,
        dag_display_name="Heartbeat of all vendors",
        schedule=[changed_asset()],
        catchup=False,
        max_active_runs=FEW_RUNS,
        is_paused_upon_creation=False,
        tags=["heartbeat", "hms-syn"],
        doc_md=TEXT,
        default_args={"owner": "hms-syn"},
    ) as dag:
        HeartbeatOperator(
            task_id="heartbeat",
            outlets=[offline_asset()],
            retries=5,
            retry_delay=timedelta(seconds=30),
            retry_exponential_backoff=2.0,
        )
    return dag


def build_heartbeat(namespace: dict[str, Any]) -> None:
    """Put the DAG into a DAG file's namespace, unless the bundle has it."""
    if not bundle_has_the_jobs():
        namespace[DAG_ID] = heartbeat_dag()
