"""A whole Airflow on this machine: scheduler with LocalExecutor, dag-processor, triggerer and api-server.

The components are started directly rather than through ``airflow standalone``, which migrates its database serially
at every start and does not stop cleanly from the background. Each is a process group of its own, so that stopping one
also ends the workers it has forked.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hms_syn.errors import NeedsOfficer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

COMPONENTS = {
    "api-server": ["--workers", "1"],
    "scheduler": ["--skip-serve-logs"],
    "dag-processor": [],
    "triggerer": ["--skip-serve-logs"],
}
"""In the order they are started: the api-server takes longest. Logs are read from the shared folder, so that nothing
but the api-server listens."""
STOP_SECONDS = 20.0
LOG_TAIL = 15


@dataclass(slots=True, kw_only=True)
class LocalAirflow:
    """Where it lives and what it is told. ``url`` is the queue's and Airflow's database; None is an SQLite file."""

    home: Path
    jobs: Path
    url: str | None = None
    port: int = 0
    settings: Mapping[str, str] = field(default_factory=dict)
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12), repr=False)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict, init=False)
    _token: str = field(default="", init=False, repr=False)

    def __post_init__(self) -> None:
        self.home = self.home.absolute()
        self.port = self.port or free_port()

    @property
    def database(self) -> str:
        """Return the SQLAlchemy URL of the one database."""
        return self.url or f"sqlite:///{self.home}/airflow.db"

    @property
    def address(self) -> str:
        """Return the address of the web page."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of every component, free of whatever Airflow this shell was set up for.

        Without compiled bytecode every process compiles all of Airflow again, so the switch that forbids writing it
        is dropped too.
        """
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("AIRFLOW") and name != "PYTHONDONTWRITEBYTECODE"
        }
        bundle = {"name": "syn-jobs", "classpath": "hms_syn.bundle.JobsDagBundle", "kwargs": {"refresh_interval": 5}}
        return {
            **kept,
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW_CONN_HMS_SYN_DB": json.dumps({"conn_type": "generic", "extra": {"url": self.database}}),
            "AIRFLOW__HMS_SYN__JOBS_FOLDER": str(self.jobs.absolute()),
            "AIRFLOW__API__BASE_URL": self.address,
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self.port),
            "AIRFLOW__API__SECRET_KEY": self._secret("api"),
            "AIRFLOW__API_AUTH__JWT_SECRET": self._secret("jwt") * 2,  # 64 characters or more
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.home / "dags"),
            "AIRFLOW__CORE__DAG_DISCOVERY_SAFE_MODE": "False",  # every file of the bundle is a DAG file: none is read
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.address}/execution/",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__FERNET_KEY": self._secret("fernet"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": "1",
            "AIRFLOW__CORE__PARALLELISM": "4",
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(self.home / "plugins"),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(self.home / "passwords.json"),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": self.database,
            "AIRFLOW__DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL": "1",
            "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps([bundle]),
            "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH": str(self.home / "bundles"),
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "3600",
            "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "5",
            "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "60",
            "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.25",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
            "AIRFLOW__TRIGGERER__CAPACITY": "4000",
            "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "15",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            **self.settings,
        }

    def _secret(self, name: str) -> str:
        """Return a secret of this home, the same in every component and after a restart: 32 bytes in base64."""
        path = self.home / f".{name}-secret"
        if not path.exists():
            self.home.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(), encoding="ascii")
        return path.read_text(encoding="ascii")

    def migrate(self) -> None:
        """Make the database: Airflow's tables and ours, by Airflow's own command."""
        for folder in ("dags", "plugins", "logs"):
            (self.home / folder).mkdir(parents=True, exist_ok=True)
        passwords = self.home / "passwords.json"
        passwords.touch(mode=0o600)
        passwords.write_text(json.dumps({"admin": self.password}), encoding="utf-8")
        done = self.command("db", "migrate")
        if done.returncode:
            raise NeedsOfficer(f"'airflow db migrate' failed:\n{done.stdout[-2000:]}")

    def command(self, *words: str, timeout: float = 180) -> subprocess.CompletedProcess[str]:
        """Run one airflow command with this Airflow's settings; both outputs are in ``stdout``."""
        return subprocess.run(  # noqa: S603 - our own interpreter, our own words
            [sys.executable, "-m", "airflow", *words],
            env=self.environment,
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )

    def start(self) -> None:
        """Start every component."""
        for component in COMPONENTS:
            self.start_one(component)

    def start_one(self, component: str) -> None:
        """Start one component in a process group of its own, its output in a file."""
        with (self.home / "logs" / f"{component}.log").open("ab") as log:
            self.processes[component] = subprocess.Popen(  # noqa: S603 - our own interpreter, our own words
                [sys.executable, "-m", "airflow", component, *COMPONENTS[component]],
                env=self.environment,
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until(self, what: str, ready: Callable[[], bool], *, seconds: float = 120) -> None:
        """Wait for something to be so, and fail at once when a component dies."""
        deadline = time.monotonic() + seconds
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                raise NeedsOfficer(f"{what}: not within {seconds:.0f} s; the logs are in {self.home / 'logs'}")
            time.sleep(0.25)

    def check(self) -> None:
        """Return if every component is running.

        :raises NeedsOfficer: one has ended; with the last lines it wrote
        """
        for component, process in self.processes.items():
            if process.poll() is not None:
                raise NeedsOfficer(f"{component} ended with code {process.returncode}:\n{self.log_tail(component)}")

    def is_healthy(self) -> bool:
        """Return True when Airflow says that all its components are alive, and tasks are answered.

        The api-server makes what answers tasks at the first question, for 5 s: better now than for the first message.
        """
        health = self._call("GET", "/api/v2/monitor/health", None)
        parts = ("metadatabase", "scheduler", "triggerer", "dag_processor")
        alive = all((health.get(part) or {}).get("status") == "healthy" for part in parts)
        return alive and bool(self._call("GET", "/execution/health/ping", None).get("ok"))

    def knows(self, dag_id: str) -> bool:
        """Return True when Airflow has found a DAG."""
        return bool(self.api("GET", f"/api/v2/dags/{dag_id}").get("dag_id") == dag_id)

    def trigger(self, dag_id: str, conf: Mapping[str, Any] | None = None) -> str:
        """Start a run of a DAG; return its id."""
        answer = self.api("POST", f"/api/v2/dags/{dag_id}/dagRuns", {"logical_date": None, "conf": conf or {}})
        return str(answer.get("dag_run_id", ""))

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """Call Airflow's REST API as admin; {} when it does not answer or says no."""
        if not self._token:
            login = {"username": "admin", "password": self.password}
            self._token = self._call("POST", "/auth/token", login).get("access_token", "")
        return self._call(method, path, body)

    def _call(self, method: str, path: str, body: Any) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            headers = {"Content-Type": "application/json"}
            if self._token:
                headers["Authorization"] = f"Bearer {self._token}"
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
            return json.loads(text) if answer.status < http.client.BAD_REQUEST and text else {}
        except (OSError, ValueError, http.client.HTTPException):
            return {}
        finally:
            connection.close()

    def log_tail(self, component: str) -> str:
        """Return the last lines a component wrote."""
        text = (self.home / "logs" / f"{component}.log").read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-LOG_TAIL:])

    def stop(self) -> None:
        """Stop every component and whatever it has forked."""
        for process in self.processes.values():
            _signal_group(process, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for process in self.processes.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, deadline - time.monotonic()))
            _signal_group(process, signal.SIGKILL)
            process.wait()
        self.processes.clear()

    def kill(self, component: str) -> None:
        """End one component and all it has forked, as a power cut would."""
        process = self.processes.pop(component)
        _signal_group(process, signal.SIGKILL)
        process.wait()


def free_port() -> int:
    """Return a port on 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Return True when nobody listens on a port of 127.0.0.1 now."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
