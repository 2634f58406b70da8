"""``airflow dags test`` in CI: the exit code tells whether the vendor said yes."""

from __future__ import annotations

import contextlib
import json
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from tests.conftest import make_job
from tests.harness.waiting import eventually
from tests.unit.flow.vendors import Scripted, drain

from hms_syn.cli.local_airflow import LocalAirflow
from hms_syn.domain.topic_event import new_event
from hms_syn.errors import VendorRefused
from hms_syn.flow.publish import publish
from hms_syn.job_files import load_job
from hms_syn.sandbox.court_soap import Court, Login, Manners, serve
from hms_syn.store.sql_store import SqlStore
from hms_syn.store.tree import Tree
from hms_syn.store.vendor_board import VendorBoard

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(240)]
SAMPLE = Path(__file__).parents[2] / "jobs" / "court_calendar_sync.yaml"
WAITING = """
from airflow.sdk import DAG
from hms_syn.sensors import DeliveredSensor

with DAG(dag_id="waiting", schedule=None):
    this = {"job": "elsewhere", "message_id": "m1", "timeout": 60}
    DeliveredSensor(task_id="deferred", **this) >> DeliveredSensor(task_id="poked", deferrable=False, **this)
"""
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


def test_the_form_sends_again_what_was_set_aside(airflow, court):
    """With the reason given there, on record; what was delivered meanwhile is refused at once."""
    conf = json.dumps({"replay": ["aside-1"], "reason": "the clerk has mended the calendar"})
    hearing = {"case_id": "HUD-22-109", "date": "2024-09-02"}
    with closing(SqlStore(airflow.database)) as store:
        job = load_job(airflow.jobs / SAMPLE.name)
        store.register(job)
        publish(store, [new_event("hud.hearing.created", hearing, agency="hud", message_id="aside-1")])
        drain(store, job, Scripted(VendorRefused(code="http_422")))[0].run()
        done = airflow.command("dags", "test", "syn.court_calendar_sync.push", "--conf", conf)
        assert (done.returncode, "aside-1 -> ack" in done.stdout) == (0, True), done.stdout[-3000:]
        [row] = [row for row in store.audit_rows() if row["event"] == "replayed" and row["message_id"] == "aside-1"]
        assert json.loads(row["body"])["detail"]["reason"] == "the clerk has mended the calendar"
    done = airflow.command("dags", "test", "syn.court_calendar_sync.push", "--conf", conf)
    assert (done.returncode, "delivered at court_calendar_sync" in done.stdout) == (1, True), done.stdout[-3000:]


def test_it_exits_1_against_a_court_that_refuses(airflow, court):
    """A refused message fails the command at once, without waiting for retries."""
    court.choose("refuse")
    done = airflow.command("dags", "test", "syn.court_calendar_sync.push", "--conf", CONF)
    assert done.returncode == 1
    assert "Not acked" in done.stdout


def test_the_heartbeat_shows_what_every_vendor_said(airflow, court):
    """``airflow dags test syn.heartbeat`` pings all once, prints a line each, and keeps what it found."""
    done = airflow.command("dags", "test", "syn.heartbeat")
    assert done.returncode == 0, done.stdout[-3000:]
    assert re.search(r"http://127.0.0.1:\d+/soap +answers", done.stdout)
    with closing(SqlStore(airflow.database)) as store:
        assert {row["state"] for row in VendorBoard(store).vendors()} <= {"online", "unknown"}


def test_the_audit_trail_is_sealed_and_counted(airflow, court):
    """``airflow dags test syn.audit`` seals what is there, counts, and is fine."""
    airflow.command("hms-syn", "publish", "hud.hearing.created", '{"case_id": "HUD-22-109"}')
    done = airflow.command("dags", "test", "syn.audit")
    assert done.returncode == 0, done.stdout[-3000:]
    assert re.search(r"[1-9]\d* row\(s\) sealed; the tree has [1-9]\d*", done.stdout)
    assert re.search(r"\d+ job\(s\) and [1-9]\d* topic\(s\) agree", done.stdout)
    with closing(SqlStore(airflow.database)) as store:
        assert Tree(store).head().size > 0


def test_the_dag_files_need_no_setting(airflow, court):
    """The shipped DAG files are found, hold both DAGs of the job and the heartbeat, and report no import error."""
    done = airflow.command("dags", "list-import-errors", "--local")
    assert done.returncode == 0, done.stdout[-2000:]
    listed = airflow.command("dags", "list", "--local", "-o", "plain").stdout
    assert "syn.court_calendar_sync.push" in listed
    assert "syn.court_calendar_sync.pull" in listed
    assert "syn.heartbeat" in listed
    assert "syn.audit" in listed


def test_the_commands_are_airflows_too(airflow, court):
    """``airflow hms-syn`` is the same table of commands on the same database."""
    done = airflow.command("hms-syn", "audit", "verify")
    assert done.returncode == 0
    assert "The audit trail is whole" in done.stdout


JOB = """
job:
  name: Court
  push_adapter: oracle.soap.v1
  source_topic: hud.hearing.created
  target_endpoint: "{endpoint}"
  allow_private: ["127.0.0.0/8"]
  connection_id: locked_court
"""


def test_its_commands_find_connections_where_airflow_does(airflow, tmp_path):
    """Both the vendor's login and the queue's address stand in Airflow's database, and not in the environment."""
    url = f"sqlite:///{tmp_path}/queue.db"
    connections = {
        "locked_court": {"conn_type": "hms_soap", "login": "hud", "password": "correct horse battery"},
        "hms_syn_db": {"conn_type": "generic", "extra": {"url": url}},
    }
    (tmp_path / "connections.json").write_text(json.dumps(connections), encoding="utf-8")
    silent = LocalAirflow(home=airflow.home, jobs=airflow.jobs, settings={"AIRFLOW_CONN_HMS_SYN_DB": ""})
    assert silent.command("connections", "import", str(tmp_path / "connections.json")).returncode == 0
    book = Court()
    with serve(book, login=Login("hud", "correct horse battery")) as origin, closing(SqlStore(url)) as store:
        file = tmp_path / "court.yaml"
        file.write_text(JOB.format(endpoint=f"{origin}/soap"), encoding="utf-8")
        store.create()
        store.register(load_job(file))
        publish(store, [new_event("hud.hearing.created", {"case_id": "1", "date": "2024-09-02"}, agency="hud")])
        done = silent.command("hms-syn", "run", str(file), "--drain")
    assert done.returncode == 0, done.stdout[-3000:]
    assert "delivered COURT-000001" in done.stdout
    assert "correct horse" not in done.stdout
    assert len(book.received()["hearings"]) == 1


def test_a_workflow_that_waits_can_be_tried(airflow, tmp_path):
    """DeliveredSensor defers and goes on inside the command, and so it does where it may not defer."""
    (tmp_path / "waiting.py").write_text(WAITING, encoding="utf-8")
    folder = {**airflow.settings, "AIRFLOW__CORE__DAGS_FOLDER": str(tmp_path)}
    ours = LocalAirflow(home=airflow.home, jobs=airflow.jobs, settings=folder)
    job = make_job("elsewhere", source_topics=("elsewhere",))
    with contextlib.closing(SqlStore(airflow.database)) as store, ThreadPoolExecutor() as pool:
        store.register(job)
        publish(store, [new_event("elsewhere", {}, agency="hud", message_id="m1")])
        command = pool.submit(ours.command, "dags", "test", "waiting")
        eventually(lambda: command.done() or _state_of_the_wait(store) == "deferred", within=120)
        drain(store, job, Scripted())[0].run()
        done = command.result()
    assert done.returncode == 0, done.stdout[-3000:]
    assert "Waiting: m1 is pending at elsewhere" in done.stdout
    assert done.stdout.count("m1 at elsewhere was delivered: R-1 (attempt 1)") == 2


def _state_of_the_wait(store):
    with store.engine.connect() as connection:
        return connection.exec_driver_sql("SELECT state FROM task_instance WHERE task_id = 'deferred'").scalar()


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
