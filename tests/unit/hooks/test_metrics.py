"""What a StatsD server gets by real UDP through Airflow's own client: from a push, and from the heartbeat's round."""

from __future__ import annotations

import json
import socket
from collections import Counter
from pathlib import Path

import pytest
from airflow.sdk._shared.observability.metrics.base_stats_logger import NoStatsLogger
from airflow.sdk.observability import stats
from tests.conftest import make_job
from tests.unit.flow.alert_room import Room
from tests.unit.flow.vendors import Scripted, drain, hearing

from hms_syn import wiring
from hms_syn.domain.job_spec import Push, Retry
from hms_syn.errors import VendorRefused
from hms_syn.flow.publish import publish
from hms_syn.hooks import metrics
from hms_syn.hooks.metrics import Metrics
from hms_syn.operators.push import PushOperator
from hms_syn.triggers.pings import _Heart

PAGE = Path(__file__).parents[3] / "docs" / "metrics.md"
JOB = make_job(push=Push(mapping={"case": "case_id"}), retry=Retry(initial_delay=0.05, jitter=0.0), heartbeat=None)


class Catcher:
    """A StatsD server that keeps each line it was sent."""

    def __init__(self):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]

    def lines(self):
        """Return the lines that are there: on one machine, what was sent has arrived."""
        self._socket.setblocking(False)
        found = []
        try:
            while True:
                found += self._socket.recv(65536).decode().split("\n")
        except BlockingIOError:
            return found

    def close(self):
        self._socket.close()


@pytest.fixture
def catcher(monkeypatch):
    """Airflow's metrics go to a server of the test's own."""
    opened = Catcher()
    for name, value in {"ON": "True", "HOST": "127.0.0.1", "PORT": str(opened.port), "PREFIX": "airflow"}.items():
        monkeypatch.setenv(f"AIRFLOW__METRICS__STATSD_{name}", value)
    yield opened
    opened.close()
    stats.initialize(factory=NoStatsLogger, export_legacy_names=True)


@pytest.fixture
def store(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path}/queue.db"
    monkeypatch.setenv("AIRFLOW_CONN_HMS_SYN_DB", json.dumps({"conn_type": "generic", "extra": {"url": url}}))
    monkeypatch.setenv("AIRFLOW__HMS_SYN__JOBS_FOLDER", str(tmp_path))
    opened = wiring.open_store(url)
    opened.create()
    opened.register(JOB)
    yield opened
    opened.close()


def push(store):
    """Run what the push task runs, without lingering."""
    PushOperator(job=JOB, task_id="push")._drain(store, "run", linger=0.0, is_paused=None)


def test_a_push_counts_each_outcome_and_times_each_attempt(store, catcher):
    """Two are taken; one does not fit the mapping and is refused."""
    publish(store, [hearing(1), hearing(2), hearing(3, case_id=None)])
    push(store)
    lines = catcher.lines()
    counts = Counter(line for line in lines if line.endswith("|c"))
    assert counts == {"airflow.hms_syn.delivered.court:1|c": 2, "airflow.hms_syn.refused.court:1|c": 1}
    times = [line for line in lines if line.startswith("airflow.hms_syn.attempt.court:") and line.endswith("|ms")]
    assert len(times) >= 2


def test_where_the_receiver_knows_tags_the_job_is_one(store, catcher, monkeypatch):
    monkeypatch.setenv("AIRFLOW__METRICS__STATSD_INFLUXDB_ENABLED", "True")
    publish(store, [hearing(1)])
    push(store)
    assert "airflow.hms_syn.delivered,job=court:1|c" in catcher.lines()


def test_the_heartbeats_round_says_how_every_job_stands(store, catcher):
    """One waits, one was set aside, and the vendor does not answer."""
    publish(store, [hearing(1)])
    drain(store, JOB, Scripted(VendorRefused(code="bad_date")))[0].run()
    publish(store, [hearing(2)])
    Room(store, [0.0]).ping(JOB, answers=False)
    heart = _Heart()
    heart.beat()
    gauges = dict(line.rsplit("|", 1)[0].split(":") for line in catcher.lines() if line.endswith("|g"))
    assert float(gauges.pop("airflow.hms_syn.audit.seal_lag_seconds")) >= 0
    assert float(gauges.pop("airflow.hms_syn.queue.oldest_seconds.court")) >= 0
    assert gauges == {
        "airflow.hms_syn.queue.depth.court": "1",
        "airflow.hms_syn.queue.in_doubt.court": "0",
        "airflow.hms_syn.queue.dead_letters.court": "1",
        "airflow.hms_syn.vendor.up.court": "0",
    }
    heart.beat()
    assert catcher.lines() == []  # the next measure is due in a while
    heart.rounds.close()


def test_while_metrics_are_off_nothing_is_sent(store, catcher, monkeypatch):
    monkeypatch.setenv("AIRFLOW__METRICS__STATSD_ON", "False")
    publish(store, [hearing(1)])
    push(store)
    heart = _Heart()
    heart.beat()
    heart.rounds.close()
    assert catcher.lines() == []
    assert not Metrics().is_on


def test_the_page_names_every_metric():
    names = [metrics.ATTEMPT, metrics.VENDOR_UP, metrics.SEAL_LAG, *metrics.COUNTERS.values(), *metrics.GAUGES.values()]
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in names if f"`{metrics.PREFIX}.{name}`" not in text] == []
