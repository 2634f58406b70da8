"""The console script as an officer uses it: real processes, ended by their pid, on one store in one folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from hms_syn.domain.topic_event import new_event
from hms_syn.flow.publish import publish
from hms_syn.job_files import load_job
from hms_syn.store.sql_store import SqlStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SCRIPT = str(Path(sys.executable).with_name("hms-syn"))
QUICK = {
    "push": {"timeout": "1s", "lease": "1500ms", "breaker": {"after": 5, "open_for": "300ms"}},
    "retry": {"initial_delay": "50ms", "max_delay": "200ms", "jitter": 0},
}
"""Short waits, so that a test sees in seconds what takes minutes in a county."""


class Cli:
    """One installation: a folder, a store, and an environment with nothing else in it."""

    def __init__(self, home: Path, *, url: str = "", **connections: dict[str, Any]) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home = home
        self.url = url or f"sqlite:///{home}/airflow.db"
        kept = ("PATH", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT")
        self.environment = {name: os.environ[name] for name in kept if name in os.environ}
        self.environment |= {"HOME": str(home), "AIRFLOW_HOME": str(home), "PYTHONUNBUFFERED": "1"}
        if url:
            connections = {"hms_syn_db": {"conn_type": "generic", "extra": {"url": url}}, **connections}
        for name, fields in connections.items():
            self.environment[f"AIRFLOW_CONN_{name.upper()}"] = json.dumps(fields)

    def __call__(self, *arguments: str | Path, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run one command to its end."""
        return self.execute([SCRIPT, *map(str, arguments)], timeout=timeout)

    def python(self, program: str, *arguments: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a Python program to its end, in a process of its own."""
        return self.execute([sys.executable, "-c", program, *arguments], timeout=timeout)

    def execute(self, command: Sequence[str], *, timeout: float) -> subprocess.CompletedProcess[str]:
        """Run any command in this installation; one that does not end is killed with all it started."""
        with self.started(command) as process:
            process.wait(timeout)
            return subprocess.CompletedProcess(command, process.returncode, process.out, process.err)

    def start(self, *arguments: str | Path) -> Any:
        """Run one command in the background, as a context; what is left of it at the end is killed."""
        return self.started([SCRIPT, *map(str, arguments)])

    def python_started(self, program: str, *arguments: str) -> Any:
        """Run a Python program in the background, as a context."""
        return self.started([sys.executable, "-c", program, *arguments])

    @contextmanager
    def started(self, command: Sequence[str]) -> Iterator[Process]:
        """Run a command in a process group of its own for as long as the context lasts."""
        process = Process(command, self.home, self.environment)
        try:
            yield process
        finally:
            process.kill()

    @contextmanager
    def store(self) -> Iterator[SqlStore]:
        """Open the installation's store in this process, which is quicker than a command."""
        with closing(SqlStore(self.url)) as opened:
            opened.create()
            yield opened

    def publish(self, topic: str, *payloads: dict[str, Any], ids: Sequence[str | None] = ()) -> list[str]:
        """Publish events in this order, and return their message ids."""
        names = [*ids, *[None] * (len(payloads) - len(ids))]
        events = [
            new_event(topic, facts, agency="hud", message_id=name) for name, facts in zip(names, payloads, strict=True)
        ]
        with self.store() as store:
            for event in events:
                publish(store, [event])
        return [event.message_id for event in events]

    def trace(self, key: str) -> dict[str, Any]:
        """Return the one message that is found by this key, with every hop."""
        with self.store() as store:
            [message] = store.trace(key)
        return dict(message)

    def status(self) -> dict[str, Any]:
        """Return how the one job stands."""
        with self.store() as store:
            [job] = store.status()
        return dict(job)

    def json(self, *arguments: str) -> Any:
        """Run a command that reads and return what it says."""
        done = self(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def job(self, endpoint: str, *, name: str = "court", **changes: Any) -> Path:
        """Write the file of a job that pushes hearings to this endpoint with short waits.

        It is not pinged unless a test says so: vendors that count every request, or misbehave at the next, are meant.
        """
        job = {
            "name": f"HUD → {name}",
            "push_adapter": "oracle.soap.v1",
            "source_topic": "hud.hearing.created",
            "target_endpoint": endpoint,
            "allow_private": ["127.0.0.0/8"],
            "heartbeat": False,
            **QUICK,
            **changes,
        }
        if job["push"] is not None:
            job["push"] = {**QUICK["push"], **job["push"]}
        path = self.home / f"{name}.yaml"
        text = yaml.safe_dump({"job": {key: value for key, value in job.items() if value is not None}})
        path.write_text(text, encoding="utf-8")
        return path

    def listening(self, job: Path) -> Path:
        """Make a job known to publishers, as its first run does, and return its file."""
        with self.store() as store:
            store.register(load_job(job))
        return job


class Process:
    """A command that runs in its own process group, with its output in files so that it never blocks on us."""

    def __init__(self, command: Sequence[str], folder: Path, environment: dict[str, str]) -> None:
        number = os.urandom(4).hex()
        self._out, self._err = folder / f"{number}.out", folder / f"{number}.err"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self._process = subprocess.Popen(
                command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                start_new_session=True,
            )  # fmt: skip
        self.pid = self._process.pid

    @property
    def out(self) -> str:
        """What it has printed so far."""
        return self._out.read_text(encoding="utf-8")

    @property
    def err(self) -> str:
        """What it has said on standard error so far."""
        return self._err.read_text(encoding="utf-8")

    @property
    def returncode(self) -> int | None:
        """Its exit code, or None while it runs."""
        return self._process.poll()

    def wait(self, timeout: float = 60) -> int:
        """Wait for its end and return its exit code."""
        return self._process.wait(timeout)

    def signal(self, number: int) -> None:
        """Send a signal to it and to all it started."""
        if self.returncode is None:
            os.killpg(self.pid, number)

    def kill(self) -> None:
        """End it now, as a power cut would."""
        self.signal(signal.SIGKILL)
        self._process.wait(10)
