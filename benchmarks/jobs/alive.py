"""A thousand jobs in a real Airflow: until they are there, one of them wanted, nothing to do, and edits of their files.

The same Airflow over an empty folder is the floor: what it takes more with the thousand is our part.
"""

from __future__ import annotations

import json
import random
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.meter import tree_cpu
from hms_syn.cli.local_airflow import LocalAirflow
from hms_syn.domain.topic_event import new_event
from hms_syn.flow.publish import publish
from hms_syn.sandbox.court_soap import Court, serve
from hms_syn.store.sql_store import SqlStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.bench import Bench
    from benchmarks.server import Database

GOAL = "24-alive"
JOBS = 1000
BEATING = 50
"""Jobs whose vendor is pinged; the others have no heartbeat, so that the figure is one of jobs."""
TRIED = 3
ROUNDS = 3
REST = 20.0
"""Seconds after which no run lingers: each message of a round finds a worker and wakes its job."""
CALM = 45.0
"""Seconds after which nothing lingers any more and no file is parsed."""
WINDOW = 120.0
STEP = 5.0
PATIENCE = 1800.0
SEEN = 120.0
JOB = """job:
  name: "Court {number}"
  push_adapter: "oracle.soap.v1"
  pull_adapter: "oracle.soap.v1"
  source_topic: "hud.v{number}.hearing.created"
  target_endpoint: "{court}/soap"
  allow_private: ["127.0.0.0/8"]
  heartbeat: {heartbeat}
  pull: {{schedule: "0 0 1 1 *"}}
"""
HEARING = {"case_id": "HUD-22-109", "date": "2024-09-02"}
BUSY = ("queued", "running", "restarting")


@dataclass(slots=True)
class Living:
    """One Airflow that runs, with its database as both Airflow and this process name it."""

    airflow: LocalAirflow
    database: Database
    court: str

    def write(self, number: int | str, *, name: str = "", broken: bool = False) -> Path:
        """Write one job file, as a person drops one."""
        beats = isinstance(number, int) and number < BEATING
        text = JOB.format(number=number, court=self.court, heartbeat="{interval: 30s}" if beats else "false")
        text = text.replace(f"Court {number}", name) if name else text
        path = self.airflow.jobs / f"v{number}.yaml"
        path.write_text(text.replace("source_topic", "sorce_topic") if broken else text, encoding="utf-8")
        return path

    def ask(self, statement: str, *values: object) -> float:
        """Return one number out of Airflow's own tables."""
        return float(str(self.database.run(statement, *values)[0][0] or 0))

    def seconds_until(self, what: str, ready: Callable[[], bool], *, at_most: float = PATIENCE) -> float:
        """Return how long it takes from now; a component that ends is told at once."""
        began = time.monotonic()
        while not ready():
            self.airflow.check()
            if time.monotonic() - began > at_most:
                raise TimeoutError(f"{what}: not within {at_most:.0f} s")
            time.sleep(0.1)
        return time.monotonic() - began

    def present(self) -> int:
        """Count the jobs' DAGs that Airflow has."""
        return int(self.ask("SELECT count(*) FROM dag WHERE NOT is_stale AND dag_id LIKE 'syn.v%%'"))

    def cpu(self, bench: Bench) -> dict[str, float]:
        """Return the CPU seconds that each component has used so far, the database's too."""
        used = {name: tree_cpu(process.pid) for name, process in self.airflow.processes.items()}
        return {**used, "PostgreSQL": bench.server.cpu()}

    def idle(self, bench: Bench, seconds: float) -> tuple[dict[str, float], float]:
        """Look on while there is nothing to do; return each component's share of a core in %, and the slots held."""
        before, began, held = self.cpu(bench), time.monotonic(), 0.0
        while time.monotonic() < began + seconds:
            time.sleep(STEP)
            held = max(held, self.ask("SELECT count(*) FROM task_instance WHERE state = ANY(%s)", list(BUSY)))
        took, after = time.monotonic() - began, self.cpu(bench)
        return {name: 100 * (after[name] - before[name]) / took for name in after}, held


def living(bench: Bench) -> None:
    """Measure an Airflow without any job, then one with a thousand."""
    jobs = bench.count(JOBS)
    window = max(30.0, WINDOW * bench.scale)
    bench.say(f"{jobs:,} jobs in a real Airflow; each time {window:.0f} s with nothing to do")
    with serve(Court()) as court:
        with tempfile.TemporaryDirectory(prefix="hms-syn-bench-") as home:
            floor = measured(bench, Path(home), court=court, jobs=0, window=window)
        with tempfile.TemporaryDirectory(prefix="hms-syn-bench-") as home:
            found = measured(bench, Path(home), court=court, jobs=jobs, window=window)
    shares = [(name, floor.idle[name], found.idle[name]) for name in found.idle]
    shares.append(("all", sum(floor.idle.values()), sum(found.idle.values())))
    bench.table(
        f"An idle Airflow: % of a core over {window:.0f} s",
        ("", "no job", f"{jobs:,} jobs", "our part"),
        [(name, f"{none:.1f}", f"{many:.1f}", f"{many - none:+.1f}") for name, none, many in shares],
    )
    bench.table(f"{jobs:,} jobs in Airflow", ("", ""), found.rows)
    bench.keep(GOAL, {**found.bounds, "idle, our part of a core": shares[-1][2] - shares[-1][1]})


@dataclass(slots=True)
class Found:
    """What one Airflow showed: shares of a core by component, rows for people, figures for the goal."""

    idle: dict[str, float]
    rows: list[tuple[str, str]]
    bounds: dict[str, float]


def measured(bench: Bench, home: Path, *, court: str, jobs: int, window: float) -> Found:
    """Start an Airflow over a folder of so many jobs, and measure it."""
    database = bench.server.database("alive")
    url = f"postgresql+psycopg2://postgres:@/{database.name}?host={database.folder}"
    (home / "jobs").mkdir()
    airflow = LocalAirflow(home=home, jobs=home / "jobs", url=url)
    place = Living(airflow, database, court)
    for number in range(jobs):
        place.write(number)
    airflow.migrate()
    store = SqlStore(url)
    try:
        airflow.start()
        there = place.seconds_until("the DAGs", lambda: airflow.is_healthy() and place.present() == 2 * jobs)
        bench.say(f"{place.present():,} DAGs after {there:.0f} s")
        if not jobs:
            time.sleep(CALM)
            return Found(place.idle(bench, window)[0], [], {})
        heard = place.seconds_until("the doorbells", lambda: place.ask(HEARD) >= jobs)
        bench.say(f"the doorbells listen after further {heard:.0f} s")
        late = []
        for _ in range(ROUNDS):
            late += [delivered(place, store, number) for number in random.sample(range(jobs), TRIED)]
            time.sleep(REST)
        bench.say(f"delivered after {', '.join(f'{seconds:.2f}' for seconds in late)} s")
        time.sleep(CALM)
        idle, held = place.idle(bench, window)
        bench.say(f"idle: {', '.join(f'{name} {share:.1f} %' for name, share in idle.items())}")
        dropped, changed, broken = edited(place)
        bench.say(f"seen: dropped {dropped:.1f} s, changed {changed:.1f} s, broken {broken:.1f} s")
        again = parsed_again(place)
        versions = place.ask("SELECT max(version_number) FROM dag_version WHERE dag_id NOT LIKE 'syn.v0.%%'")
        shown = ", ".join(f"{seconds:.2f}" for seconds in late)
        rows = [
            (f"all {2 * jobs:,} DAGs are there after, s", f"{there:.0f}"),
            ("every doorbell listens after further, s", f"{heard:.1f}"),
            (f"publish to delivered at {TRIED * ROUNDS} random jobs, s", shown),
            ("a dropped file has its DAG after, s", f"{dropped:.1f}"),
            ("a changed file shows after, s", f"{changed:.1f}"),
            ("a broken file is an import error with its line after, s", f"{broken:.1f}"),
            ("a new dag-processor has parsed every file again after, s", f"{again:.0f}"),
        ]
        bounds = {
            "DAGs missing": 2 * jobs + 2 - place.present(),
            "publish to delivered, median": statistics.median(late),
            "worker slots held": held,
            "versions of a DAG": versions,
            "dropped file": dropped,
            "changed file": changed,
            "broken file": broken,
        }
        return Found(idle, rows, bounds)
    finally:
        airflow.stop()
        store.close()
        bench.server.drop(database)


HEARD = "SELECT count(*) FROM trigger WHERE triggerer_id IS NOT NULL AND classpath LIKE '%%Doorbell'"


def delivered(place: Living, store: SqlStore, number: int) -> float:
    """Return the seconds from the publisher's commit until the court has said yes and that is on record."""
    event = new_event(f"hud.v{number}.hearing.created", HEARING, agency="hud")
    publish(store, [event])
    return place.seconds_until(
        f"v{number}", lambda: store.trace(event.message_id)[0]["deliveries"][0]["state"] == "delivered", at_most=SEEN
    )


def edited(place: Living) -> tuple[float, float, float]:
    """Drop a file, change one and break one; return after how many seconds Airflow shows each."""
    place.write("new")
    dropped = place.seconds_until(
        "the dropped file",
        lambda: place.ask("SELECT count(*) FROM dag WHERE dag_id = 'syn.vnew.push' AND NOT is_stale") == 1,
        at_most=SEEN,
    )
    place.write(0, name="Court of Appeal")
    changed = place.seconds_until("the changed file", lambda: "Court of Appeal" in serialized(place), at_most=SEEN)
    path = place.write(1, broken=True)
    told = f"%{path.name}:5:3: error: job.sorce_topic: unknown key%"
    broken = place.seconds_until(
        "the broken file",
        lambda: place.ask("SELECT count(*) FROM import_error WHERE stacktrace LIKE %s", told) == 1,
        at_most=SEEN,
    )
    place.write(1)
    place.seconds_until("the mended file", lambda: place.ask("SELECT count(*) FROM import_error") == 0, at_most=SEEN)
    return dropped, changed, broken


def serialized(place: Living) -> str:
    """Return a DAG as Airflow has it."""
    rows = place.database.run(
        "SELECT data FROM serialized_dag WHERE dag_id = 'syn.v0.push' ORDER BY created_at DESC LIMIT 1"
    )
    return json.dumps(rows[0][0]) if rows else ""


def parsed_again(place: Living) -> float:
    """Kill the dag-processor, start another, and return the seconds until it has parsed every file."""
    began = place.database.run("SELECT now()")[0][0]
    place.airflow.kill("dag-processor")
    place.airflow.start_one("dag-processor")
    return place.seconds_until(
        "parsing again",
        lambda: place.ask("SELECT count(*) FROM dag WHERE NOT is_stale AND last_parsed_time < %s", began) == 0,
    )
