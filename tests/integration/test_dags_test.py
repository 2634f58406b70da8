"""``airflow dags test`` in CI: the exit code tells whether the vendor said yes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hms_syn.cli.local_airflow import LocalAirflow
from hms_syn.domain.topic_event import new_event
from hms_syn.flow.publish import publish
from hms_syn.sandbox.court_soap import Court, Manners, serve
from hms_syn.store.sql_store import SqlStore

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


def test_migrate_makes_the_tables_where_the_connection_points(airflow, tmp_path):
    """With hms_syn_db elsewhere the queue's tables are made there, once and again; a reset of Airflow keeps them."""
    url = f"sqlite:///{tmp_path}/queue.db"
    elsewhere = LocalAirflow(
        home=tmp_path / "home",
        jobs=airflow.jobs,
        settings={"AIRFLOW_CONN_HMS_SYN_DB": json.dumps({"conn_type": "generic", "extra": {"url": url}})},
    )
    elsewhere.migrate()
    elsewhere.migrate()
    store = SqlStore(url)
    store.check()
    publish(store, [new_event("hud.hearing.created", {}, agency="hud")])
    assert elsewhere.command("db", "reset", "--yes").returncode == 0
    assert len(store.read("*", after=0, limit=10)) == 1


def test_a_reset_of_airflow_keeps_the_queue(airflow):
    """``airflow db reset`` drops Airflow's tables and none of ours."""
    store = SqlStore(airflow.database)
    publish(store, [new_event("hud.hearing.created", {}, agency="hud", message_id="kept")])
    done = airflow.command("db", "reset", "--yes")
    assert done.returncode == 0, done.stdout[-2000:]
    store.check()
    assert "kept" in [event["message_id"] for event in store.read("*", after=0, limit=100)]
