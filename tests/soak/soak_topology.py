"""Minutes of the whole deployment in bad weather: nothing is lost, nothing is out of order, no process grows."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from tests.harness.compose import Project
from tests.harness.footprint import Footprint, Life
from tests.harness.history import violations
from tests.harness.three_vendors import JOBS, TOPIC, history
from tests.harness.topology import AIRFLOW, Topology
from tests.harness.topology_weather import Weather
from tests.harness.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

QUICK = """\
job:
  push: {timeout: 5s, lease: 8s, breaker: {after: 5, open_for: 5s}}
  retry: {initial_delay: 1s, max_delay: 10s}
"""
"""What waits a minute in a county waits seconds here, so that minutes hold many of them."""
BETWEEN = 1.0
"""Seconds between two orders of a publisher; each goes to three vendors."""
MOST = {"scheduler": 2.0}
"""MiB a minute that a process may grow, 1 where nothing else is said.

Airflow's scheduler, in which nothing of ours runs but the plugin's registration, grew by 1.0 with ``--empty``.
"""
SETTLED = 5
"""Minutes below which all that is seen is a beginning, and growth is told and not judged."""
KILLED = ("worker-1", "triggerer-1", "scheduler-1")
DRAIN = 900
LATENCY = """\
SELECT percentile_cont(ARRAY[0.5, 0.95, 1]) WITHIN GROUP (ORDER BY extract(epoch FROM settled_at - published_at))
  FROM hms_syn_delivery_v WHERE state = 'delivered'
"""


@pytest.fixture
def topology(request: pytest.FixtureRequest) -> Iterator[Topology]:
    """The deployment of docker-compose.yaml, with what its processes said where a test fails."""
    place = Path(tempfile.mkdtemp(prefix="hms-syn-soak-"))
    for name in ("project", "home"):
        (place / name).mkdir()
    project = Project(place / "project")
    if request.config.getoption("empty"):
        shutil.rmtree(project.folder / "jobs")
        (project.folder / "jobs").mkdir()
    else:
        (project.folder / "jobs" / "defaults.yaml").write_text(QUICK)
        (project.folder / "jobs" / "court_calendar_sync.yaml").unlink()
    running = Topology(project, place / "home", AIRFLOW__CELERY__WORKER_CONCURRENCY="4")
    try:
        running.start()
        jobs = () if request.config.getoption("empty") else JOBS
        eventually(lambda: running.is_up(*jobs), within=300, every=0.5, what="Airflow")
        yield running
    finally:
        for name in running.processes:  # pytest shows it where the test has failed
            print(f"--- the end of what {name} said\n{running.log(name)[-4000:]}")
        running.stop()
        shutil.rmtree(place, ignore_errors=True)


@pytest.mark.timeout(7200)
def test_minutes_of_the_whole_deployment_lose_nothing_and_grow_nowhere(topology, request, closing_line):
    """F3, F4, F13, F14, F15, F18-F21, F23, F24, F26, F31, F33, F34, told by the vendors' own records."""
    option = request.config.getoption
    seconds = 60 * option("minutes")
    if option("empty"):
        with Footprint(lambda: topology.pids) as footprint:
            time.sleep(seconds)
        closing_line(f"{option('minutes'):g} minutes of Airflow without a job\n{table(footprint, seconds / 4)}")
        return
    begin(topology)
    weather = Weather(topology, option("seed"), pause=BETWEEN)
    with Footprint(lambda: topology.pids) as footprint:
        weather.blow(seconds, [KILLED[number % len(KILLED)] for number in range(option("node_kills"))])
        footprint.end()
    weather.clear_up()
    began = time.monotonic()
    eventually(lambda: is_drained(topology), within=DRAIN, every=2, what="the drain")
    drained = time.monotonic() - began
    print(table(footprint, seconds / 4))
    figures = verdict(topology, weather)
    happened = ", ".join(f"{count} {name}" for name, count in sorted(weather.happened.items()))
    closing_line(
        f"seed {option('seed')}, {option('minutes'):g} minutes, killed {', '.join(weather.killed) or 'nobody'}; "
        f"{figures}, drained in {drained:.0f} s; {happened}\n{table(footprint, seconds / 4)}"
    )
    if option("minutes") < SETTLED:
        return
    judged = [life for life in footprint.lasting(seconds / 4) if service(life) in AIRFLOW]
    grown = [life for life in judged if life.slope >= MOST.get(service(life), 1.0)]
    assert {service(life) for life in judged} == {*AIRFLOW}
    assert not grown, "\n".join(f"{life.component} {called(life)}: {life.slope:.2f} MiB/min" for life in grown)


def begin(topology: Topology) -> None:
    """Switch the jobs and the heartbeat on."""
    for job in JOBS:
        done = topology.hms_syn("resume", job, "--reason", "the soak begins")
        assert done.returncode == 0, done.stderr
    token = topology.log_in()
    path, on = "/api/v2/dags/syn.heartbeat", {"is_paused": False}
    assert topology.call("api-server", "PATCH", path, on, token=token)["is_paused"] is False


def is_drained(topology: Topology) -> bool:
    """Return True when nothing waits and nothing is in doubt."""
    return all(row["open"] == row["in_doubt"] == 0 for row in reconciled(topology).values())


def is_delivered(topology: Topology) -> bool:
    """Return True when every message that was accepted has arrived."""
    return all(row["delivered"] == row["accepted"] for row in reconciled(topology).values())


def reconciled(topology: Topology) -> dict[str, dict[str, Any]]:
    """Count both sides as an officer does; both must agree."""
    done = topology.hms_syn("reconcile", "--json")
    rows = {row["job"]: row for row in json.loads(done.stdout)["jobs"]}
    assert done.returncode == 0, done.stdout + done.stderr
    return {job: rows[job] for job in JOBS}


def verdict(topology: Topology, weather: Weather) -> str:
    """Ask every judge, then send again what a vendor was told to refuse, and ask for the count once more."""
    refused = arrivals = spoilt = attempts = 0
    for job, vendor in JOBS.items():
        pauses = weather.pauses if vendor == "court" else []
        told = history(topology, job, weather.published, faults=weather.faults, pauses=pauses)
        assert (found := violations(told)) == [], "\n".join([job, *found])
        assert {row["state"] for row in told.deliveries} <= {"delivered", "dead_letter"}
        refused += sum(row["state"] == "dead_letter" for row in told.deliveries)
        arrivals, spoilt = arrivals + len(told.arrivals), spoilt + told.faults - weather.faults
        attempts += len(told.attempts)
        done = topology.hms_syn("replay", "--job", job, "--reason", "the weather is over", "--by", "soak")
        assert done.returncode == 0 or "othing" in done.stdout + done.stderr, done.stdout + done.stderr
    with topology.store.engine.connect() as connection:
        [middle, most, longest] = connection.execute(text(LATENCY)).scalar_one()
    eventually(
        lambda: all(row["delivered"] == row["accepted"] for row in reconciled(topology).values()), within=DRAIN, every=1
    )
    done = topology.hms_syn("audit", "verify")
    assert done.returncode == 0, done.stdout + done.stderr
    events = topology.store.read(TOPIC, after=0, limit=100_000)
    count = len(events) * len(JOBS)
    assert sum(row["delivered"] for row in reconciled(topology).values()) == count
    return (
        f"{count} messages, 0 lost, 0 out of order, {arrivals - count} repeats, {spoilt} requests or answers spoilt, "
        f"{attempts} attempts, {refused} refused and replayed, published to delivered {middle:.2f} s in the middle, "
        f"{most:.1f} s at the 95th percentile, {longest:.0f} s at most"
    )


def service(life: Life) -> str:
    """Return the service a process is of. Airflow's are judged: databases fill caches, pretend vendors keep all."""
    return life.component.rpartition("-")[0]


def table(footprint: Footprint, warm: float) -> str:
    """Return what each component took, and each process that lasted: MiB (PSS), its own growth, its share of a core."""
    lines = [f"{'component':15} {'MiB':>6} {'MiB/min':>8} {'% core':>7}  process that lasted"]
    lasting = footprint.lasting(warm)
    for name, whole in sorted(footprint.sums.items()):
        late = whole.since(warm)
        if not late.at:
            continue
        lines.append(f"{name:15} {middle(late):6.0f} {'':8} {100 * whole.cpu / footprint.seconds:7.1f}")
        lines += [
            f"{'':15} {middle(life):6.0f} {life.slope:8.2f} {100 * life.cpu / footprint.seconds:7.1f}  {called(life)}"
            for life in lasting
            if life.component == name and (name != "postgres" or life.cpu > 1)
        ]
    return "\n".join(lines)


def called(life: Life) -> str:
    """Return what a process calls itself, without where its program is."""
    words = [word for word in life.title.split() if not word.endswith("/python")]
    return " ".join(word.rpartition("/")[2] for word in words)[:60]


def middle(life: Life) -> float:
    """Return the middle of what was seen."""
    return sorted(life.mib)[len(life.mib) // 2]
