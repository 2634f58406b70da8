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

from hms_syn import job_files, settings
from hms_syn.domain.ack import printable
from hms_syn.errors import SynError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

log = logging.getLogger(__name__)

STUB = '''"""An Airflow DAG file written from {name}; edit that file, not this one.

{text}
"""
from pathlib import Path

from hms_syn.factory import build
from hms_syn.job_files import load_job

for dag in build(load_job(Path({path!r}), root=Path({root!r}))):
    globals()[dag.dag_id] = dag
'''

NOT_SHOWN = "(Its text is not shown: it cannot be read as YAML, or holds what looks like a secret.)"
HEARTBEAT = "_hms_syn_heartbeat.py"
"""No job file's name: those begin with a letter."""
HEARTBEAT_STUB = '''"""The heartbeat of all vendors as an Airflow DAG."""
from hms_syn.factory.heartbeat_dag import heartbeat_dag

dag = heartbeat_dag()
'''
AUDIT_STUB = '''"""The sealing of the audit trail as an Airflow DAG."""
from hms_syn.factory.audit_dag import audit_dag

dag = audit_dag()
'''
OWN = {HEARTBEAT: HEARTBEAT_STUB, "_hms_syn_audit.py": AUDIT_STUB}
"""The DAG files that belong to no job."""


class JobsDagBundle(BaseDagBundle):
    """The jobs folder as DAG files.

    :param jobs_folder: the folder of the YAML files; default is the setting ``[hms_syn] jobs_folder``
    """

    supports_versioning = False

    def __init__(self, *, jobs_folder: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._jobs = Path(jobs_folder) if jobs_folder else settings.jobs_folder()
        self._seen: dict[Path, job_files.Marks] = {}
        self._stubs: dict[str, Path] = {}
        self._on: set[str] | None = None

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
        """Write a DAG file for each new or changed job file, and drop those whose job file is gone."""
        with self.lock():
            self.path.mkdir(parents=True, exist_ok=True)
            files = list(job_files.paths(self._jobs))
            if self._jobs in files:
                log.warning("%s cannot be read; its DAGs stay as they are", self._jobs)
                return
            found = self._stubs_of(files)
            for name, text in OWN.items():
                _write(self.path / name, text)
            for stub in self.path.glob("*.py"):
                if stub not in found and stub.name not in OWN:
                    stub.unlink()
            for stub, path in found.items():
                marks = job_files.marks_of(path, root=self._jobs)
                if self._seen.get(stub) != marks:
                    self._renew(stub, path)
                self._seen[stub] = marks
        self._follow_switches()

    def _renew(self, stub: Path, path: Path) -> None:
        """Let Airflow parse a job again. What is wrong with one file never stops the others."""
        try:
            _write(stub, self._text(path))
            if stub in self._seen:  # its text may be as before while the defaults above it, or what is wrong, is not
                stub.touch()
        except OSError as error:
            log.warning("%s has no DAG file: %s", path, error.strerror)
        self._register(path, stub)

    def _stubs_of(self, files: Sequence[Path]) -> dict[Path, Path]:
        """Return each job file by its DAG file; of two that would share one (``a/b``, ``a__b``) the later is marked."""
        found: dict[Path, Path] = {}
        for path in sorted(files):
            place = path.relative_to(self._jobs)
            name = "__".join(place.with_suffix("").parts)
            if self.path / f"{name}.py" in found:
                name += f"__{hashlib.sha256(os.fsencode(place)).hexdigest()[:8]}"
            found[self.path / f"{name}.py"] = path
        return found

    def _text(self, path: Path) -> str:
        text = job_files.shown_text(path)
        return STUB.format(
            name=_quoted(printable(path.name)),
            text=_quoted(NOT_SHOWN if text is None else text),
            path=str(path.absolute()),
            root=str(self._jobs.absolute()),
        )

    def _follow_switches(self) -> None:
        """Follow the switches also where every job is paused, and Airflow runs no doorbell; not inside a task.

        The dag-processor may use Airflow's own database, so toggles are followed where the queue is in another.
        """
        from hms_syn import wiring  # noqa: PLC0415 - as below
        from hms_syn.flow.switch import follow  # noqa: PLC0415 - as below
        from hms_syn.hooks.audit import AuditHook, airflows_own_url  # noqa: PLC0415 - as below
        from hms_syn.store import airflow_toggles  # noqa: PLC0415 - as below

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
        changed alone for an hour. At the first look every file is about to be parsed.
        """
        on = {dag_id for dag_id, is_paused in toggles.items() if not is_paused}
        for dag_id in on - (on if self._on is None else self._on):
            job = dag_id.removeprefix("syn.").rpartition(".")[0]
            stub = self._stubs.get(job, self.path / HEARTBEAT)
            if stub.exists():
                stub.touch()
        self._on = on

    def _register(self, path: Path, stub: Path) -> None:
        """Make a job known to publishers from now on. A broken file is Airflow's to show, as an import error.

        Not inside a task, which begins with a bundle of its own and registers its one job by itself.
        """
        from hms_syn.hooks.audit import AuditHook, airflows_own_url  # noqa: PLC0415 - the bundle is also made where no database is needed

        if airflows_own_url() is None:
            return
        try:
            job = job_files.load_job(path, root=self._jobs)
            self._stubs[job.id] = stub
            AuditHook().store.register(job)
        except SynError as error:
            log.warning("%s is not registered yet: %s", path, error)


def _quoted(text: str) -> str:
    """Return a text as it is written inside a docstring."""
    return text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def _write(stub: Path, text: str) -> None:
    """Write one DAG file when its text differs."""
    if not stub.exists() or stub.read_text(encoding="utf-8") != text:
        stub.write_text(text, encoding="utf-8")
