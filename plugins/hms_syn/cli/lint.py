"""``hms-syn lint``."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from hms_syn import job_files, settings, wiring
from hms_syn.adapters.pins import Unpinned
from hms_syn.cli import given_file, named_connections
from hms_syn.cli.output import next_step, remark
from hms_syn.domain.problem import Problem, Severity
from hms_syn.errors import JobFileInvalid, NeedsOfficer, SynError
from hms_syn.job_files import fileless, report
from hms_syn.job_files.overlaps import overlaps
from hms_syn.store.desk import Desk

if TYPE_CHECKING:
    import argparse

    from hms_syn.domain.job_spec import JobSpec

FORMATS = {"text": report.as_text, "json": report.as_json, "github": report.as_github}


def run(arguments: argparse.Namespace) -> int:
    """Print every problem; exit 1 when there is an error, or with ``--strict`` a warning."""
    jobs, problems, count = [], [], 0
    for given in arguments.paths or [settings.jobs_folder()]:
        found, wrong, files = _read(Path(given))
        jobs += found
        problems += wrong
        count += files
    if not arguments.offline:
        problems += [problem for job in jobs for problem in contract_problems(job)]
        problems += named_connections.unknown(jobs)
    problems += overlaps({job.file: job for job in jobs}.values())
    if arguments.store:
        problems += _left_behind([Path(given) for given in arguments.paths])
    if problems or arguments.format == "json":
        print(FORMATS[arguments.format](problems))
    remark(report.summary(problems, files=count))
    if jobs and not any(problem.severity is Severity.ERROR for problem in problems):
        next_step(f"hms-syn start {os.path.relpath(jobs[0].file)}")
    elif not count:
        next_step("hms-syn new ID --adapter NAME")
    is_wrong = any(arguments.strict or problem.severity is Severity.ERROR for problem in problems)
    return 1 if is_wrong else 0


def _left_behind(given: list[Path]) -> list[Problem]:
    """Return a warning for each registered job that has no file in the folders given, by default the jobs folder.

    :raises SynError: the queue's database is not to be had
    """
    folders = [path for path in given if path.is_dir()] or [settings.jobs_folder()]
    ids = set[str]()
    for folder in folders:
        found = fileless.ids_below(folder)
        if found is None:
            raise NeedsOfficer(f"{folder}: cannot be looked into, so nothing can be said of jobs without a file")
        ids.update(found)
    rows = Desk(wiring.open_store_that_is_there()).registered()
    return [
        Problem(
            file=os.path.relpath(folders[0]),
            text=f"job '{row['job']}': {fileless.sentence(row)} (--to JOB, if it has another name now)",
            severity=Severity.WARNING,
        )
        for row in fileless.left_behind(rows, ids)
    ]


def contract_problems(job: JobSpec) -> list[Problem]:
    """Return what does not fit between a job and its vendor's contract, at the lines of the job's file."""
    sides = [
        side(job, Unpinned(), find_credentials=settings.connection)
        for side, adapter in ((wiring.push_adapter, job.push_adapter), (wiring.pull_adapter, job.pull_adapter))
        if adapter
    ]
    faults: dict[tuple[str, str], None] = {}
    for adapter in sides:
        with contextlib.closing(adapter):
            try:
                faults.update(dict.fromkeys(adapter.check()))
            except SynError as error:
                faults["job.target_endpoint", str(error)] = None
    return job_files.located(job, faults) if faults else []


def _read(path: Path) -> tuple[list[JobSpec], list[Problem], int]:
    """Return the sound jobs of a file or folder, the problems of the others, and how many files there were."""
    if path.is_dir():
        jobs, problems = job_files.load_folder(path)
        return jobs, problems, sum(1 for _ in job_files.paths(path))
    if not path.is_file():
        text = f"no such file or folder{given_file.others(path) or '; hms-syn init makes a jobs folder'}"
        return [], [Problem(file=str(path), text=text)], 1
    if path.suffix not in job_files.SUFFIXES:
        return [], [Problem(file=str(path), text=given_file.NO_ENDING)], 1
    try:
        return [job_files.load_job(path)], [], 1
    except JobFileInvalid as error:
        return [], list(error.problems), 1
