"""The console in this process, on a real store: what it does, and for whom.

That Airflow lets nobody else in is proved in a real Airflow, by tests/integration/test_console.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from tests.conftest import make_job

from hms_syn.adapters.in_memory_v1 import InMemoryV1
from hms_syn.domain.job_spec import JobSpec, Push
from hms_syn.domain.topic_event import new_event
from hms_syn.errors import OutcomeUnknown, SynError, VendorRefused
from hms_syn.flow.publish import publish
from hms_syn.flow.push import Drain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hms_syn.store.sql_store import SqlStore

API = "/api/v1"
RIGHTS = {
    "paula": {"GET": {"court", "bank"}, "PUT": {"court"}},
    "vera": {"GET": {"court"}, "PUT": set()},
    "nora": {"GET": set(), "PUT": set()},
}
"""What each may do to which job's DAG; ``ada`` may do everything, as only she may where no job is named."""


@pytest.fixture(scope="session")
def auth(tmp_path_factory) -> Iterator[type]:
    """Install an auth manager of Airflow's own making, but with rights for each DAG; return its kind of user."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_HOME", str(tmp_path_factory.mktemp("airflow")))
        from airflow.api_fastapi import app as airflow_app
    from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    class RightsByDag(SimpleAuthManager):
        def is_authorized_dag(self, *, method, user, details=None, **_entity):
            if user.username == "ada":
                return True
            if details is None or details.id is None:  # as FAB's does
                return bool(RIGHTS[user.username][method])
            return details.id.removeprefix("syn.").removesuffix(".push") in RIGHTS[user.username][method]

    airflow_app._AuthManagerState.instance = RightsByDag()
    yield SimpleAuthManagerUser
    airflow_app._AuthManagerState.instance = None


@dataclass
class Console:
    """The app, and what its callers see."""

    client: Any
    user: type
    app: Any

    def ask(self, who: str, method: str, path: str, **options: Any) -> tuple[int, Any]:
        """Send one request as somebody; return the status and the JSON."""
        from airflow.api_fastapi.core_api.security import get_user

        self.app.dependency_overrides[get_user] = lambda: self.user(username=who, role="ADMIN")
        answer = self.client.request(method, API + path, **options)
        is_json = answer.headers["content-type"] == "application/json"
        return answer.status_code, answer.json() if is_json else answer.text

    def get(self, path: str, who: str = "ada", **options: Any) -> Any:
        """Read as somebody who may."""
        status, body = self.ask(who, "GET", path, **options)
        assert status == 200, body
        return body

    def post(self, path: str, body: Any, who: str = "ada") -> Any:
        """Act as somebody who may."""
        status, answer = self.ask(who, "POST", path, json=body)
        assert status in (200, 201), answer
        return answer


@pytest.fixture
def console(auth, sql_store, tmp_path, monkeypatch) -> Console:
    """The console on an empty store, without a jobs folder."""
    monkeypatch.setenv("AIRFLOW__HMS_SYN__JOBS_FOLDER", str(tmp_path / "jobs"))
    from fastapi.testclient import TestClient

    from hms_syn.console import store
    from hms_syn.console.app import create_app

    app = create_app()
    app.dependency_overrides[store.opened] = lambda: sql_store
    return Console(client=TestClient(app), user=auth, app=app)


class Answering(InMemoryV1):
    """A vendor that accepts what it is not told to answer otherwise, message by message."""

    idempotent = False
    otherwise: dict[str, SynError]

    def send(self, message):
        if message.message_id in self.otherwise:
            raise self.otherwise[message.message_id]
        return super().send(message)


@dataclass
class Town:
    """Two jobs on one store, and a way to have things happen."""

    store: SqlStore
    jobs: dict[str, JobSpec]

    def publish(self, job: str, *ids: str, **payload: Any) -> None:
        """Publish messages for a job."""
        topic = self.jobs[job].source_topics[0]
        publish(self.store, [new_event(topic, payload, agency="hud", message_id=one) for one in ids])

    def drain(self, job: str, **otherwise: SynError) -> None:
        """Send what is due."""
        vendor = Answering(self.jobs[job], None, self.store)
        vendor.otherwise = otherwise
        Drain(job=self.jobs[job], store=self.store, adapter=vendor, owner="w").run()


@pytest.fixture
def town(sql_store) -> Town:
    """``court``: d1 delivered, a1 set aside, q1 in doubt and w1 behind it; ``bank``: b1 waits."""
    jobs = {
        one: make_job(one, source_topics=(f"hud.{one}.created",), push=Push(on_unknown="hold"))
        for one in ("court", "bank")
    }
    for job in jobs.values():
        sql_store.register(job)
    here = Town(sql_store, jobs)
    here.publish("court", "d1", "a1", "q1", "w1", case_id="HUD-22-109")
    here.drain("court", a1=VendorRefused(code="http_422"), q1=OutcomeUnknown(code="timeout"))
    here.publish("bank", "b1")
    return here
