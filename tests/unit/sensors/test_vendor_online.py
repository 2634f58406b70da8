"""Runs that wait for a vendor: held back while the heartbeat says that it is offline, and only then."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowSkipException

from hms_syn.domain.job_spec import Breaker, Heartbeat
from hms_syn.domain.vendor_health import Ping, Verdict
from hms_syn.flow.heartbeat import news
from hms_syn.operators import PullOperator
from hms_syn.sensors import VendorOnlineSensor
from hms_syn.store.sql_store import SqlStore
from hms_syn.store.vendor_board import VendorBoard


@pytest.fixture
def board(tmp_path, monkeypatch, job):
    """A store that Airflow's hooks find, with a job and its vendor."""
    url = f"sqlite:///{tmp_path}/queue.db"
    monkeypatch.setenv("AIRFLOW_CONN_HMS_SYN_DB", json.dumps({"conn_type": "generic", "extra": {"url": url}}))
    store = SqlStore(url)
    store.create()
    store.register(job)
    board = VendorBoard(store)
    board.watch({job.target_endpoint: 30.0})
    yield board
    store.close()


def say(board, job, verdict, times):
    for _ in range(times):
        facts = {"endpoint": job.target_endpoint, "rules": Heartbeat(), "breaker": Breaker()}
        board.note([Ping(verdict=verdict, **facts)], news)


def run(kind):
    return {"dag_run": SimpleNamespace(run_type=kind)}


def test_the_sensor_holds_back_while_the_vendor_is_offline(board, job):
    """Nobody knows, it is there, it is away, it is back: only "away" holds back."""
    sensor = VendorOnlineSensor(task_id="there", job=job)
    seen = [sensor.poke({})]
    for verdict, times in ((Verdict.ANSWERED, 1), (Verdict.FAILED, 3), (Verdict.ANSWERED, 1)):
        say(board, job, verdict, times)
        seen.append(sensor.poke({}))
    assert seen == [True, True, False, True]


def test_a_pull_by_the_clock_is_skipped_while_the_vendor_is_offline(board, job):
    """The reason names the vendor and since when; one that a person has started asks all the same."""
    pull = PullOperator(task_id="pull", job=job)
    say(board, job, Verdict.FAILED, 3)
    with pytest.raises(AirflowSkipException, match="is offline since 20"):
        pull.execute(run("scheduled"))
    assert pull.execute(run("manual"))["new"] == 0
    say(board, job, Verdict.ANSWERED, 1)
    assert pull.execute(run("scheduled"))["new"] == 0
