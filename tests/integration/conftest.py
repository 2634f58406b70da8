"""A real Airflow on a real PostgreSQL, with the pretend court beside it: the fixture ``place`` of all tests."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import tempfile
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text

from hms_syn.cli import keys_new
from hms_syn.cli.local_airflow import LocalAirflow
from hms_syn.sandbox.court_soap import Court, Manners, serve
from hms_syn.store.keyring import Keyring
from hms_syn.store.sql_store import SqlStore

if TYPE_CHECKING:
    from collections.abc import Iterator

JOB = """
job:
  name: "HUD → {name}"
  push_adapter: "oracle.soap.v1"
  pull_adapter: "oracle.soap.v1"
  source_topic: "{topic}"
  target_endpoint: "{endpoint}"
  allow_private: ["127.0.0.0/8"]
  push: {{timeout: 3s, lease: 4s, breaker: {{open_for: 2s}}}}
  retry: {{initial_delay: 2s, max_delay: 4s}}
"""


BUNDLES = "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"
USERS = {"paula": "op", "vera": "viewer"}
"""Who may log in beside admin: Airflow's own roles."""


class Place:
    """One Airflow with everything a test needs to use it."""

    def __init__(self, airflow: LocalAirflow, store: SqlStore, court: Court, manners: Manners, url: str) -> None:
        self.airflow, self.store, self.court, self.manners, self.url = airflow, store, court, manners, url

    def job(self, endpoint: str | None = None, *, more: str = "") -> tuple[str, str]:
        """Drop a new job into the jobs folder; return its id and topic once Airflow has found it."""
        job = f"job_{uuid.uuid4().hex[:8]}"
        topic = f"hud.{job}.hearing.created"
        self.drop(job, JOB.format(name=job, topic=topic, endpoint=endpoint or f"{self.url}/soap") + more)
        self.airflow.wait_until(job, lambda: self.airflow.knows(f"syn.{job}.push"), seconds=120)
        eventually(lambda: any(row["job"] == job for row in self.store.status()))
        return job, topic

    def drop(self, job: str, text_of_job: str) -> Path:
        """Write a job file the way a person drops one."""
        path = self.airflow.jobs / f"{job}.yaml"
        path.write_text(text_of_job, encoding="utf-8")
        return path

    def token(self, user: str) -> str:
        """Log in and return the token, which is also what the browser's cookie holds."""
        passwords = json.loads((self.airflow.home / "passwords.json").read_text(encoding="utf-8"))
        login = {"username": user, "password": passwords[user]}
        status, _, text = self.ask("POST", "/auth/token", body=login)
        assert status == 201, text
        return str(json.loads(text)["access_token"])

    def ask(
        self, method: str, path: str, *, token: str = "", body: object = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], str]:
        """Send one request to the api-server; return the status, the headers in small letters and the text."""
        connection = http.client.HTTPConnection("127.0.0.1", self.airflow.port, timeout=60)
        with contextlib.closing(connection):
            given = {"Authorization": f"Bearer {token}"} if token else {}
            given |= {"Content-Type": "application/json"} if body is not None else {}
            connection.request(method, path, None if body is None else json.dumps(body), {**given, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, {name.lower(): text for name, text in answer.getheaders()}, answer.read().decode()

    def by(self, user: str, method: str, path: str, body: dict, *, cookie: bool = False) -> int:
        """Call Airflow's REST API as one of its users, as a program or with the page's cookie; return the status."""
        password = json.loads((self.airflow.home / "passwords.json").read_text())[user]
        told = self._call("POST", "/auth/token", {"username": user, "password": password}, {})
        token = json.loads(told[1])["access_token"]
        shown = {"Cookie": f"_token={token}"} if cookie else {"Authorization": f"Bearer {token}"}
        return self._call(method, path, body, shown)[0]

    def _call(self, method: str, path: str, body: dict, headers: dict[str, str]) -> tuple[int, bytes]:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.airflow.port, timeout=20)) as connection:
            connection.request(method, path, json.dumps(body), {"Content-Type": "application/json", **headers})
            answer = connection.getresponse()
            return answer.status, answer.read()

    def state_of(self, message_id: str) -> str:
        """Return where a message stands at its one job."""
        return str(self.store.trace(message_id)[0]["deliveries"][0]["state"])

    def delivery(self, message_id: str, job: str) -> dict[str, object]:
        """Return a message's delivery to one of the jobs that take it."""
        found = [row for trace in self.store.trace(message_id) for row in trace["deliveries"] if row["job"] == job]
        return dict(found[0]) if found else {}

    def runs(self, job: str) -> list[dict]:
        """Return the runs of a job's push DAG, oldest first."""
        return self.airflow.api("GET", f"/api/v2/dags/syn.{job}.push/dagRuns?order_by=run_after").get("dag_runs", [])

    def task(self, job: str, run: str) -> dict:
        """Return the push task of a run."""
        return self.airflow.api("GET", f"/api/v2/dags/syn.{job}.push/dagRuns/{run}/taskInstances/push")


def eventually(true, *, seconds: float = 120, what: str = "it"):
    """Wait until a condition holds; return what made it hold."""
    deadline = time.monotonic() + seconds
    while not (seen := true()):
        assert time.monotonic() < deadline, f"{what} did not come about in {seconds} s"
        time.sleep(0.2)
    return seen


def _with_dags_folder(airflow: LocalAirflow) -> str:
    """Return the bundles of an Airflow that also has a folder for DAG files of a test's own; it looks each second."""
    often = {"refresh_interval": 1}  # nearly every test drops a job and waits until it is found
    bundles = [
        *json.loads(airflow.environment[BUNDLES]),
        {
            "name": "tests",
            "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
            "kwargs": {"path": str(airflow.home / "dags")},
        },
    ]
    return json.dumps([{**bundle, "kwargs": {**bundle["kwargs"], **often}} for bundle in bundles])


def started(postgres: str, **more: str) -> Iterator[Place]:
    """Start PostgreSQL, Airflow's four components and the court; stop them all at the end. ``more`` are settings."""
    name = f"airflow_{uuid.uuid4().hex[:8]}"
    admin = create_engine(postgres.format(database="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    url = postgres.format(database=name)
    home = Path(tempfile.mkdtemp(prefix="hms-syn-airflow-"))
    (home / "jobs").mkdir()
    keys_new.add(home / "payload.keys")
    settings = {
        "AIRFLOW__HMS_SYN__LINGER": "4s",
        "AIRFLOW__HMS_SYN__PAYLOAD_KEYS_FILE": str(home / "payload.keys"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(
            ["admin:admin", *(f"{user}:{role}" for user, role in USERS.items())]
        ),
        **more,
    }
    airflow = LocalAirflow(home=home, jobs=home / "jobs", url=url, settings=settings)
    airflow.settings = {**settings, BUNDLES: _with_dags_folder(airflow)}
    court, manners = Court(schedule_after=0.5, confirm_after=1.0), Manners()
    with serve(court, manners=manners) as court_url:
        try:
            airflow.migrate()
            airflow.start()
            airflow.wait_until("Airflow", airflow.is_healthy, seconds=180)
            yield Place(airflow, SqlStore(url, keyring=Keyring(home / "payload.keys")), court, manners, court_url)
        finally:
            airflow.stop()
            if not os.environ.get("HMS_SYN_KEEP_LOGS"):
                shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(autouse=True)
def _well_behaved(request: pytest.FixtureRequest) -> Iterator[None]:
    """Leave the court well-behaved for the next test."""
    yield
    if "place" in request.fixturenames:
        request.getfixturevalue("place").manners.choose("ok")
