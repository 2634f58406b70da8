"""Jobs become DAGs: one for the way out, one for the way in."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from airflow.sdk import get_parsing_context

from hms_syn import job_files, settings
from hms_syn.errors import JobFileInvalid
from hms_syn.factory.one_place import bundle_has_the_jobs
from hms_syn.factory.pull_dag import pull_dag
from hms_syn.factory.push_dag import push_dag

if TYPE_CHECKING:
    from pathlib import Path

    from airflow.sdk import DAG

    from hms_syn.domain.job_spec import JobSpec

log = logging.getLogger(__name__)


def build(job: JobSpec) -> list[DAG]:
    """Return a job's DAGs; a job that is switched off has none."""
    if not job.enabled:
        return []
    dags = []
    if job.push is not None:
        dags.append(push_dag(job))
    if job.pull is not None:
        dags.append(pull_dag(job))
    return dags


def build_dags(namespace: dict[str, Any], folder: Path | None = None) -> None:
    """Put the DAGs of every job file into a DAG file's namespace.

    A task's own process builds only the DAG it runs. A file with problems is left out and named in the log; the other
    jobs go on. Where the bundle has the jobs, this builds none.
    """
    if bundle_has_the_jobs():
        return
    folder = folder or settings.jobs_folder()
    wanted = get_parsing_context().dag_id
    jobs = _only(folder, wanted) if wanted else _all(folder)
    for job in jobs:
        for dag in build(job):
            if wanted is None or dag.dag_id == wanted:
                namespace[dag.dag_id] = dag


def _all(folder: Path) -> list[JobSpec]:
    jobs, problems = job_files.load_folder(folder)
    for problem in problems:
        log.error("%s", problem)
    return jobs


def _only(folder: Path, dag_id: str) -> list[JobSpec]:
    """Return the one job a DAG id belongs to; none when it is not ours or its file has problems."""
    path = job_files.job_path(folder, dag_id.removeprefix("syn.").rpartition(".")[0])
    if path is None:
        return []
    try:
        return [job_files.load_job(path, root=folder)]
    except JobFileInvalid as error:
        log.error("%s", error)  # noqa: TRY400 - the problems are the message; a traceback would only hide them
        return []
