"""The DAG of a job's way out."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, Asset, AssetWatcher, Param

from hms_syn.factory.dag_text import owner_links, push_text, tags
from hms_syn.factory.schedules import timetable
from hms_syn.operators.announcements import delivered_asset
from hms_syn.operators.push import PushOperator, QueueDueTime
from hms_syn.sensors.queued import QueuedSensor
from hms_syn.triggers.doorbell import Doorbell

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hms_syn.domain.job_spec import JobSpec

MANY_RUNS = 16
"""Runs of one push DAG at a time. Our own lease makes the sends serial; with one or two slots a run that waits for its
retry, or the zombie of a killed worker, would hold up every other ordering key."""
RETRIES = 5
DRAFT_7: Mapping[str, Any] = {"$schema": "http://json-schema.org/draft-07/schema#"}
"""What checks the form whenever a run begins: the later draft, which is the default, takes four times as long."""
PUSH_WEIGHT, PULL_WEIGHT = 10, 1


def queued_asset(job: JobSpec) -> Asset:
    """Return the asset whose watcher rings when the job has due work."""
    name = f"syn.{job.id}.queued"
    watcher = AssetWatcher(name=f"{name}.doorbell", trigger=Doorbell(job=job.id))
    return Asset(name=name, uri=f"hms-syn://{job.id}/queued", group="hms-syn", watchers=[watcher])


def push_dag(job: JobSpec) -> DAG:
    """Return the DAG that drains a job's queue when its bell rings, or by the clock when the job says so."""
    on_event = job.push is None or job.push.schedule == "on_event"
    schedule: Any = [queued_asset(job)] if on_event else timetable(job.push.schedule, phase_of=job.id)  # type: ignore[union-attr]
    with DAG(
        dag_id=job.push_dag_id,
        dag_display_name=f"{job.name} · push",
        schedule=schedule,
        catchup=False,
        max_active_runs=MANY_RUNS,
        is_paused_upon_creation=True if job.start_paused else None,
        tags=tags(job, "push", job.push_adapter),
        doc_md=push_text(job),
        default_args={"owner": job.owner},
        owner_links=owner_links(job),
    ) as dag:
        push = PushOperator(
            task_id="push",
            job=job,
            retries=RETRIES,
            retry_delay=timedelta(seconds=10),
            retry_policy=QueueDueTime(),
            outlets=[delivered_asset(job)],
            priority_weight=PUSH_WEIGHT,
        )
        if not on_event:
            QueuedSensor(task_id="queued", job=job, timeout=1, poke_interval=1, soft_fail=True) >> push
    # Given to the DAG's constructor, Airflow would check these constants anew for each job and copy them for each task:
    # a third of what a job costs to build. A run's own values are checked all the same.
    dag.params.update(_form())
    return dag


def _form() -> dict[str, Param]:
    """Return the fields of the trigger form, with defaults that hold: a test has Airflow check them."""
    return {
        "publish": Param(
            [],
            type="array",
            title="Publish",
            **DRAFT_7,
            description="Payloads to publish on this job's topic before the queue is drained, as JSON objects.",
        ),
        "dry_run": Param(
            False,
            type="boolean",
            title="Dry run",
            **DRAFT_7,
            description="Only check that the payloads fit the vendor's contract: publish nothing, send nothing.",
        ),
        "replay": Param(
            [],
            type="array",
            items={"type": "string"},
            title="Replay",
            **DRAFT_7,
            description="Ids of messages of this job that were set aside, to be sent again with the same keys.",
        ),
        "reason": Param(
            "",
            type="string",
            maxLength=500,
            title="Reason",
            **DRAFT_7,
            description="Why they are replayed; it goes into the audit trail with your name.",
        ),
    }
