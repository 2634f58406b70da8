"""A thousand job files: all their DAGs beside dag-factory and beside the same without YAML, one of them, and lint."""

from __future__ import annotations

import gc
import logging
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.child import Child

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.bench import Bench

JOBS = 1000
WANTED = f"v{JOBS // 2}"
JOB = """job:
  name: "Vendor {number}"
  push_adapter: "rest.json.v1"
  pull_adapter: "rest.json.v1"
  source_topic: "bench.v{number}.created"
  target_endpoint: "https://v{number}.example.gov/api"
  push:
    ordering_key: case_id
    request: {{path: "/cases"}}
    mapping: {{caseId: case_id, hearingDate: date}}
    success: {{status: [ACCEPTED]}}
    ack: {{reference: reference}}
  pull: {{schedule: 5m, dedupe_key: changeId, request: {{path: "/changes", records: items}}}}
heartbeat_interval: "30s"
"""
PEERS_DAG = """v{number}:
  default_args: {{owner: bench, retries: 2, retry_delay_sec: 30, start_date: 2024-01-01}}
  schedule: "*/5 * * * *"
  catchup: false
  tasks:
    - task_id: ask
      operator: airflow.providers.standard.operators.bash.BashOperator
      bash_command: "true"
    - task_id: send
      operator: airflow.providers.standard.operators.bash.BashOperator
      bash_command: "true"
      dependencies: [ask]
"""
"""One DAG of two tasks. A job of ours is two DAGs of one task each."""
UNTOLD = {"DO_NOT_TRACK": "1", "AIRFLOW__DAG_FACTORY__ENABLE_TELEMETRY": "false"}
"""dag-factory tells its makers of each use, over the network, unless it is told not to."""


def parsing(bench: Bench) -> None:
    """Build everything, beside dag-factory and beside the same written by hand."""
    cpu = compared(
        bench,
        f"DAGs of {JOBS:,} files",
        {"dag-factory, a DAG a file": (peers, {}), "ours without YAML": (by_hand, {}), "HMS-SYN": (ours, {})},
    )
    peer, floor, own = cpu
    bench.keep("21-parse", {"CPU of dag-factory's": 100 * own / peer, "CPU of the same without YAML": own / floor})


def one_dag(bench: Bench) -> None:
    """Build what a task needs that begins: its own DAG, out of the folder of a thousand.

    A LocalExecutor's task is forked from a process that has Airflow's models already, so for both contenders
    importing them is no part of it. Before 2026-11-30 it was: ours was then 2.12 %.
    """
    forked = {"forked": True}
    wanted = {"wanted": f"syn.{WANTED}.push", **forked}
    title = f"One DAG of {JOBS:,} files, beside all of them"
    peer, own = compared(bench, title, {"dag-factory, all": (peers, forked), "HMS-SYN, one": (ours, wanted)})
    bench.keep("22-one-dag", {"CPU of dag-factory's whole parse": 100 * own / peer})


def compared(bench: Bench, title: str, contenders: dict[str, tuple[Callable[..., Any], dict[str, Any]]]) -> list[float]:
    """Run the contenders by turns, each time in a fresh process; what is imported is not counted."""
    bench.say(f"{title}: {bench.rounds} rounds of {len(contenders)} contenders")
    took: dict[str, list[dict[str, float]]] = {name: [] for name in contenders}
    with tempfile.TemporaryDirectory(prefix="hms-syn-bench-") as folder:
        write(Path(folder))
        for _ in range(bench.rounds):
            for name, (prepare, more) in contenders.items():
                took[name].append(Child(prepare, folder=folder, **more).go().answer())
    cpu = [statistics.median(answer["cpu"] for answer in answers) for answers in took.values()]
    rows = [
        (name, f"{answers[0]['dags']:,}", f"{seconds:.3f}", f"{seconds / cpu[0]:.3f}")
        for (name, answers), seconds in zip(took.items(), cpu, strict=True)
    ]
    bench.table(title, ("", "DAGs", "CPU s", "ratio"), rows)
    return cpu


def linting(bench: Bench) -> None:
    """Run the command as a person does, start of Python included."""
    with tempfile.TemporaryDirectory(prefix="hms-syn-bench-") as folder:
        write(Path(folder))
        took = [cpu_of("lint", str(Path(folder, "ours"))) for _ in range(bench.rounds)]
    bench.table(f"Lint of {JOBS:,} files", ("", "CPU s"), [("hms-syn lint", f"{statistics.median(took):.2f}")])
    bench.keep("23-lint", {"CPU": statistics.median(took)})


def cpu_of(*words: str) -> float:
    """Run ``hms-syn`` and return the CPU it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([Path(sys.executable).with_name("hms-syn"), *words], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def write(folder: Path) -> None:
    """Write each contender's files."""
    for name, text in (("ours", JOB), ("peers", PEERS_DAG)):
        (folder / name).mkdir()
        for number in range(JOBS):
            (folder / name / f"v{number}.yaml").write_text(text.format(number=number), encoding="utf-8")


def ours(*, folder: str, wanted: str | None = None, forked: bool = False) -> Callable[[], Any]:
    """Prepare a process that builds every DAG of ours, or, as a task does when it begins, one."""
    from airflow.sdk.definitions.context import _AIRFLOW_PARSING_CONTEXT_DAG_ID  # noqa: PLC0415 - imports are not counted

    from hms_syn.factory import build_dags  # noqa: PLC0415 - imports are not counted

    if wanted is not None:
        os.environ[_AIRFLOW_PARSING_CONTEXT_DAG_ID] = wanted
    return measured(lambda found: build_dags(found, Path(folder, "ours")), forked=forked)


def by_hand(*, folder: str) -> Callable[[], Any]:
    """Prepare a process that builds the DAGs of ours from values in Python: no file is read, nothing is checked."""
    del folder
    from benchmarks.jobs.floor import dags  # noqa: PLC0415 - imports are not counted

    return measured(lambda found: found.update((dag.dag_id, dag) for n in range(JOBS) for dag in dags(n)))


def peers(*, folder: str, forked: bool = False) -> Callable[[], Any]:
    """Prepare a process that builds dag-factory's DAGs."""
    os.environ |= UNTOLD
    logging.disable(logging.INFO)  # it tells of each file, where this process answers
    import airflow.providers.standard.operators.bash  # noqa: F401, PLC0415 - imports are not counted
    from dagfactory import load_yaml_dags  # noqa: PLC0415 - as above

    place = str(Path(folder, "peers"))
    return measured(lambda found: load_yaml_dags(found, dags_folder=place, defaults_config_path=place), forked=forked)


def measured(fill: Callable[[dict[str, Any]], Any], *, forked: bool = False) -> Callable[[], dict[str, float]]:
    """Measure what it takes to fill a DAG file's namespace; ``forked`` from what an executor's worker has imported."""
    from airflow.sdk import DAG  # noqa: PLC0415 - imports are not counted

    if forked:
        import airflow.jobs.scheduler_job_runner  # noqa: F401, PLC0415 - as above

        gc.collect()
        gc.freeze()  # as Airflow does before it forks workers

    def run() -> dict[str, float]:
        found: dict[str, Any] = {}
        began = time.process_time()
        fill(found)
        cpu = time.process_time() - began
        return {"cpu": cpu, "dags": sum(isinstance(value, DAG) for value in found.values())}

    return run
