"""A DAG bundle that shows Airflow one small DAG file for each job file.

With one file per job Airflow parses only what changed, shows the job's YAML in the Code tab, and reports a broken job
as an import error of its own, with file, line and reason, while every other job goes on.
"""

from __future__ import annotations

import hashlib
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.dag_processing.bundles.base import BaseDagBundle
from airflow.sdk import conf

from hms_syn import job_files, settings
from hms_syn.domain.ack import printable
from hms_syn.errors import JobFileInvalid, SynError
from hms_syn.hooks.audit import AuditHook, airflows_own_url
from hms_syn.hooks.job_as_it_runs import last_sound
from hms_syn.job_files import kept
from hms_syn.job_files.stubs import BROKEN, BROKEN_STUB, HEARTBEAT, NOT_SHOWN, OWN, SECOND_STUB, STUB, quoted
from hms_syn.store.sound_files import SoundFiles

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hms_syn.domain.job_spec import JobSpec

log = logging.getLogger(__name__)
LOOK_PER_FILE = 0.006
"""Seconds between two looks for each job file, where that is longer than ``refresh_interval``: at each look Airflow
lists all DAG files and compares them with all its DAGs, and so that costs the same however many there are."""


class JobsDagBundle(BaseDagBundle):
    """The jobs folder as DAG files.

    ``refresh_interval`` is Airflow's own parameter, and grows with the folder: see ``LOOK_PER_FILE``.

    :param jobs_folder: the folder of the YAML files; default is the setting ``[hms_syn] jobs_folder``
    """

    supports_versioning = False

    def __init__(self, *, jobs_folder: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._at_least = self.refresh_interval
        self._jobs = Path(jobs_folder) if jobs_folder else settings.jobs_folder()
        self._seen: dict[str, job_files.Marks] = {}  # here and below: by the DAG file's name
        self._named: dict[str, list[str]] = {}
        self._ids: dict[str, str] = {}
        self._seconds: dict[str, tuple[str, str]] = {}
        self._begin_paused: set[str] = set()
        self._toggles: Mapping[str, bool] | None = None

    @property
    def path(self) -> Path:
        """Return the folder Airflow looks for DAG files in."""
        return Path(self.base_dir)

    def get_current_version(self) -> None:
        """Return None: a folder has no versions of its own."""

    def initialize(self) -> None:
        """Write the DAG files before anything looks for them."""
        self.refresh()
        super().initialize()

    def refresh(self) -> None:
        """Write a DAG file for each new or changed job file, and drop those whose job file is gone.

        A task begins with a bundle of its own, and finds its job through a DAG file that is there: it writes what is
        missing where it runs, and leaves everything else to the dag-processor.
        """
        with self.lock():
            self.path.mkdir(parents=True, exist_ok=True)
            files = list(job_files.places(self._jobs))
            if str(self._jobs) in files:
                log.warning("%s cannot be read; its DAGs stay as they are", self._jobs)
                return
            found = self._stubs_of(files)
            self.refresh_interval = max(self._at_least, int(LOOK_PER_FILE * len(found)))
            for name, text in OWN.items():
                _write(self.path / name, text)
            if airflows_own_url() is None:
                for stub in found.keys() - self._names():
                    _write(self.path / stub, self._stub(STUB, Path(found[stub]), text=NOT_SHOWN))
                return
            self._follow_files(found)
        self._follow_switches()

    def _follow_files(self, found: Mapping[str, str]) -> None:
        """Renew what has changed, and those that a change elsewhere makes the first or the second of their id."""
        look = job_files.Look(self._jobs)
        is_first, gone = not self._seen, self._seen.keys() - found.keys()
        changed = [
            stub for stub, file in found.items() if self._seen.get(stub) != look.marks(file, self._named.get(stub, ()))
        ]
        store = _store(self.name) if is_first or gone or changed else None
        for stub in gone:
            for known in (self._seen, self._ids, self._named):
                known.pop(stub, None)
        jobs = {stub: self._read(stub, Path(found[stub]), look, store) for stub in changed}
        before, self._seconds = self._seconds, self._seconds_of(found)
        told = {stub for stub in found if before.get(stub) != self._seconds.get(stub)}
        for stub in dict.fromkeys([*changed, *sorted(told)]):
            path = Path(found[stub])
            self._renew(stub, path, jobs[stub] if stub in jobs else self._read(stub, path, look, store), store)
        if store is not None and (is_first or gone):
            self._park(found.values(), store)
        for name in self._names():
            if name.endswith(".py") and not (name in found or name.removeprefix(BROKEN) in found or name in OWN):
                (self.path / name).unlink()

    def _names(self) -> set[str]:
        """Return the names of what is in the folder of DAG files."""
        with os.scandir(self.path) as entries:
            return {entry.name for entry in entries}

    def _read(self, stub: str, path: Path, look: job_files.Look, store: SoundFiles | None) -> JobSpec | None:
        """Return the job of a file as it is now; None where it has problems, which are Airflow's to show."""
        self._named[stub] = [str(named) for named in job_files.named_files(path, root=self._jobs)]
        self._seen[stub] = look.marks(str(path), self._named[stub])
        try:
            job = job_files.load_job(path, root=self._jobs)
        except JobFileInvalid:
            last = None if store is None else last_sound(path, root=self._jobs, folder=self.name)
            if last is not None:
                self._ids[stub] = last.id
            else:
                self._ids.pop(stub, None)
            return None
        self._ids[stub] = job.id
        (self._begin_paused.add if job.start_paused else self._begin_paused.discard)(job.id)
        return job

    def _seconds_of(self, found: Mapping[str, str]) -> dict[str, tuple[str, str]]:
        """Return the DAG files whose job's id another file has first, each with the id and that other file."""
        first: dict[str, str] = {}
        for stub, job_id in self._ids.items():
            other = first.setdefault(job_id, stub)
            if other != stub and job_files.precedes(Path(found[stub]), Path(found[other]), job_id):
                first[job_id] = stub
        return {stub: (id_, found[first[id_]]) for stub, id_ in self._ids.items() if first[id_] != stub}

    def _renew(self, stub: str, path: Path, job: JobSpec | None, store: SoundFiles | None) -> None:
        """Let Airflow parse a job again. What is wrong with one file never stops the others."""
        second, dag_file, broken = self._seconds.get(stub), self.path / stub, self.path / f"{BROKEN}{stub}"
        is_broken = job is None and stub in self._ids and second is None
        try:
            if second is not None:
                text = self._stub(SECOND_STUB, path, job_id=second[0], first=str(Path(second[1]).absolute()))
            else:
                text = self._stub(STUB, path, text=self._shown(path))
            _renew(dag_file, text)
            if is_broken:
                _renew(broken, self._stub(BROKEN_STUB, path))
            else:
                broken.unlink(missing_ok=True)
        except OSError as error:
            log.warning("%s has no DAG file: %s", path, error.strerror)
        if job is not None and second is None and store is not None:
            self._register(job, path, store)

    def _register(self, job: JobSpec, path: Path, store: SoundFiles) -> None:
        """Make a job known to publishers from now on, and keep what it is for when its file turns bad."""
        try:
            place = kept.place_of(path, self._jobs)
            store.register(job, place=place, text=kept.written(job))
        except SynError as error:
            log.warning("%s is not registered yet: %s", path, error)

    def _park(self, files: Iterable[str], store: SoundFiles) -> None:
        """Switch off the jobs whose file is gone. One that comes back is a new file, and switches its job on."""
        try:
            for job_id in store.park_all_but([kept.place_of(Path(file), self._jobs) for file in files]):
                log.warning("The file of %s is gone; what waits for it is parked", job_id)
        except SynError as error:
            log.warning("Jobs whose file is gone are not parked yet: %s", error)

    def _stubs_of(self, files: Iterable[str]) -> dict[str, str]:
        """Return each job file by its DAG file's name; of two of one name (``a/b``, ``a__b``) the later is marked."""
        found: dict[str, str] = {}
        start = len(f"{self._jobs}/")
        for file in sorted(files):
            place = file[start:]
            name = place.rpartition(".")[0].replace("/", "__")
            if f"{name}.py" in found:
                name += f"__{hashlib.sha256(os.fsencode(place)).hexdigest()[:8]}"
            found[f"{name}.py"] = file
        return found

    def _stub(self, template: str, path: Path, **more: str) -> str:
        name = quoted(printable(path.name))
        places = {"path": str(path.absolute()), "root": str(self._jobs.absolute()), "folder": self.name}
        return template.format(name=name, **places, **more)

    def _shown(self, path: Path) -> str:
        text = job_files.shown_text(path, root=self._jobs)
        return quoted(NOT_SHOWN if text is None else text)

    def _follow_switches(self) -> None:
        """Follow the switches also where every job is paused, and Airflow runs no doorbell; not inside a task.

        The dag-processor may use Airflow's own database, so toggles are followed where the queue is in another.
        """
        from hms_syn import wiring  # noqa: PLC0415 - a task needs none of them
        from hms_syn.flow.switch import follow  # noqa: PLC0415 - a task needs none of them
        from hms_syn.store import airflow_toggles  # noqa: PLC0415 - a task needs none of them

        url = airflows_own_url()
        if url is None:
            return
        try:
            store = AuditHook().store
            airflow = store if store.has_airflow else wiring.open_airflow(url)
            follow(store, airflow=None if store.has_airflow else airflow)
            if airflow is not None:
                self._parse_again(airflow.look(airflow_toggles.all_of))
        except SynError as error:
            log.warning("The switches are not followed: %s", error)

    def _parse_again(self, toggles: Mapping[str, bool]) -> None:
        """Have Airflow parse the files of the DAGs that were switched on since the last look.

        Airflow listens for a DAG's bell from the first parse that finds the DAG on, and may leave a file that has not
        changed alone for an hour. A DAG that is new and on was found so by its first parse, unless it begins paused;
        otherwise every file of a new folder would be parsed twice.
        """
        before, self._toggles = self._toggles, toggles
        stubs = {job_id: stub for stub, job_id in self._ids.items() if stub not in self._seconds}
        all_begin_paused = conf.getboolean("core", "dags_are_paused_at_creation")
        for dag_id, is_paused in toggles.items():
            if is_paused or before is None or before.get(dag_id) is False:
                continue
            job = dag_id.removeprefix("syn.").rpartition(".")[0]
            if not (dag_id in before or all_begin_paused or job in self._begin_paused):
                continue
            stub = self.path / stubs.get(job, HEARTBEAT)
            if stub.exists():
                stub.touch()


def _store(folder: str) -> SoundFiles | None:
    """Return what the queue keeps of a folder; None where it cannot be had, which is said."""
    try:
        return SoundFiles(AuditHook().store, folder)
    except SynError as error:
        log.warning("No job is registered: %s", error)
        return None


def _renew(stub: Path, text: str) -> None:
    """Write one DAG file and have it parsed: its text may be as before while what it reads is not."""
    _write(stub, text)
    stub.touch()


def _write(stub: Path, text: str) -> None:
    """Write one DAG file when its text differs."""
    if not stub.exists() or stub.read_text(encoding="utf-8") != text:
        stub.write_text(text, encoding="utf-8")
