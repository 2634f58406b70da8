"""``hms-syn start``: one job, from its file to its first hand-off."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from hms_syn import job_files, settings, wiring
from hms_syn.cli import given_file, hand_offs, named_connections
from hms_syn.cli.lint import contract_problems
from hms_syn.cli.output import next_step, remark
from hms_syn.errors import JobFileInvalid, NeedsOfficer

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.store.sql_store import SqlStore

SEEN_WITHIN = 120.0
"""Seconds Airflow is given to find a new job file (its own default interval is 30 s)."""


def run(arguments: argparse.Namespace) -> int:
    """Lint, place, switch on, follow until Ctrl-C."""
    file = given_file.job_file(arguments.file)
    job = job_files.load_job(file)
    problems = contract_problems(job)
    if problems:
        raise JobFileInvalid(problems)
    for doubt in named_connections.unknown([job]):
        remark(str(doubt))
    store = wiring.open_store()
    store.check()
    if arguments.repin:
        store.unpin(job.id)
    placed = _place(file)
    job = job_files.load_job(placed, root=settings.jobs_folder())
    store.register(job)
    before = hand_offs.newest(store)
    try:
        _switch_on(job, store)
    except KeyboardInterrupt:
        remark(f"\n{placed} stays in the jobs folder, and {job.id} may not be switched on.")
        next_step(f"hms-syn start {placed}")
        return 130
    print(f"⏳  Listening for {', '.join(job.source_topics)} …", flush=True)
    try:
        hand_offs.follow(store, [job.id], until=lambda: False, after=before)
    except KeyboardInterrupt:
        remark(f"\n{job.id} goes on in Airflow. next: hms-syn status")
    return 0


def _place(file: Path) -> Path:
    """Copy a job file into the jobs folder, unless it is there already; never over another text."""
    folder = settings.jobs_folder()
    if file.resolve().is_relative_to(folder.resolve()):
        return file
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / file.name
    if place.exists() and place.read_bytes() != file.read_bytes():
        raise NeedsOfficer(f"{place}: is there already with another text; compare the two, then remove one")
    shutil.copyfile(file, place)
    return place


def _switch_on(job: JobSpec, store: SqlStore) -> None:
    """Wait until Airflow knows the job's DAGs, then unpause them."""
    wanted = [dag_id for dag_id, side in ((job.push_dag_id, job.push), (job.pull_dag_id, job.pull)) if side]
    if store.airflow_knows(wanted[0]) is None:
        raise NeedsOfficer(
            "Airflow's own tables are not in the queue's database, so its DAGs cannot be switched on from here; "
            f"unpause {' and '.join(wanted)} in Airflow, or use: hms-syn run {job.file}"
        )
    remark(f"waiting up to {SEEN_WITHIN:.0f} s for Airflow to find {' and '.join(wanted)} …")
    deadline = time.monotonic() + SEEN_WITHIN
    while missing := [dag_id for dag_id in wanted if not store.airflow_knows(dag_id)]:
        if time.monotonic() > deadline:
            raise NeedsOfficer(
                f"Airflow has not found {' and '.join(missing)} in {SEEN_WITHIN:.0f} s; is its dag-processor running, "
                f"and is its jobs folder {settings.jobs_folder().absolute()}? See 'airflow dags list-import-errors', "
                f"or use: hms-syn run {job.file}"
            )
        time.sleep(1)
    for dag_id in wanted:
        subprocess.run(  # noqa: S603 - our own interpreter, a checked id
            [sys.executable, "-m", "airflow", "dags", "unpause", "--yes", dag_id], check=True, capture_output=True
        )
