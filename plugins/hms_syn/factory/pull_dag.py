"""The DAG of a job's way in."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from airflow.sdk import DAG

from hms_syn.factory.dag_text import owner_links, pull_text, tags
from hms_syn.factory.push_dag import PULL_WEIGHT
from hms_syn.factory.schedules import timetable
from hms_syn.operators.pull import PullOperator

if TYPE_CHECKING:
    from hms_syn.domain.job_spec import JobSpec


def pull_dag(job: JobSpec) -> DAG:
    """Return the DAG that brings a vendor's statuses back by the clock."""
    if job.pull is None:
        raise ValueError(f"{job.id} has no pull side")
    with DAG(
        dag_id=job.pull_dag_id,
        dag_display_name=f"{job.name} · pull",
        schedule=timetable(job.pull.schedule, phase_of=job.id),
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=True if job.start_paused else None,
        tags=tags(job, "pull", job.pull_adapter),
        doc_md=pull_text(job),
        default_args={"owner": job.owner},
        owner_links=owner_links(job),
    ) as dag:
        PullOperator(
            task_id="pull",
            job=job,
            retries=2,
            retry_delay=timedelta(seconds=30),
            retry_exponential_backoff=2.0,
            priority_weight=PULL_WEIGHT,
        )
    return dag
