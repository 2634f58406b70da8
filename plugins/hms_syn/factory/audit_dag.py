"""The DAG of the audit trail: it is sealed, what was accepted is counted, and what is over is erased."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, Asset

from hms_syn import settings
from hms_syn.domain.durations import seconds
from hms_syn.factory.one_place import bundle_has_the_jobs
from hms_syn.factory.schedules import timetable
from hms_syn.operators.reconcile import ReconcileOperator
from hms_syn.operators.retention import RetentionOperator
from hms_syn.operators.seal import SealOperator

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow.sdk import BaseOperator

DAG_ID = "syn.audit"
TEXT = """**The audit trail** is sealed: its new rows are put under a tree head, which is signed where
`[hms_syn] audit_key_file` names a key, and kept in `[hms_syn] audit_folder` where that is set.

`seal` updates the asset `sync/audit` when something was new. It is red when the trail is not what was sealed before:
look with `hms-syn audit verify`. `reconcile` is red when what was accepted does not stand somewhere, exactly once: look
with `hms-syn reconcile`. It counts once in each `[hms_syn] reconcile_every`, and in every run started by hand.

`retention` erases, once a day, the payloads that `retention.payload` of the jobs has over."""


def audit_asset() -> Asset:
    """Return the dataset of the audit trail, which is updated each time something new is sealed."""
    return Asset(name="sync/audit", uri="hms-syn://sync/audit", group="hms-syn")


def seal_task() -> BaseOperator:
    """Return the task that seals."""
    return SealOperator(task_id="seal", outlets=[audit_asset()], retries=3, retry_delay=timedelta(seconds=30))


def reconcile_task() -> BaseOperator:
    """Return the task that counts."""
    return ReconcileOperator(task_id="reconcile", retries=3, retry_delay=timedelta(seconds=30))


def retention_task() -> BaseOperator:
    """Return the task that erases what is kept no longer."""
    return RetentionOperator(task_id="retention", retries=3, retry_delay=timedelta(seconds=30))


TASKS: tuple[Callable[[], BaseOperator], ...] = (seal_task, reconcile_task, retention_task)
"""What the DAG does, each beside the others: the red of one hides nothing of another."""


def audit_dag() -> DAG:
    """Return the DAG; it is on from the beginning."""
    with DAG(
        dag_id=DAG_ID,
        dag_display_name="Audit trail",
        schedule=timetable(_every(), phase_of=DAG_ID),
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=False,
        tags=["audit", "hms-syn"],
        doc_md=TEXT,
        default_args={"owner": "hms-syn"},
    ) as dag:
        for task in TASKS:
            task()
    return dag


def build_audit(namespace: dict[str, Any]) -> None:
    """Put the DAG into a DAG file's namespace, unless the bundle has it."""
    if not bundle_has_the_jobs():
        namespace[DAG_ID] = audit_dag()


def _every() -> str | float:
    """Return the setting as seconds, or as the cron expression that it is."""
    text = settings.get("audit_every")
    try:
        return seconds(text)
    except ValueError:
        return text
