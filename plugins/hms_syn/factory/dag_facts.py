"""What Airflow will show of a job's DAGs, read off the DAGs themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import CronTriggerTimetable, DeltaTriggerTimetable

from hms_syn.domain.durations import written
from hms_syn.factory import build

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hms_syn.domain.job_spec import JobSpec


def dag_facts(job: JobSpec) -> dict[str, Mapping[str, Any]]:
    """Return the facts of each DAG of a job, by the DAG's id; a job that is switched off has none."""
    return {
        dag.dag_id: {
            "name": dag.dag_display_name,
            "schedule": _schedule(dag.schedule),
            "tags": sorted(dag.tags),
            "owner": dag.owner,
            "retries": {task.task_id: task.retries for task in dag.tasks},
            "starts_paused": bool(dag.is_paused_upon_creation),
        }
        for dag in build(job)
    }


def _schedule(schedule: Any) -> str:
    if isinstance(schedule, CronTriggerTimetable):
        return f"{schedule.expression} {schedule.timezone}"
    if isinstance(schedule, DeltaTriggerTimetable):
        return f"every {written(schedule.delta.total_seconds())}"
    return ", ".join(asset.name for asset in schedule)
