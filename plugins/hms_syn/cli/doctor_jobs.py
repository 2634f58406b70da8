"""What ``hms-syn doctor`` says of the job files, and of what they name: connections and adapters."""

from __future__ import annotations

import importlib.util
import os
from typing import TYPE_CHECKING, Any

from hms_syn import job_files, settings
from hms_syn.domain.checkup import ok, problem, unseen, warning
from hms_syn.job_files import fileless

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from hms_syn.domain.checkup import Finding
    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.ports import Credentials

EXTRAS = {
    "fhir.r4.v1": ("fhir", "fhir.resources"),
    "hl7.mllp.v1": ("hl7", "hl7apy"),
    "sftp.csv.v1": ("sftp", "paramiko"),
}
"""The extra of an adapter, and what it brings."""
DRIVERS = {"postgresql": ("postgres", "psycopg"), "oracle": ("oracle", "oracledb")}
"""The extra of a kind of database, the queue's or a vendor's."""
UNCHECKED = "fhir"
"""Without this one everything works, and resources are sent unchecked."""


def files() -> Generator[Finding, None, list[JobSpec]]:
    """Yield what is to be said of the jobs folder; return the sound jobs."""
    folder = settings.jobs_folder().absolute()
    if not os.access(folder, os.R_OK | os.X_OK):
        yield problem("job files", f"{folder} is missing or cannot be read", "create it, or correct jobs_folder")
        return []
    jobs, problems = job_files.load_folder(folder)
    broken = list(dict.fromkeys(found.file for found in problems))
    count = sum(1 for _ in job_files.paths(folder))
    if broken:
        names = ", ".join(os.path.relpath(file, folder) for file in broken)
        yield problem("job files", f"{len(broken)} of {count} in {folder} are broken: {names}", "run 'hms-syn lint'")
    elif not count:
        yield warning(
            "job files", f"there are none in {folder}", "write one with 'hms-syn new', or correct jobs_folder"
        )
    else:
        yield ok("job files", f"{count} in {folder}, all sound")
    return jobs


def connections(jobs: Sequence[JobSpec], find: Callable[[str], Credentials | None]) -> Finding:
    """Return whether each connection that a job names is known. Nothing of it is shown."""
    named: dict[str, list[str]] = {}
    for job in jobs:
        for name in (job.connection_id, *(notifier.connection_id for notifier in job.alerts.notifiers)):
            if name and job.id not in named.setdefault(name, []):
                named[name].append(job.id)
    missing = [f"'{name}' ({', '.join(users)})" for name, users in named.items() if find(name) is None]
    if missing:
        return problem(
            "connections",
            f"Airflow has no connection {', '.join(missing)}",
            "add it under Admin, or as AIRFLOW_CONN_<ID>, for every machine",
        )
    return ok("connections", f"Airflow knows all {len(named)} that jobs name")


def left_behind(rows: Sequence[Mapping[str, Any]]) -> Finding:
    """Return whether each job that publishers know has a file, given all jobs with how many messages wait."""
    ids = fileless.ids_below(settings.jobs_folder())
    if ids is None:
        return unseen("left behind", "the jobs folder cannot be looked into from here")
    gone = [f"{row['job']} ({row['waiting']} waiting)" for row in fileless.left_behind(rows, ids)]
    if gone:
        return warning(
            "left behind",
            f"{len(gone)} of {len(rows)} jobs have no file, and go on accepting: {', '.join(gone)}",
            "put the files back, or 'hms-syn retire JOB'",
        )
    return ok("left behind", f"all {len(rows)} jobs that publishers know have their file")


def extras(jobs: Sequence[JobSpec], store_url: str | None) -> Finding:
    """Return whether what the jobs' adapters and the queue's database need is installed here."""
    needed = {
        EXTRAS[adapter]: job.id for job in jobs for adapter in (job.push_adapter, job.pull_adapter) if adapter in EXTRAS
    }
    for url, whose in ((store_url or "", "the queue"), *((job.target_endpoint, job.id) for job in jobs)):
        dialect = url.partition(":")[0].partition("+")[0]
        if dialect in DRIVERS:
            needed[DRIVERS[dialect]] = whose
    missing = {extra: whose for (extra, module), whose in needed.items() if not _is_there(module)}
    if not missing:
        return ok("extras", f"installed: {', '.join(sorted(extra for extra, _ in needed)) or 'none is needed'}")
    said = ", ".join(f"{extra} (for {whose})" for extra, whose in missing.items())
    todo = f"pip install 'hms-syn[{','.join(missing)}]', on every machine that runs tasks or triggers"
    if set(missing) == {UNCHECKED}:
        return warning("extras", f"not installed: {said}; resources are sent unchecked", todo)
    return problem("extras", f"not installed: {said}", todo)


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # the package that it is in
        return False
