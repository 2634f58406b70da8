"""What ``hms-syn lint`` says of the connections that a job names: whether anybody here knows them."""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from typing import TYPE_CHECKING

from hms_syn import job_files, settings
from hms_syn.cli.airflow_here import airflow_here
from hms_syn.domain.problem import Severity
from hms_syn.errors import StoreNotReady

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.domain.problem import Problem


def unknown(jobs: Iterable[JobSpec]) -> Iterator[Problem]:
    """Yield a warning for each connection that is unknown here, at its line: where tasks run it may be known.

    Each name is looked up once, however many jobs have it.
    """
    known: dict[str, bool] = {}
    for job in jobs:
        faults = {}
        for key, name in _named(job):
            if name not in known:
                known[name] = _is_known(name)
            if not known[name]:
                faults[key] = _text(name)
        for problem in job_files.located(job, faults.items()) if faults else ():
            yield dataclasses.replace(problem, severity=Severity.WARNING)


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
    if settings.connection(name) is not None:
        return True
    with contextlib.redirect_stdout(sys.stderr):  # where Airflow's own log lines go, which are no problems of a job
        try:
            find, _ = airflow_here()
        except StoreNotReady:
            return False
        return find(name) is not None
