"""The tasks of ``syn.audit``: what they return, keep and update, and when they are red."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from tests.unit.flow.vendors import hearing

from hms_syn import wiring
from hms_syn.domain import checkpoint, signed_note
from hms_syn.factory.audit_dag import audit_asset, audit_dag
from hms_syn.flow.publish import publish
from hms_syn.operators.reconcile import ReconcileOperator, is_first
from hms_syn.operators.retention import RetentionOperator
from hms_syn.operators.seal import SealOperator
from hms_syn.ports import Act
from hms_syn.store import audit_trail
from hms_syn.store.desk import Desk

KEY = signed_note.new_signer("syn.example.gov/audit")
JOB_FILE = """job:
  name: Court
  push_adapter: in_memory.v1
  source_topic: hud.hearing.created
  target_endpoint: https://court.example.gov
  retention: {payload: 1ms}
"""


@pytest.fixture
def store(tmp_path, monkeypatch, job):
    """The queue that tasks find by its connection, with one message, a key and a folder for checkpoints."""
    url = f"sqlite:///{tmp_path}/queue.db"
    monkeypatch.setenv("AIRFLOW_CONN_HMS_SYN_DB", json.dumps({"conn_type": "generic", "extra": {"url": url}}))
    (tmp_path / "audit.key").write_text(KEY.written(), encoding="utf-8")
    monkeypatch.setenv("AIRFLOW__HMS_SYN__AUDIT_KEY_FILE", str(tmp_path / "audit.key"))
    monkeypatch.setenv("AIRFLOW__HMS_SYN__AUDIT_FOLDER", str(tmp_path / "kept"))
    opened = wiring.open_store(url)
    opened.create()
    opened.register(job)
    publish(opened, [hearing(1)])
    yield opened
    opened.close()


def context(run_type="scheduled", last=None):
    event = SimpleNamespace(extra={})
    run = SimpleNamespace(run_type=run_type)
    return {"dag_run": run, "prev_start_date_success": last, "outlet_events": {audit_asset(): event}}


def seal(given):
    task = SealOperator(task_id="seal", outlets=[audit_asset()])
    return task.execute(given), task


def by_hand(store, *statements):
    with store.engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_what_is_new_is_sealed_kept_and_told_once(store, tmp_path):
    given = context()
    told, task = seal(given)
    assert set(told) == {"rows", "size", "root"}
    assert given["outlet_events"][audit_asset()].extra == {"size": told["size"], "root": told["root"]}
    assert task.outlets == [audit_asset()]
    note = (tmp_path / "kept" / "checkpoint.txt").read_text(encoding="utf-8")
    assert (checkpoint.read(note).size, checkpoint.read(note).root.hex()) == (told["size"], told["root"])
    assert signed_note.is_signed_by(note, KEY.verifier)
    again, task = seal(context())
    assert again == {**told, "rows": 0}
    assert task.outlets == []  # nobody is woken


def test_a_trail_that_is_not_what_was_sealed_makes_the_task_red_at_once(store, tmp_path):
    seal(context())
    by_hand(store, "UPDATE hms_syn_tree SET size = 1, peaks = printf('%064d', 0)")
    publish(store, [hearing(2)])
    with pytest.raises(AirflowFailException, match="does not fit the newest tree head"):
        seal(context())


def test_a_database_that_was_put_back_to_an_older_day_is_missed_by_the_folder(store):
    """Tree, heads and rows agree with each other, and not with the checkpoint that was kept."""
    seal(context())
    by_hand(store, "DROP TRIGGER hms_syn_tree_head_delete", "DELETE FROM hms_syn_tree_head")
    by_hand(store, "UPDATE hms_syn_tree SET size = 0, last_seq = 0, peaks = ''", "DROP TRIGGER hms_syn_audit_delete")
    by_hand(store, "DELETE FROM hms_syn_audit WHERE seq > 1")
    with pytest.raises(AirflowFailException, match="rows were cut off"):
        seal(context())


def test_what_was_accepted_and_stands_nowhere_makes_the_task_red_with_its_sentence(store):
    task = ReconcileOperator(task_id="reconcile")
    assert task.execute(context("manual")) == {"jobs": 1, "topics": 1}
    by_hand(store, "DELETE FROM hms_syn_delivery")
    with pytest.raises(AirflowFailException, match=r"exactly once: court: missing: m1"):
        task.execute(context("manual"))


def test_it_counts_once_in_its_time_after_a_red_run_and_by_hand(store):
    now = datetime.now(tz=timezone.utc)
    long_ago = now - timedelta(hours=2)
    assert [is_first(context(last=last), 3600.0) for last in (None, long_ago, now)] == [True, True, False]
    assert is_first(context("manual", last=now), 3600.0)
    assert is_first(context(last=now), 0.0)
    with pytest.raises(AirflowSkipException):
        ReconcileOperator(task_id="reconcile").execute(context(last=datetime.now(tz=timezone.utc)))


def test_what_a_job_keeps_no_longer_is_erased_once_a_day(store, tmp_path, monkeypatch):
    rule = tmp_path / "jobs"
    rule.mkdir()
    (rule / "court.yaml").write_text(JOB_FILE, encoding="utf-8")
    monkeypatch.setenv("AIRFLOW__HMS_SYN__JOBS_FOLDER", str(rule))
    task, desk, act = RetentionOperator(task_id="retention"), Desk(store), Act(actor="ada", reason="the court has it")
    assert task.execute(context("manual")) == {"erased": 0}  # it is open
    desk.discard("m1", act)
    time.sleep(0.01)
    assert task.execute(context("manual")) == {"erased": 1}
    assert audit_trail.verify(store.audit_rows()) > 0
    with pytest.raises(AirflowSkipException):
        task.execute(context(last=datetime.now(tz=timezone.utc)))


@pytest.mark.parametrize(
    ("text", "cron"), [("", None), ("30m", "/30 * * * *"), ("0 3 * * *", "0 3 * * *"), ("10m", "/10 * * * *")]
)
def test_the_dag_runs_as_the_setting_says(monkeypatch, text, cron):
    monkeypatch.setenv("AIRFLOW__HMS_SYN__AUDIT_EVERY", text)
    dag = audit_dag()
    assert dag.schedule.expression.endswith(cron or "/10 * * * *")
    assert (dag.max_active_runs, dag.catchup, dag.is_paused_upon_creation) == (1, False, False)
    assert {task.task_id for task in dag.tasks} == {"seal", "reconcile", "retention"}
