"""The job file that a command was given by its path."""

from __future__ import annotations

import os
from pathlib import Path

from hms_syn import job_files, settings
from hms_syn.errors import NeedsOfficer

SHOWN = 12


def job_file(given: str) -> Path:
    """Return the path of a file that is there and has a job file's ending.

    :raises NeedsOfficer: there is none; the message names those that are there
    """
    file = Path(given)
    if not file.is_file():
        raise NeedsOfficer(f"{file}: no such file{others(file)}")
    if file.suffix not in job_files.SUFFIXES:
        raise NeedsOfficer(f"{file}: {NO_ENDING}")
    return file


def others(file: Path) -> str:
    """Return a clause with the job files beside a path that leads nowhere, else those of the jobs folder, or ''."""
    for folder in (file.parent, settings.jobs_folder()):
        found = sorted(os.path.relpath(path) for path in job_files.paths(folder))
        if found:
            more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
            return f"; there are: {', '.join(found[:SHOWN])}{more}"
    return ""


NO_ENDING = "is no job file by its name; rename it to end in .yaml, or Airflow does not see it"
