"""A folder of job files that is looked at again and again: only what has changed is read."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hms_syn.errors import JobFileInvalid
from hms_syn.job_files import inheritance
from hms_syn.job_files.loader import installed, load_job, places

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from hms_syn.domain.job_spec import JobSpec

log = logging.getLogger(__name__)
Mark = tuple[int, int] | None
"""When a file was changed, and how large it is; None where it is not there."""
Marks = tuple[Mark, tuple[Mark, ...], tuple[Mark, ...]]
"""Of a job's own file, of the defaults above it, and of the files that it names."""


@dataclass(slots=True)
class Look:
    """One look at what jobs are made of, which asks for no file twice: with a thousand jobs it is taken every 5 s."""

    root: Path
    _defaults: dict[str, tuple[Mark, ...]] = field(default_factory=dict, init=False)
    _named: dict[str, Mark] = field(default_factory=dict, init=False)

    def marks(self, file: str, named: Iterable[str] = ()) -> Marks:
        """Return what tells whether a job is another than before; for ``named`` see ``named_files``."""
        folder = file.rpartition("/")[0]
        if folder not in self._defaults:
            above = inheritance.folders(Path(folder), self.root)
            self._defaults[folder] = tuple(_mark(str(each / inheritance.FILE_NAME)) for each in above)
        return _mark(file), self._defaults[folder], tuple(self._mark_of(each) for each in named)

    def _mark_of(self, named: str) -> Mark:
        if named not in self._named:
            self._named[named] = _mark(named)
        return self._named[named]


def _mark(file: str) -> Mark:
    try:
        state = os.stat(file)  # noqa: PTH116 - to make a path takes longer than to look
    except OSError:  # gone since it was listed, or never there
        return None
    return state.st_mtime_ns, state.st_size


class JobFolder:
    """The jobs of a folder as they are now. A file that turns bad keeps the job that it last held."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._marks: dict[str, Marks] = {}
        self._jobs: dict[str, JobSpec] = {}

    @property
    def jobs(self) -> list[JobSpec]:
        """The jobs, as they were at the last look."""
        return list(self._jobs.values())

    def refresh(self) -> bool:
        """Look at the files; True when a job is new, gone or another than before."""
        look = Look(self._folder)
        marks = {file: look.marks(file) for file in places(self._folder)}
        before = dict(self._jobs)
        for file in self._jobs.keys() - marks.keys():
            del self._jobs[file]
        known = installed()
        for file, mark in marks.items():
            if mark != self._marks.get(file):
                self._read(file, known)
        self._marks = marks
        return self._jobs != before

    def _read(self, file: str, known: Collection[str]) -> None:
        try:
            self._jobs[file] = load_job(file, adapters=known, root=self._folder)
        except JobFileInvalid as error:
            log.warning("%s", error)
