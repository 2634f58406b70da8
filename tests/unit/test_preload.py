"""What is imported before a fork, seen in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

STARTS = """
import sys
from airflow.jobs.job import Job
from airflow.listeners.listener import get_listener_manager

def has(*names):
    return [name for name in names if name in sys.modules]

names = ("hms_syn.bundle", "hms_syn.flow.push", "hms_syn.adapters.soap.oracle_soap_v1", "zeep", "psycopg")
get_listener_manager()
before = has(*names)
Job()
print(before, "->", has(*names))
"""


def started(command, tmp_path, **settings):
    """Begin as a component of Airflow does, with the record of itself; return what was imported before and after."""
    environment = {**os.environ, "AIRFLOW_HOME": str(tmp_path), "AIRFLOW__CORE__LOAD_EXAMPLES": "False", **settings}
    done = subprocess.run(
        [sys.executable, "-c", STARTS, command],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize("executor", ["LocalExecutor", "CeleryExecutor,LocalExecutor"])
def test_a_scheduler_that_forks_its_tasks_imports_what_they_need(tmp_path, executor):
    """With it each task begins with the store, the flow and the adapters in memory; the plugin alone loads none."""
    told = started("scheduler", tmp_path, AIRFLOW__CORE__EXECUTOR=executor)
    assert told == (
        "[] -> ['hms_syn.bundle', 'hms_syn.flow.push', 'hms_syn.adapters.soap.oracle_soap_v1', 'zeep', 'psycopg']"
    )


def test_a_scheduler_whose_tasks_run_elsewhere_imports_nothing(tmp_path):
    """Its memory is not for workers on other machines."""
    assert started("scheduler", tmp_path, AIRFLOW__CORE__EXECUTOR="CeleryExecutor") == "[] -> []"


def test_a_dag_processor_imports_what_parses(tmp_path):
    """It makes DAGs and speaks to no vendor."""
    told = started("dag-processor", tmp_path, AIRFLOW__CORE__EXECUTOR="CeleryExecutor")
    assert told.startswith("[] -> ['hms_syn.bundle'")
    assert "zeep" not in told


def test_other_components_import_nothing(tmp_path):
    """A triggerer forks once, and needs it then."""
    assert started("triggerer", tmp_path, AIRFLOW__CORE__EXECUTOR="LocalExecutor") == "[] -> []"
