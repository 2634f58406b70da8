"""What ``hms-syn lint`` says of the connections that a job names: whether anybody here knows them."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sys
from typing import TYPE_CHECKING

from hms_syn import job_files, settings
from hms_syn.domain.problem import Severity
from hms_syn.errors import StoreNotReady
from hms_syn.store import checkup

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.domain.problem import Problem
    from hms_syn.ports import Credentials


def unknown(job: JobSpec) -> list[Problem]:
    """Return a warning for each connection that is unknown here, at its line: where tasks run it may be known."""
    faults = {key: _text(name) for key, name in _named(job) if not _is_known(name)}
    found = job_files.located(job, faults.items()) if faults else []
    return [dataclasses.replace(problem, severity=Severity.WARNING) for problem in found]


def _named(job: JobSpec) -> Iterator[tuple[str, str]]:
    """Yield each key of a job that names a connection, with the name."""
    if job.connection_id:
        yield "job.connection_id", job.connection_id
    for place, notifier in enumerate(job.alerts.notifiers):
        if notifier.connection_id:
            yield f"job.alerts.notifiers.{place}.connection_id", notifier.connection_id


def _text(name: str) -> str:
    return (
        f"no connection '{name}' is known here; add it in Airflow under Admin, or set AIRFLOW_CONN_{name.upper()} "
        "where tasks run"
    )


def _is_known(name: str) -> bool:
    return settings.connection(name) is not None or _airflows(name) is not None


def _airflows(name: str) -> Credentials | None:
    """Return a connection as tasks get it, by secrets backends and in Airflow's database; None without an Airflow."""
    os.environ.setdefault(*settings.AS_A_SERVER)
    with contextlib.redirect_stdout(sys.stderr):  # where Airflow's own log lines go, which are no problems of a job
        try:
            from hms_syn.hooks.audit import airflows_own_url, find_credentials  # noqa: PLC0415 - takes seconds

            url = airflows_own_url()
            if url is not None:
                checkup.refuse_a_missing_file(url)  # to look for a connection there would make it
        except StoreNotReady:
            return None
        return find_credentials(name)
