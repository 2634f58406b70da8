"""A folder of job files that is looked at again and again: only what has changed is read."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
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
Mark = tuple[int, int]
Marks = Mapping[str, Mark]
"""Of each file that is there: when it was changed, and how large it is."""


@dataclass(slots=True)
class Look:
    """One look at what jobs are made of, which asks for no file twice: with a thousand jobs it is taken every 5 s."""

    root: Path
    _marks: dict[str, Mark | None] = field(default_factory=dict, init=False)
    _defaults: dict[str, list[str]] = field(default_factory=dict, init=False)

    def marks(self, file: str, named: Iterable[str] = ()) -> Marks:
        """Return what tells whether a job is another than before.

        That is its file, the defaults from there up to the root, and the files that it names: see ``named_files``.
        """
        folder = file.rpartition("/")[0]
        if folder not in self._defaults:
            above = inheritance.folders(Path(folder), self.root)
            self._defaults[folder] = [str(each / inheritance.FILE_NAME) for each in above]
        marks = {each: self._mark(each) for each in (file, *self._defaults[folder], *named)}
        return {each: mark for each, mark in marks.items() if mark is not None}

    def _mark(self, file: str) -> Mark | None:
        if file not in self._marks:
            try:
                state = os.stat(file)  # noqa: PTH116 - to make a path takes longer than to look
            except OSError:  # gone since it was listed, or never there
                self._marks[file] = None
            else:
                self._marks[file] = (state.st_mtime_ns, state.st_size)
        return self._marks[file]


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
