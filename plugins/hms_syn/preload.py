"""What forked processes need, imported once by the process that forks them.

The LocalExecutor forks each task from the scheduler, and the dag-processor forks one process for each file it parses.
What was imported before the fork is shared, memory and all; what was not is imported again by each of them, which is
most of what a short push costs. Airflow tells a listener when such a process starts (``on_starting``); what it hands
over has no type yet (3.3.2), so the command line says which component it is.
"""

from __future__ import annotations

import importlib
import logging
import sys
from typing import TYPE_CHECKING

from airflow.configuration import conf
from airflow.listeners import hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger(__name__)
PARSED = ("hms_syn.bundle", "hms_syn.factory", "hms_syn.hooks.job_as_it_runs")
"""What turns a job file into DAGs."""
RUN = ("hms_syn.flow.push", "hms_syn.flow.pull", "hms_syn.hooks.vendor", "hms_syn.operators.drain_lease", "psycopg")
"""What a task imports when it begins, beside its adapter; the driver of PostgreSQL may not be installed."""


@hookimpl
def on_starting(component: object) -> None:
    """Import what this process forks from, where it is one that forks; ``component`` is Airflow's own."""
    del component
    for name in _needed(*sys.argv[1:2]):
        try:
            importlib.import_module(name)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it is the task's to tell, not the scheduler's
            log.debug("%s is not imported ahead: %s", name, type(error).__name__)


def _needed(command: str = "") -> Iterator[str]:
    if command == "dag-processor":
        yield from PARSED
    elif command == "scheduler" and "LocalExecutor" in conf.get("core", "executor"):
        from hms_syn.adapters import registry  # noqa: PLC0415 - every process of Airflow's imports this module

        yield from (*PARSED, *RUN, *registry.modules())
