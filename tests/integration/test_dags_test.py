"""``airflow dags test`` in CI: the exit code tells whether the vendor said yes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hms_syn.cli.local_airflow import LocalAirflow
from hms_syn.sandbox.court_soap import Court, Manners, serve

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(240)]
SAMPLE = Path(__file__).parents[2] / "jobs" / "court_calendar_sync.yaml"
CONF = json.dumps({"publish": [{"case_id": "HUD-22-109", "date": "2024-09-02"}]})


@pytest.fixture(scope="module")
def airflow(tmp_path_factory):
    """Airflow's database and the sample job, with the zero-setting DAG file and no component running."""
    home = tmp_path_factory.mktemp("dags_test")
    (home / "jobs").mkdir()
    (home / "jobs" / SAMPLE.name).write_bytes(SAMPLE.read_bytes())
    dags = Path(__file__).parents[2] / "dags"
    bundle = [{"name": "dags-folder", "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle", "kwargs": {}}]
    made = LocalAirflow(
        home=home,
        jobs=home / "jobs",
        settings={
            "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
            "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(bundle),
        },
    )
    made.migrate()
    return made


@pytest.fixture
def court(monkeypatch):
    """A court, and how it behaves."""
    manners = Manners()
    with serve(Court(), manners=manners) as url:
        monkeypatch.setenv("COURT_ENDPOINT", f"{url}/soap")
        yield manners


def test_it_exits_0_with_the_ack(airflow, court):
    """A payload given as conf is published, delivered and its receipt printed."""
    done = airflow.command("dags", "test", "syn.court_calendar_sync.push", "--conf", CONF)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "-> ack COURT-000001" in done.stdout


def test_it_exits_1_against_a_court_that_refuses(airflow, court):
    """A refused message fails the command at once, without waiting for retries."""
    court.choose("refuse")
    done = airflow.command("dags", "test", "syn.court_calendar_sync.push", "--conf", CONF)
    assert done.returncode == 1
    assert "Not acked" in done.stdout


def test_the_dag_file_needs_no_setting(airflow, court):
    """The shipped DAG file is found, holds both DAGs of the job, and reports no import error."""
    done = airflow.command("dags", "list-import-errors", "--local")
    assert done.returncode == 0, done.stdout[-2000:]
    listed = airflow.command("dags", "list", "--local", "-o", "plain").stdout
    assert "syn.court_calendar_sync.push" in listed
    assert "syn.court_calendar_sync.pull" in listed


def test_the_commands_are_airflows_too(airflow, court):
    """``airflow hms-syn`` is the same table of commands on the same database."""
    done = airflow.command("hms-syn", "audit", "verify")
    assert done.returncode == 0
    assert "The audit trail is whole" in done.stdout
