"""The DAGs of a job as somebody would write them by hand, without any YAML."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, Asset, AssetWatcher, CronTriggerTimetable, Param

from hms_syn.domain.job_spec import JobSpec, Pull, Push
from hms_syn.operators.pull import PullOperator
from hms_syn.operators.push import PushOperator, QueueDueTime
from hms_syn.triggers.doorbell import Doorbell

DRAFT_7 = {"$schema": "http://json-schema.org/draft-07/schema#"}
"""The quick way to have a form checked; with Airflow's default the floor would be a quarter higher."""


def dags(number: int) -> list[DAG]:
    """Return the push and the pull DAG of one job."""
    id_ = f"v{number}"
    job = JobSpec(
        id=id_,
        name=f"Vendor {number}",
        file=f"{id_}.yaml",
        push_adapter="rest.json.v1",
        pull_adapter="rest.json.v1",
        source_topics=(f"bench.{id_}.created",),
        target_endpoint=f"https://{id_}.example.gov/api",
        push=Push(ordering_key="case_id"),
        pull=Pull(publish_topic=f"syn.{id_}.pulled"),
    )
    watcher = AssetWatcher(name=f"syn.{id_}.queued.doorbell", trigger=Doorbell(job=id_))
    queued = Asset(name=f"syn.{id_}.queued", uri=f"hms-syn://{id_}/queued", group="hms-syn", watchers=[watcher])
    with DAG(
        dag_id=f"syn.{id_}.push",
        dag_display_name=f"{job.name} · push",
        schedule=[queued],
        catchup=False,
        max_active_runs=16,
        tags=["hms-syn", "push", "rest.json.v1"],
        doc_md=f"**{job.name}** sends.",
        default_args={"owner": "hms-syn"},
        params={
            "publish": Param([], type="array", title="Publish", description="Payloads to publish.", **DRAFT_7),
            "dry_run": Param(False, type="boolean", title="Dry run", description="Only check.", **DRAFT_7),
            "replay": Param([], type="array", items={"type": "string"}, title="Replay", description="Ids.", **DRAFT_7),
            "reason": Param("", type="string", maxLength=500, title="Reason", description="Why.", **DRAFT_7),
        },
    ) as push:
        PushOperator(
            task_id="push",
            job=job,
            retries=5,
            retry_delay=timedelta(seconds=10),
            retry_policy=QueueDueTime(),
            outlets=[Asset(name=f"syn.{id_}.delivered", uri=f"hms-syn://{id_}/delivered", group="hms-syn")],
            priority_weight=10,
        )
    with DAG(
        dag_id=f"syn.{id_}.pull",
        dag_display_name=f"{job.name} · pull",
        schedule=CronTriggerTimetable(f"{number % 5}-59/5 * * * *", timezone="UTC", run_immediately=timedelta(0)),
        catchup=False,
        max_active_runs=1,
        tags=["hms-syn", "pull", "rest.json.v1"],
        doc_md=f"**{job.name}** brings statuses back.",
        default_args={"owner": "hms-syn"},
    ) as pull:
        PullOperator(
            task_id="pull",
            job=job,
            retries=2,
            retry_delay=timedelta(seconds=30),
            retry_exponential_backoff=2.0,
            priority_weight=1,
        )
    return [push, pull]
