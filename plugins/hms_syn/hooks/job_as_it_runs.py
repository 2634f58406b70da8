"""The job of a file as it runs: as the file says, or, where the file has turned bad, as it last said."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from hms_syn.errors import JobFileInvalid, SynError
from hms_syn.hooks.audit import AuditHook
from hms_syn.job_files import kept, load_job, taken
from hms_syn.store.sound_files import SoundFiles

if TYPE_CHECKING:
    from pathlib import Path

    from hms_syn.domain.job_spec import JobSpec

log = logging.getLogger(__name__)


def job_as_it_runs(path: Path, *, root: Path, folder: str) -> JobSpec:
    """Return the job of a file; ``root`` is the jobs folder, ``folder`` what the queue calls it.

    Only for a file with problems the queue's database is asked, where every worker finds the same.

    :raises JobFileInvalid: the file has problems, and was never sound since it is there
    """
    try:
        return load_job(path, root=root)
    except JobFileInvalid as error:
        job = last_sound(path, root=root, folder=folder)
        if job is None:
            raise
        log.warning("The job %s goes on as it last was: %s", job.id, error)
        return job


def last_sound(path: Path, *, root: Path, folder: str) -> JobSpec | None:
    """Return the job that a file last was; None where it never was one, or nobody can say now."""
    try:
        text = SoundFiles(AuditHook().store, folder).kept(kept.place_of(path, root))
    except SynError as error:
        log.warning("What %s last said cannot be looked up: %s", path, error)
        return None
    return None if text is None else kept.read(text, file=path)


def refuse(path: Path, *, root: Path, job_id: str, first: Path) -> None:
    """Refuse the second file with one id.

    :raises JobFileInvalid: always; its one problem names both files
    """
    raise JobFileInvalid([taken(root, job_id=job_id, kept=first, other=path)])
