"""What docker-compose.yaml describes, run for real: Celery, PostgreSQL, Valkey, and two of what may fail."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.harness.compose import Project
from tests.harness.history import visits_of
from tests.harness.three_vendors import CASES, JOBS, TOPIC, at_the_vendors, order
from tests.harness.topology import Topology
from tests.harness.waiting import eventually

from hms_syn.domain.topic_event import new_event
from hms_syn.flow.publish import publish

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(420)]
CONSOLE = "/hms-syn/api/v1/jobs"
EVENTS = 168
"""Each goes to three jobs: 504 messages."""
QUICK = "job: {push: {timeout: 3s, lease: 5s}}\n"
"""A lost worker's lines are taken over after 5 s and not 60, its doubts asked about after 3 and not 30."""
COURT = "court_eviction_sync"
WORKERS = ("worker-1", "worker-2")
BELL = "SELECT trigger_id FROM asset_watcher WHERE name = :watcher"
DRAIN_LEASE, TRIGGERER_LOST, SLACK = 10, 15, 60
"""Seconds: our default, the compose file's, and what a busy machine may add before it is called a fault."""


@pytest.fixture(scope="module")
def topology():
    place = Path(tempfile.mkdtemp(prefix="hms-syn-topology-"))
    for name in ("project", "home"):
        (place / name).mkdir()
    project = Project(place / "project")
    (project.folder / "jobs" / "defaults.yaml").write_text(QUICK)
    running = Topology(project, place / "home", AIRFLOW__HMS_SYN__LINGER="4s")
    try:
        running.start()
        eventually(lambda: running.is_up(*JOBS), within=180, every=0.5, what="Airflow")
        yield running
    finally:
        running.stop()
        shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="module")
def begun(topology):
    """The same, with its jobs switched on."""
    for job in JOBS:
        done = topology.hms_syn("resume", job, "--reason", "the demo begins")
        assert done.returncode == 0, done.stderr
    return topology


@pytest.fixture
def whole(begun):
    """The same, with every process there and nothing to do: what another test killed is back."""
    for name in ("scheduler-1", "triggerer-1", "triggerer-2", "worker-1"):
        if name not in begun.processes:
            begun.start_one(name)
    eventually(lambda: begun.is_up(*JOBS), within=120, every=0.5, what="Airflow")
    eventually(lambda: not begun.unhealthy(), within=120, every=1)
    eventually(lambda: not any(row["waiting"] for row in begun.store.status()), within=120, every=0.2)
    return begun


def test_every_process_of_the_compose_file_passes_its_own_health_check(topology):
    """The image's commands with the file's environment: FAB's login, Celery, and the page of the console."""
    eventually(lambda: not topology.unhealthy(), within=120, every=1)
    token = topology.log_in()
    assert set(JOBS) <= {row["job"] for row in topology.call("api-server", "GET", CONSOLE, token=token)["jobs"]}
    assert topology.call("api-server", "GET", CONSOLE) == {}
    errors = topology.call("api-server", "GET", "/api/v2/importErrors", token=token)
    assert errors["total_entries"] == 0, errors


def listener(topology, job=COURT):
    """Return the triggerer that listens for the bell of a job: the one that said so last."""
    with topology.store.engine.connect() as connection:
        [bell] = connection.execute(text(BELL), {"watcher": f"syn.{job}.queued.doorbell"}).scalars()
    said = {
        line: name
        for name in ("triggerer-1", "triggerer-2")
        for line in topology.log(name).splitlines()
        if f"trigger ID {bell} starting" in line
    }
    return said[max(said)] if said else ""  # a line begins with its time


def put(topology, numbers):
    """Publish these orders."""
    for number in numbers:
        publish(topology.store, [new_event(TOPIC, order(number), agency="hud")])


def requests(topology):
    """Return when each request with an order came to the court, and when its answer was out."""
    return visits_of(topology.call("court", "GET", "/received"))


def overlaps(visits):
    """Return the requests that came before the one before was over: with one drain a job, whatever their keys."""
    known = sorted((visit for visit in visits if visit.ended is not None), key=lambda visit: visit.began)
    return [(one, other) for one, other in pairwise(known) if other.began < one.ended]


def delivered(topology):
    """Return how many messages have been delivered."""
    return sum(row["delivered"] for row in topology.store.status())


def drainer(topology):
    """Return the worker whose run drains the court's queue now."""
    with topology.store.engine.connect() as connection:
        [owner] = connection.execute(text("SELECT drain_owner FROM hms_syn_job WHERE job = :job"), {"job": COURT}).one()
    run = (owner or "").partition("/")[2]
    return next((name for name in WORKERS if run and run in topology.log(name)), "")


def test_five_hundred_messages_outlive_a_triggerer_a_scheduler_and_a_worker(begun):
    """Each is killed while messages go out. Of the first two another goes on; the worker comes back, as with Docker."""
    topology = begun

    def some_more(part):
        """Publish a quarter of all, and return when it begins to arrive."""
        before = delivered(topology)
        put(topology, range(part * EVENTS // 4, (part + 1) * EVENTS // 4))
        eventually(lambda: delivered(topology) >= before + len(JOBS), within=120, what="deliveries")

    some_more(0)
    topology.kill(eventually(lambda: listener(topology)))
    some_more(1)
    topology.kill("scheduler-1")
    some_more(2)
    topology.kill("worker-1")
    topology.start_one("worker-1")
    some_more(3)
    eventually(lambda: delivered(topology) == EVENTS * len(JOBS), within=240, every=0.5, what="all deliveries")

    for words in (("reconcile",), ("audit", "verify")):
        done = topology.hms_syn(*words)
        assert done.returncode == 0, done.stdout + done.stderr
    rows = {row["job"]: row for row in json.loads(topology.hms_syn("reconcile", "--json").stdout)["jobs"]}
    assert {rows[job]["delivered"] for job in JOBS} == {EVENTS}
    for job, received in at_the_vendors(topology).items():
        assert len(received) == len({key for *_, key in received}) == EVENTS, job
        cases = defaultdict(list)
        for case, number, _ in received:
            cases[case].append(number)
        assert all(first < second for line in cases.values() for first, second in pairwise(line)), job


def test_two_workers_on_one_job_send_one_message_at_a_time(whole):
    """Runs of one job are started by hand again and again while it works: lines and the drain each have their lease.

    Either alone keeps this promise; with both broken twelve requests came before the one before was over.
    """
    token, before = whole.log_in(), delivered(whole)
    assert whole.call("court", "POST", "/behave", {"mode": "slow", "times": 12})
    put(whole, range(1000, 1000 + 2 * CASES))
    path = f"/api/v2/dags/syn.{COURT}.push/dagRuns"
    for _ in range(8):
        assert whole.call("api-server", "POST", path, {"logical_date": None}, token=token)
    eventually(lambda: delivered(whole) == before + 2 * CASES * len(JOBS), within=240, every=0.2, what="all deliveries")
    assert all(f"dag_id=syn.{COURT}.push" in whole.log(name) for name in WORKERS)
    assert overlaps(requests(whole)) == []


def test_a_killed_workers_queue_is_taken_over_by_another(whole):
    """F15: 10 s of drain lease, a poll, and what Airflow takes to start a run; one message at a time, and in order."""
    before = delivered(whole)
    assert whole.call("court", "POST", "/behave", {"mode": "slow", "times": None})
    put(whole, range(2000, 2000 + 2 * CASES))
    eventually(lambda: len(requests(whole)) >= 2 and drainer(whole), within=120, every=0.05, what="a drain")
    victim = drainer(whole)
    whole.kill(victim)
    lost, count = time.time(), len(requests(whole))
    eventually(lambda: len(requests(whole)) > count + 1, within=240, every=0.05, what="another drain")
    assert whole.call("court", "POST", "/behave", {"mode": "ok", "times": None})
    taken = min(visit.began for visit in requests(whole) if visit.began > lost) - lost
    eventually(lambda: delivered(whole) == before + 2 * CASES * len(JOBS), within=240, every=0.2, what="all deliveries")
    assert overlaps(requests(whole)) == []
    print(f"{victim} lost: its queue was taken over after {taken:.1f} s")
    assert taken < DRAIN_LEASE + SLACK


def test_a_killed_triggerers_bells_ring_at_another(whole):
    """F13: 15 s of the compose file until it is missed, and the message goes out without anybody's help."""
    before = delivered(whole)
    eventually(lambda: not drainer(whole), within=120, every=0.1, what="a cold job")
    victim = listener(whole)
    whole.kill(victim)
    put(whole, [3000])
    lost = time.time()
    eventually(lambda: delivered(whole) == before + len(JOBS), within=TRIGGERER_LOST + SLACK, every=0.1, what="a bell")
    print(f"{victim} lost: what was published then was delivered after {time.time() - lost:.1f} s")


def test_a_killed_scheduler_is_not_missed(whole):
    """F14: the other starts what the bell asks for at once."""
    before = delivered(whole)
    eventually(lambda: not drainer(whole), within=120, every=0.1, what="a cold job")
    whole.kill("scheduler-1")
    put(whole, [3001])
    lost = time.time()
    eventually(lambda: delivered(whole) == before + len(JOBS), within=SLACK, every=0.1, what="a run")
    print(f"scheduler-1 lost: what was published then was delivered after {time.time() - lost:.1f} s")
