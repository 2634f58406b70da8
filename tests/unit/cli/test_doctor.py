"""What ``hms-syn doctor`` says of each thing that can be wrong with a deployment, and that it changes nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import closing
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import text
from tests.conftest import make_job
from tests.harness.airflow_tables import Toggles
from tests.harness.cli import SCRIPT

from hms_syn.cli import doctor_airflow, doctor_database, doctor_jobs, doctor_tokens
from hms_syn.domain import signed_note
from hms_syn.domain.checkup import Verdict
from hms_syn.domain.job_spec import Alerts, Notifier
from hms_syn.ports import Credentials
from hms_syn.store import airflow_checkup, grants
from hms_syn.store.airflow_checkup import Held
from hms_syn.store.sql_store import SqlStore

OK, UNSEEN, WARNING, PROBLEM = Verdict.OK, Verdict.UNSEEN, Verdict.WARNING, Verdict.PROBLEM
PUSH, PULL, HEARTBEAT, AUDIT = "syn.court.push", "syn.court.pull", "syn.heartbeat", "syn.audit"


def verdicts(findings):
    return {finding.check: finding.verdict for finding in findings}


def of_database(url):
    """Examine the database that the connection names; None is a connection that is not there."""
    extra = {} if url is None else {"url": url}
    return {
        finding.check: finding
        for finding in doctor_database.look(lambda _name: Credentials(extra=extra) if url else None)
    }


def run_by_hand(url, *statements):
    with closing(SqlStore(url)) as store, store.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_a_database_that_is_as_it_should_be_is_found_well(sql_store, store_url):
    found = of_database(store_url)
    assert list(found) == [
        *("connection", "database", "pooler", "clocks", "tables", "rights", "audit trail", "seal", "audit key"),
        "left behind",
    ]
    unlike = {"rights", "audit key", "left behind"}
    assert {one.verdict for check, one in found.items() if check not in unlike} == {OK}


def test_jobs_whose_file_is_gone_are_named_with_what_waits(tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW__HMS_SYN__JOBS_FOLDER", str(tmp_path))
    (tmp_path / "court.yaml").write_text("job: {}\n", encoding="utf-8")
    rows = [{"job": job, "waiting": number, "dag_gone": None} for job, number in (("court", 2), ("bank", 3))]
    finding = doctor_jobs.left_behind(rows)
    assert (finding.verdict, finding.text) == (
        WARNING,
        "1 of 2 jobs have no file, and go on accepting: bank (3 waiting)",
    )
    assert doctor_jobs.left_behind(rows[:1]).verdict is OK
    monkeypatch.setenv("AIRFLOW__HMS_SYN__JOBS_FOLDER", str(tmp_path / "nowhere"))
    assert doctor_jobs.left_behind(rows).verdict is UNSEEN


@pytest.mark.parametrize("url", [None, "", "nonsense", "mysql://db/airflow"])
def test_a_connection_that_leads_nowhere_is_told_with_what_to_do(url):
    [finding] = of_database(url).values()
    assert (finding.check, finding.verdict) == ("connection", PROBLEM)
    assert "hms_syn_db" in finding.todo


def test_no_login_is_shown(tmp_path):
    """A finding is pasted into tickets."""
    url = f"postgresql://syn:pa55word@/court?host={tmp_path}&password=pa55word&connect_timeout=2"
    found = of_database(url)
    assert found["database"].verdict is PROBLEM
    assert "pa55word" not in repr(found)
    assert "court" in found["database"].text


def test_a_file_that_is_missing_is_not_made(tmp_path):
    assert verdicts(of_database(f"sqlite:///{tmp_path}/queue.db").values()) == {"connection": OK, "database": PROBLEM}
    assert list(tmp_path.iterdir()) == []


def test_tables_of_another_release_are_told(sql_store, store_url):
    run_by_hand(store_url, "UPDATE hms_syn_alembic_version SET version_num = '0001'")
    found = of_database(store_url)
    assert (found["tables"].verdict, "rights" in found) == (PROBLEM, False)
    assert "airflow db migrate" in found["tables"].todo


def test_an_audit_trail_without_its_triggers_is_told(sql_store, store_url):
    """Whoever wants to change a row switches them off first."""
    off = {
        "postgresql": "ALTER TABLE hms_syn_audit DISABLE TRIGGER hms_syn_audit_rows",
        "sqlite": "DROP TRIGGER hms_syn_audit_update",
    }
    run_by_hand(store_url, off[sql_store.engine.dialect.name])
    finding = of_database(store_url)["audit trail"]
    assert finding.verdict is PROBLEM
    assert "hms_syn_audit_" in finding.text


@pytest.mark.parametrize(("late", "verdict"), [(0.0, OK), (3599.0, OK), (7200.0, WARNING)])
def test_a_trail_that_is_not_sealed_for_long_is_told(late, verdict):
    assert doctor_database.sealing(late).verdict is verdict


@pytest.mark.parametrize(("dags", "verdict"), [({}, PROBLEM), ({AUDIT: True}, PROBLEM), ({AUDIT: False}, OK)])
def test_an_audit_dag_that_is_missing_or_paused_is_told(dags, verdict):
    assert doctor_airflow.audit_dag(dags).verdict is verdict


def test_unsigned_heads_and_a_key_that_cannot_be_used_are_told(sql_store, store_url, tmp_path, monkeypatch):
    assert of_database(store_url)["audit key"].verdict is WARNING
    monkeypatch.setenv("AIRFLOW__HMS_SYN__AUDIT_KEY_FILE", str(tmp_path / "audit.key"))
    assert of_database(store_url)["audit key"].verdict is PROBLEM
    key = signed_note.new_signer("syn.example.gov/audit")
    (tmp_path / "audit.key").write_text(key.written(), encoding="utf-8")
    said = of_database(store_url)["audit key"]
    assert (said.verdict, key.name in said.text, key.seed.hex() in said.text) == (OK, True, False)


def test_a_user_with_too_many_rights_or_too_few_is_told_which(postgres_url):
    with closing(SqlStore(postgres_url)) as store:
        store.create()
        Toggles(store)
        raw = store.engine.raw_connection()
        raw.dbapi_connection.autocommit = True
        raw.dbapi_connection.execute(grants.script("syn_doctor"))
        raw.invalidate()
        raw.close()
    mine = postgres_url.replace("postgres:@", "syn_doctor:@")
    owned = of_database(postgres_url)["rights"]
    assert (owned.verdict, "superuser" in owned.text) == (WARNING, True)
    assert of_database(mine)["rights"].verdict is OK
    run_by_hand(postgres_url, "GRANT DELETE ON hms_syn_audit TO syn_doctor", "GRANT SELECT ON connection TO syn_doctor")
    wide = of_database(mine)["rights"]
    assert (wide.verdict, wide.text) == (
        WARNING,
        "the user syn_doctor may DELETE audit rows and may read Airflow's connections",
    )
    run_by_hand(
        postgres_url,
        "REVOKE UPDATE (is_paused) ON dag FROM syn_doctor",
        "REVOKE USAGE ON SEQUENCE hms_syn_audit_seq_seq FROM syn_doctor",
    )
    narrow = of_database(mine)["rights"]
    assert (narrow.verdict, narrow.text) == (
        PROBLEM,
        "the user syn_doctor lacks UPDATE (is_paused) on dag, USAGE on hms_syn_audit_seq_seq",
    )
    assert "init --sql" in narrow.todo


@pytest.mark.parametrize(("skew", "verdict"), [(0.2, OK), (-5.0, WARNING), (5.0, WARNING), (-61.0, PROBLEM)])
def test_clocks_that_do_not_agree_are_told(skew, verdict):
    assert doctor_database.clock(skew).verdict is verdict


def test_airflows_tables_say_who_is_alive_and_who_listens(sql_store):
    """Read from the tables that Airflow itself makes, on both databases."""
    toggles = Toggles(sql_store)
    toggles.found(PUSH)
    toggles.found(PULL, paused=True)
    now = datetime.now(tz=timezone.utc)
    with sql_store.engine.begin() as connection:
        for number, (kind, state, silent) in enumerate(
            [("SchedulerJob", "running", 5), ("TriggererJob", "running", 300), ("DagProcessorJob", "failed", 1)]
        ):
            beat = (now - timedelta(seconds=silent)).strftime("%Y-%m-%d %H:%M:%S.%f+00:00")
            values = {"id": number, "kind": kind, "state": state, "beat": beat if is_pg(sql_store) else beat[:-6]}
            insert = "INSERT INTO job (id, job_type, state, latest_heartbeat) VALUES (:id, :kind, :state, :beat)"
            connection.execute(text(insert), values)
        for triggerer in (1, 2, None):
            insert = """INSERT INTO "trigger" (classpath, kwargs, created_date, triggerer_id)
                        VALUES ('hms_syn.triggers.doorbell.Doorbell', '', CURRENT_TIMESTAMP, :triggerer)"""
            connection.execute(text(insert), {"triggerer": triggerer})
    assert sql_store.look(airflow_checkup.is_there)
    silences = sql_store.look(airflow_checkup.silences)
    assert silences["scheduler"] == pytest.approx(5, abs=60)
    assert silences["triggerer"] == pytest.approx(300, abs=60)
    assert silences["dag-processor"] is None
    assert sql_store.look(airflow_checkup.dags) == {PUSH: False, PULL: True}
    assert sql_store.look(airflow_checkup.triggers) == {"Doorbell": Held(made=3, held=1)}


def is_pg(store):
    return store.engine.dialect.name == "postgresql"


def test_a_component_that_is_silent_is_told():
    silences = {"scheduler": 5.0, "triggerer": 90.0, "dag-processor": None}
    found = list(doctor_airflow.components(silences, dict.fromkeys(silences, 30.0)))
    assert [finding.verdict for finding in found] == [OK, PROBLEM, PROBLEM]
    assert "1 minute 30 seconds" in found[1].text
    assert "airflow dag-processor" in found[2].todo


@pytest.mark.parametrize(
    ("dags", "wanted"),
    [
        ({PUSH: False, PULL: False, HEARTBEAT: False}, (OK, OK)),
        ({PUSH: True, PULL: False, HEARTBEAT: True}, (OK, PROBLEM)),
        ({PUSH: False}, (PROBLEM, PROBLEM)),
    ],
)
def test_dags_that_airflow_has_not_found_are_named(dags, wanted):
    found = verdicts(doctor_airflow.job_dags(dags, [make_job(), make_job("old", enabled=False)]))
    assert (found["DAGs"], found["heartbeat"]) == wanted


def test_without_a_job_that_is_pinged_no_heartbeat_is_missed():
    found = list(doctor_airflow.job_dags({PUSH: False, PULL: False}, [make_job(heartbeat=None)]))
    assert verdicts(found) == {"DAGs": OK, "heartbeat": OK}


def test_triggers_that_nobody_has_taken_are_told():
    """A push DAG that is paused needs no doorbell."""
    dags = {PUSH: False, "syn.clerk.push": False, "syn.old.push": True, HEARTBEAT: False}
    found = list(doctor_airflow.listening(dags, {"Doorbell": Held(made=2, held=1)}))
    assert [(finding.check, finding.verdict) for finding in found] == [("doorbells", PROBLEM), ("pings", PROBLEM)]
    assert "1 of 2" in found[0].text
    well = {"Doorbell": Held(2, 2), "Pings": Held(1, 1)}
    assert {finding.verdict for finding in doctor_airflow.listening(dags, well)} == {OK}


def test_broken_files_are_counted_and_named(monkeypatch, tmp_path):
    monkeypatch.setenv("AIRFLOW__HMS_SYN__JOBS_FOLDER", str(tmp_path))
    assert [finding.verdict for finding in doctor_jobs.files()] == [WARNING]
    (tmp_path / "court.yaml").write_text("job: 1\n", encoding="utf-8")
    [finding] = doctor_jobs.files()
    assert finding.verdict is PROBLEM
    assert "1 of 1" in finding.text
    assert finding.text.endswith(": court.yaml")
    monkeypatch.setenv("AIRFLOW__HMS_SYN__JOBS_FOLDER", str(tmp_path / "nowhere"))
    assert [finding.verdict for finding in doctor_jobs.files()] == [PROBLEM]


def test_a_connection_that_airflow_does_not_have_is_told_with_its_jobs():
    """What it holds is never looked at."""
    mail = Alerts(notifiers=(Notifier(type="smtp", connection_id="mail"),))
    jobs = [make_job(connection_id="court"), make_job("clerk", connection_id="court", alerts=mail)]
    known = {"court": Credentials(password="pa55word")}
    finding = doctor_jobs.connections(jobs, known.get)
    assert (finding.verdict, finding.text) == (PROBLEM, "Airflow has no connection 'mail' (clerk)")
    assert doctor_jobs.connections(jobs[:1], known.get).verdict is OK


@pytest.mark.parametrize(
    ("adapter", "module", "verdict"), [("sftp.csv.v1", "paramiko", PROBLEM), ("fhir.r4.v1", "fhir", WARNING)]
)
def test_an_extra_that_a_jobs_adapter_needs_is_missed(monkeypatch, adapter, module, verdict):
    jobs = [make_job(push_adapter=adapter)]
    assert doctor_jobs.extras(jobs, "postgresql+psycopg2://db/airflow").verdict is OK
    for name in {module, *(name for name in sys.modules if name.startswith(f"{module}."))}:
        monkeypatch.setitem(sys.modules, name, None)  # as Python has it of what cannot be imported
    finding = doctor_jobs.extras(jobs, None)
    assert finding.verdict is verdict
    assert "(for court)" in finding.text


def test_the_driver_of_a_database_is_an_extra_too(monkeypatch):
    monkeypatch.setitem(sys.modules, "oracledb", None)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    finding = doctor_jobs.extras([make_job(target_endpoint="oracle://court/CALENDAR")], "postgresql://db/airflow")
    assert finding.verdict is PROBLEM
    assert "hms-syn[postgres,oracle]" in finding.todo


def test_an_airflow_that_does_not_start_hides_nothing_else(tmp_path):
    """The lines come in order, each when its check is done; the login of neither database is among them."""
    dead = "postgresql+psycopg2://syn:pa55word@127.0.0.1:1/court"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    done = subprocess.run(
        [SCRIPT, "doctor"],
        env={
            **kept,
            "AIRFLOW_HOME": str(tmp_path),
            "AIRFLOW_CONN_HMS_SYN_DB": json.dumps({"conn_type": "generic", "extra": {"url": dead}}),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "nonsense:pa55word",
            "AIRFLOW__HMS_SYN__JOBS_FOLDER": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == [
        *("warning", "problem", "ok", "problem", "warning", "ok", "ok"),
    ]
    assert "Airflow does not start" in done.stdout
    assert "pa55word" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("status", "verdict"), [(404, OK), (200, OK), (401, PROBLEM), (403, PROBLEM), (502, PROBLEM), (None, PROBLEM)]
)
def test_only_a_door_that_opens_is_well(status, verdict):
    """That there is no such connection is what an open door says."""
    finding = doctor_tokens.verdict(status, "http://api/execution")
    assert (finding.check, finding.verdict, bool(finding.todo)) == ("tasks", verdict, verdict is PROBLEM)
