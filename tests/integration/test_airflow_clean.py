"""``airflow db clean`` of everything it offers, in an Airflow of its own: the queue is not Airflow's to clean."""

from __future__ import annotations

from contextlib import closing, contextmanager
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import text
from tests.conftest import make_job
from tests.integration.conftest import eventually, started
from tests.integration.hand_offs import all_runs_ended, arrivals, put
from tests.unit.flow.vendors import hearing

from hms_syn.cli.local_airflow import LocalAirflow
from hms_syn.flow.publish import publish
from hms_syn.store import audit_trail, tables
from hms_syn.store.desk import Desk
from hms_syn.store.sql_store import SqlStore

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(600)]


@pytest.fixture
def ours(postgres):
    """An Airflow that no other test uses: what is cleaned here would be missed there."""
    with contextmanager(started)(postgres) as place:
        yield place


def rows(store):
    """How many rows each of our tables has."""
    with store.engine.connect() as connection:
        return {
            name: connection.execute(text(f"SELECT COUNT(*) FROM {name}")).scalar_one()
            for name in tables.metadata.tables
        }


def clean(place):
    """Clean every table that Airflow offers, of everything until now and a little later."""
    until = (datetime.now(timezone.utc) + timedelta(minutes=5)).isoformat()
    done = place.airflow.command("db", "clean", "--clean-before-timestamp", until, "--yes", "--skip-archive")
    assert done.returncode == 0, done.stdout[-2000:]
    return done.stdout


def test_cleaning_airflows_database_touches_no_message(ours):
    """Nothing is lost or sent again; Airflow forgets even its DAGs, reads them again, and what waits goes out."""
    place = ours
    job, topic = place.job()
    done = put(place, topic)
    eventually(lambda: place.state_of(done) == "delivered" and all_runs_ended(place, job))
    place.manners.choose("http_503")
    waits = put(place, topic)
    eventually(lambda: place.store.trace(waits)[0]["attempts"])
    place.airflow.kill("scheduler")
    before = rows(place.store)
    said = clean(place)
    assert "hms_syn" not in said
    after = rows(place.store)
    assert {name for name in after if after[name] < before[name]} == set()
    assert not place.airflow.knows(f"syn.{job}.push")
    place.airflow.kill("dag-processor")  # so that it reads them now, and not an hour after it last did
    place.airflow.start_one("dag-processor")
    place.airflow.start_one("scheduler")
    place.manners.choose("ok")
    eventually(lambda: place.state_of(waits) == "delivered", seconds=180)
    later = put(place, topic)
    eventually(lambda: place.state_of(later) == "delivered")
    assert [arrivals(place, message) for message in (done, later)] == [1, 1]
    assert all(row["agrees"] for row in [*Desk(place.store).reconcile(), *Desk(place.store).reconcile_bus()])
    assert audit_trail.verify(place.store.audit_rows(limit=100_000)) > 0


def test_a_reset_of_airflow_leaves_what_waits(tmp_path):
    """``airflow db reset`` drops Airflow's tables and makes them anew; ours are no part of that."""
    airflow = LocalAirflow(home=tmp_path, jobs=tmp_path / "jobs")
    airflow.migrate()
    with closing(SqlStore(airflow.database)) as store:
        store.register(make_job())
        publish(store, [hearing(1)])
        before = rows(store)
    done = airflow.command("db", "reset", "--yes")
    assert done.returncode == 0, done.stdout[-2000:]
    with closing(SqlStore(airflow.database)) as store:
        store.check()
        assert rows(store) == before
