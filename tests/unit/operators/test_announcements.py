"""What a push run reports and tells Airflow: exact counts, and each delivery as an event with an extra of its own."""

from __future__ import annotations

import pytest
from airflow.sdk.exceptions import AirflowFailException
from airflow.sdk.execution_time.context import OutletEventAccessors
from airflow.sdk.execution_time.task_runner import _serialize_outlet_events
from tests.conftest import make_job
from tests.unit.flow.vendors import Scripted, drain, hearing

from hms_syn.errors import VendorRefused
from hms_syn.flow.publish import publish
from hms_syn.operators import announcements
from hms_syn.operators.announcements import Announcements
from hms_syn.operators.push import PushOperator
from hms_syn.operators.push_report import report_of

JOB = make_job()


@pytest.fixture
def store(sql_store, monkeypatch):
    """A store with one job, and an Airflow that may be told of two deliveries at a time."""
    monkeypatch.setattr(announcements, "AT_ONCE", 2)
    monkeypatch.setattr(announcements, "SETTLING", 0.01)
    sql_store.register(JOB)
    return sql_store


def deliver(store, *numbers, script=()):
    publish(store, [hearing(number) for number in numbers])
    drain(store, JOB, Scripted(*script))[0].run()


def told_by(run):
    """Let a run tell Airflow; return the events that Airflow would store."""
    outlets = OutletEventAccessors()
    run.make(outlets)
    return [(event["partition_key"], event["extra"]) for event in _serialize_outlet_events(outlets)]


def test_each_delivery_is_an_event_with_its_own_extra_and_the_rest_is_another_runs(store):
    """Two of three, then a bell; the next run tells the third; then nothing is left and no bell rings."""
    deliver(store, 1, 2, 3)
    first = Announcements(store, JOB, alone=False)
    events = told_by(first)
    assert [key for key, _ in events] == ["m1", "m2", None]
    assert [extra.get("reference") for _, extra in events] == ["R-1", "R-2", None]
    assert events[2][1] == {"job": "court", "delivered": 2}
    assert store.ring() == []
    first.airflow_knows()
    assert store.ring() == [JOB.id]
    drain(store, JOB, Scripted())[0].run()
    second = Announcements(store, JOB, alone=False)
    assert second.is_behind()
    assert [key for key, _ in told_by(second)] == ["m3", None]
    second.airflow_knows()
    assert told_by(Announcements(store, JOB, alone=False)) == []
    assert store.next_due(JOB.id) is None


def test_what_airflow_did_not_store_is_told_again(store):
    """A run that is not green leaves its deliveries to the next, and rings for it; with nothing to tell it does not."""
    Announcements(store, JOB, alone=False).leave()
    assert store.ring() == []
    deliver(store, 1)
    failed = Announcements(store, JOB, alone=False)
    told_by(failed)
    failed.leave()
    assert store.ring() == [JOB.id]
    assert [key for key, _ in told_by(Announcements(store, JOB, alone=False))] == ["m1", None]


AIRFLOWS = """
CREATE TABLE dag (dag_id VARCHAR(99), is_paused BOOLEAN, is_stale BOOLEAN, timetable_partitioned BOOLEAN);
CREATE TABLE asset (id INTEGER, name VARCHAR(99), uri VARCHAR(99));
CREATE TABLE dag_schedule_asset_reference (asset_id INTEGER, dag_id VARCHAR(99));
CREATE TABLE dag_schedule_asset_name_reference (name VARCHAR(99), dag_id VARCHAR(99));
CREATE TABLE dag_schedule_asset_uri_reference (uri VARCHAR(99), dag_id VARCHAR(99));
INSERT INTO dag VALUES ('plain', false, false, false), ('off', true, false, true), ('on', false, false, true);
INSERT INTO asset VALUES (1, 'syn.court.delivered', 'hms-syn://court/delivered');
INSERT INTO dag_schedule_asset_reference VALUES (1, 'plain'), (1, 'off')
"""
"""Of Airflow's tables, the columns that say who listens; a real Airflow has them in the integration tests."""


def test_where_nobody_listens_one_run_tells_the_first_few_and_the_rest_is_passed_over(store):
    """No bell rings for them; a DAG that is scheduled by them later begins with what comes."""
    run_by_hand(store, *AIRFLOWS.split(";"))
    deliver(store, 1, 2, 3)
    run = Announcements(store, JOB, alone=False)
    assert not run.is_behind()
    run.leave()
    assert [key for key, _ in told_by(run)] == ["m1", "m2", None]
    run.airflow_knows()
    assert store.ring() == []
    for table, word in (
        ("asset", 1),
        ("asset_name", "syn.court.delivered"),
        ("asset_uri", "hms-syn://court/delivered"),
    ):
        run_by_hand(store, f"INSERT INTO dag_schedule_{table}_reference VALUES ('{word}', 'on')")
        assert store.airflow_hears("syn.court.delivered", "hms-syn://court/delivered")
        run_by_hand(store, f"DELETE FROM dag_schedule_{table}_reference WHERE dag_id = 'on'")
        assert not store.airflow_hears("syn.court.delivered", "hms-syn://court/delivered")
    run_by_hand(store, "INSERT INTO dag_schedule_asset_reference VALUES (1, 'on')")
    deliver(store, 4)
    later = Announcements(store, JOB, alone=False)
    assert later.is_behind()
    assert [key for key, _ in told_by(later)] == ["m4", None]


def run_by_hand(store, *statements):
    with store.engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_counts_are_of_the_whole_run_however_few_receipts_are_shown(store, monkeypatch):
    """Four messages, one of them refused, one receipt in XCom: the counts say four, and a try of it fails."""
    monkeypatch.setenv("AIRFLOW__HMS_SYN__ACKS_IN_XCOM", "1")
    deliver(store, 1, 2, 3, 4, script=[VendorRefused("no")])
    report = report_of(store, "w1")
    with pytest.raises(AirflowFailException, match="Not acked: 1 message"):
        PushOperator(task_id="push", job=JOB)._fail_unless_acked(store, report, [], alone=True)
    assert [ack["id"] for ack in report.pop("acks")] == ["m4"]
    assert report == {"delivered": 3, "dead_letter": 1, "in_doubt": 0, "pending": 0}
    assert report_of(store, "another run")["delivered"] == 0
