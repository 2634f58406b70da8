"""How a drain looks at its job's switch: in the queue's database, and at Airflow where its tables are elsewhere."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowRuntimeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from hms_syn.store.sql_store import SqlStore

log = logging.getLogger(__name__)


def look(store: SqlStore, job: str, ti: Any) -> Callable[[], bool]:
    """Return what says whether a job is paused now.

    With Airflow's tables in another database its toggle is asked of the task's own supervisor: some 30 ms a look, and
    no access to Airflow's database is needed.

    :param ti: the running task instance of the job's push DAG
    """
    if store.has_airflow:
        return lambda: store.is_paused(job)
    return lambda: store.is_paused(job, toggle=_toggle(ti))


def _toggle(ti: Any) -> bool | None:
    """Return the toggle of the task's DAG; None where Airflow does not say, and then our own switch decides alone."""
    try:
        return bool(ti.get_dag(ti.dag_id).is_paused)
    except AirflowRuntimeError as error:
        log.warning("Airflow does not say whether %s is paused (%s)", ti.dag_id, type(error).__name__)
        return None
