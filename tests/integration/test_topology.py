"""What docker-compose.yaml describes, run for real: Celery, PostgreSQL, Valkey, and two of what may fail."""

from __future__ import annotations

import itertools
import json
import shutil
import tempfile
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path

import pytest
from tests.harness.compose import Project
from tests.harness.topology import Topology
from tests.harness.waiting import eventually

from hms_syn.domain.topic_event import new_event
from hms_syn.flow.publish import publish

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(420)]
JOBS = ("court_eviction_sync", "state_payments_sync", "hospital_records_sync")
CONSOLE = "/hms-syn/api/v1/jobs"
TOPIC = "hud.eviction.ordered"
CASES = 8
EVENTS = 168
"""Each goes to three jobs: 504 messages."""
QUICK = "job: {push: {timeout: 3s, lease: 5s}}\n"
"""A lost worker's lines are taken over after 5 s and not 60, its doubts asked about after 3 and not 30."""


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
        eventually(lambda: running.check() or is_up(running), within=180, every=0.5, what="Airflow")
        yield running
    finally:
        running.stop()
        shutil.rmtree(place, ignore_errors=True)


def is_up(topology):
    """Return True when Airflow says that its parts are well, and has found the jobs."""
    health = topology.call("api-server", "GET", "/api/v2/monitor/health")
    known = {row["job"] for row in topology.store.status()}
    return bool(health) and all(part["status"] == "healthy" for part in health.values()) and set(JOBS) <= known


def log_in(topology):
    told = topology.services["init"]["environment"]
    login = {"username": told["ADMIN_USER"], "password": told["ADMIN_PASSWORD"]}
    return topology.call("api-server", "POST", "/auth/token", login)["access_token"]


def order(number):
    """Return the nth eviction order; its number is in what each vendor keeps."""
    return {
        "case_id": f"HUD-{number % CASES}",
        "hearing_date": (date(2024, 1, 1) + timedelta(days=number)).isoformat(),
        "reason": f"{number:04}",
        "subsidy_id": f"S-{number}",
        "property": {"id": f"P-{number}", "address": f"{number} Main Street"},
    }


def at_the_vendors(topology):
    """Return what each vendor has on record, in its order: case, number and the key it came with."""
    first = date(2024, 1, 1).toordinal()
    court = topology.call("court", "GET", "/received")["hearings"]
    holds = topology.call("payments", "GET", "/received")["holds"]
    tasks = [row for row in topology.call("hospital", "GET", "/received")["resources"] if row["resourceType"] == "Task"]
    return {
        "court_eviction_sync": [
            (row["case_id"], date.fromisoformat(row["hearing_date"]).toordinal() - first, row["message_id"])
            for row in court
        ],
        "state_payments_sync": [(row["case_id"], int(row["reason"]), row["key"]) for row in holds],
        "hospital_records_sync": [
            (row["groupIdentifier"]["value"], int(row["code"]["text"].split()[-1]), row["identifier"][0]["value"])
            for row in tasks
        ],
    }


def test_every_process_of_the_compose_file_passes_its_own_health_check(topology):
    """The image's commands with the file's environment: FAB's login, Celery, and the page of the console."""
    eventually(lambda: not topology.unhealthy(), within=120, every=1)
    assert set(JOBS) <= {
        row["job"] for row in topology.call("api-server", "GET", CONSOLE, token=log_in(topology))["jobs"]
    }
    assert topology.call("api-server", "GET", CONSOLE) == {}
    errors = topology.call("api-server", "GET", "/api/v2/importErrors", token=log_in(topology))
    assert errors["total_entries"] == 0, errors


def listener(topology):
    """Return the triggerer that listens for the bell of the first job."""
    with topology.store.engine.connect() as connection:
        [bell, *_] = connection.exec_driver_sql("SELECT id FROM trigger WHERE classpath LIKE '%%doorbell%%'").scalars()
    found = [name for name in ("triggerer-1", "triggerer-2") if f"trigger ID {bell} starting" in topology.log(name)]
    return found[-1] if found else ""


def test_five_hundred_messages_outlive_a_triggerer_a_scheduler_and_a_worker(topology):
    """Each is killed while messages go out. Of the first two another goes on; the worker comes back, as with Docker."""
    store = topology.store
    for job in JOBS:
        done = topology.hms_syn("resume", job, "--reason", "the demo begins")
        assert done.returncode == 0, done.stderr

    def delivered():
        return sum(row["delivered"] for row in store.status())

    def some_more(part):
        """Publish a quarter of all, and return when it begins to arrive."""
        before = delivered()
        for number in range(part * EVENTS // 4, (part + 1) * EVENTS // 4):
            publish(store, [new_event(TOPIC, order(number), agency="hud")])
        eventually(lambda: delivered() >= before + len(JOBS), within=120, what="deliveries")

    some_more(0)
    topology.kill(eventually(lambda: listener(topology)))
    some_more(1)
    topology.kill("scheduler-1")
    some_more(2)
    topology.kill("worker-1")
    topology.start_one("worker-1")
    some_more(3)
    eventually(lambda: delivered() == EVENTS * len(JOBS), within=240, every=0.5, what="all deliveries")

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
        assert all(first < second for line in cases.values() for first, second in itertools.pairwise(line)), job
