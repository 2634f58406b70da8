"""A folder of job files that is looked at again and again: only what has changed is read."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hms_syn.errors import JobFileInvalid
from hms_syn.job_files import inheritance
from hms_syn.job_files.loader import installed, load_job, paths

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from hms_syn.domain.job_spec import JobSpec

log = logging.getLogger(__name__)
Mark = tuple[int, int]
Marks = Mapping[Path, Mark]
"""Of each file that is there: when it was changed, and how large it is."""


class JobFolder:
    """The jobs of a folder as they are now. A file that turns bad keeps the job that it last held."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._marks: dict[Path, Mark] = {}
        self._defaults: dict[Path, Mark] = {}
        self._jobs: dict[Path, JobSpec] = {}

    @property
    def jobs(self) -> list[JobSpec]:
        """The jobs, as they were at the last look."""
        return list(self._jobs.values())

    def refresh(self) -> bool:
        """Look at the files; True when a job is new, gone or another than before."""
        marks = _marks(paths(self._folder))
        defaults = _marks({parent / inheritance.FILE_NAME for file in marks for parent in file.parents})
        changed = [file for file, mark in marks.items() if defaults != self._defaults or self._marks.get(file) != mark]
        before = dict(self._jobs)
        for file in self._jobs.keys() - marks.keys():
            del self._jobs[file]
        known = installed()
        for file in changed:
            self._read(file, known)
        self._marks, self._defaults = marks, defaults
        return self._jobs != before

    def _read(self, file: Path, known: Collection[str]) -> None:
        try:
            self._jobs[file] = load_job(file, adapters=known, root=self._folder)
        except JobFileInvalid as error:
            log.warning("%s", error)


def marks_of(file: Path, *, root: Path, named: Iterable[Path] = ()) -> Marks:
    """Return what tells whether a job is another than before.

    That is its file, the defaults from there up to ``root``, and the files that it names: see ``named_files``.
    """
    defaults = (folder / inheritance.FILE_NAME for folder in inheritance.folders(file.parent, root))
    return _marks([file, *defaults, *named])


def _marks(files: Iterable[Path]) -> dict[Path, Mark]:
    """Return of each file that is there when it was changed and how large it is."""
    found = {}
    for file in files:
        with suppress(OSError):  # gone since it was listed, or never there
            state = file.stat()
            found[file] = (state.st_mtime_ns, state.st_size)
    return found
