"""Job files as they are: what is broken in the jobs folder, and the text of one job."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.api_fastapi.auth.managers.models.resource_details import AccessView
from airflow.api_fastapi.core_api.security import requires_access_view
from fastapi import APIRouter, Depends

from hms_syn import job_files, settings
from hms_syn.job_files import fileless

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from hms_syn.domain.problem import Problem

router = APIRouter(tags=["jobs"])


@router.get("/files", dependencies=[Depends(requires_access_view(AccessView.IMPORT_ERRORS))])
def files() -> dict[str, Any]:
    """Return what is wrong with job files as this api-server reads them.

    Each of ``files`` has ``file``, ``line``, ``column``, ``key`` and ``reason``; a file with two problems is there
    twice. It needs what Airflow's import errors need.
    """
    folder = settings.jobs_folder()
    return {"files": [_row(folder, problem) for problem in SEEN.problems(folder)]}


def with_files(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return rows of jobs, each with ``has_file``, and told apart where there is none."""
    return fileless.with_files(rows, SEEN.ids(settings.jobs_folder()))


def of_job(job: str, *, with_text: bool) -> dict[str, Any]:
    """Return a job's file below the jobs folder, its text, and its problems.

    The text is null where it may not be shown: to a caller without the right, or of a file that holds what looks like
    a secret or cannot be read.
    """
    folder = settings.jobs_folder()
    path = job_files.job_path(folder, job) if folder.is_dir() else None
    if path is None:
        return {"file": None, "yaml": None, "problems": []}
    name = _below(folder, str(path))
    rows = [_row(folder, problem) for problem in SEEN.problems(folder)]
    return {
        "file": name,
        "yaml": job_files.shown_text(path, root=folder) if with_text else None,
        "problems": [row for row in rows if row["file"] == name],
    }


@dataclass(slots=True)
class Seen:
    """What a folder holds, found anew only when a file in it has changed: reading a thousand takes seconds."""

    _mark: object = None
    _problems: Sequence[Problem] = ()
    _mark_of_ids: object = None
    _ids: Collection[str] | None = None
    _one_reader: threading.Lock = field(default_factory=threading.Lock)

    def ids(self, folder: Path) -> Collection[str] | None:
        """Return the id of each job file; None where the folder cannot be looked into from here."""
        with self._one_reader:
            mark = (folder.exists(), _mark(folder))
            if mark != self._mark_of_ids:
                self._ids, self._mark_of_ids = fileless.ids_below(folder), mark
            return self._ids

    def problems(self, folder: Path) -> Sequence[Problem]:
        """Return every problem of the folder as it is now."""
        with self._one_reader:
            mark = _mark(folder)
            if mark != self._mark:
                _, self._problems = job_files.load_folder(folder)
                self._mark = mark
            return self._problems


SEEN = Seen()


def _mark(folder: Path) -> object:
    """Return what differs as soon as a file is added, changed or removed; schemas and defaults count too."""
    found = []
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            try:
                state = path.stat()
            except FileNotFoundError:
                continue
            found.append((str(path), state.st_mtime_ns, state.st_size))
    return sorted(found)


def _row(folder: Path, problem: Problem) -> dict[str, Any]:
    return {
        "file": _below(folder, problem.file),
        "line": problem.line,
        "column": problem.column,
        "key": problem.key,
        "reason": problem.text,
    }


def _below(folder: Path, file: str) -> str:
    """Return a file's name below the jobs folder; where that folder is on the server is nobody's business."""
    return os.path.relpath(file, folder)
