"""``airflow db migrate`` on the tables of every release before, with the rows that release has left in them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, create_engine, text
from tests.conftest import make_job
from tests.harness.cli import SCRIPT
from tests.unit.flow.vendors import Scripted, drain, settle

from hms_syn import __version__
from hms_syn.cli.local_airflow import LocalAirflow
from hms_syn.domain.job_spec import Push
from hms_syn.errors import StoreNotReady
from hms_syn.store import schema, tables
from hms_syn.store.engine import open_engine
from hms_syn.store.sql_store import SqlStore

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(240)]
PACKAGE = Path(schema.__file__).parents[1]
SCRIPTS = ScriptDirectory(str(PACKAGE / "migrations"))
RELEASES = Path(__file__).parents[1] / "releases"
KEPT = sorted(path.stem for path in RELEASES.glob("*.json"))


@pytest.fixture(scope="module")
def databases(postgres, tmp_path_factory):
    """Airflow's own tables as ``airflow db migrate`` makes them, without ours: one database of each kind to copy."""
    admin = create_engine(postgres.format(database="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE upgrade_template"))
    made = {}
    for dialect, url in (("sqlite", None), ("postgresql", postgres.format(database="upgrade_template"))):
        home = tmp_path_factory.mktemp(dialect)
        airflow = LocalAirflow(home=home, jobs=home / "jobs", url=url)
        airflow.migrate()
        engine = create_engine(airflow.database)
        with engine.begin() as connection:
            tables.metadata.drop_all(connection)
            connection.execute(text(f"DROP TABLE {schema.VERSION_TABLE}"))
        engine.dispose()
        made[dialect] = airflow
    yield made
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE upgrade_template WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def airflow(request, databases, tmp_path, postgres):
    """An Airflow of one test's own."""
    if request.param == "sqlite":
        shutil.copytree(databases["sqlite"].home, tmp_path, dirs_exist_ok=True)
        yield LocalAirflow(home=tmp_path, jobs=tmp_path / "jobs")
        return
    name = f"upgrade_{os.getpid()}"
    admin = create_engine(postgres.format(database="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE upgrade_template"))
    yield LocalAirflow(home=tmp_path, jobs=tmp_path / "jobs", url=postgres.format(database=name))
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


def leave(url, revision):
    """Make the tables as a release made them, with what it has left in them; return those rows."""
    rows = json.loads((RELEASES / f"{revision}.json").read_text(encoding="utf-8"))
    engine = open_engine(url)
    with engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        for script in reversed(list(SCRIPTS.walk_revisions(head=revision))):
            script.module.upgrade()
        connection.execute(text(f"CREATE TABLE {schema.VERSION_TABLE} (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
        connection.execute(text(f"INSERT INTO {schema.VERSION_TABLE} VALUES ('{revision}')"))
        connection.execute(text("DELETE FROM hms_syn_registry"))
        found = MetaData()
        found.reflect(connection, only=list(rows))
        for table in found.sorted_tables:
            if rows[table.name]:
                connection.execute(table.insert(), rows[table.name])
            if engine.dialect.name == "postgresql" and (key := table.autoincrement_column) is not None:
                counter = f"pg_get_serial_sequence('{table.name}', '{key.name}')"
                connection.execute(
                    text(f"SELECT setval({counter}, MAX({key.name})) FROM {table.name} WHERE {counter} IS NOT NULL")
                )
    engine.dispose()
    return rows


def officer(airflow, *words):
    """Run one of our commands; return what it printed."""
    done = subprocess.run(
        [SCRIPT, *words], env=airflow.environment, cwd=airflow.home, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def everything_adds_up(airflow):
    assert "whole" in officer(airflow, "audit", "verify")
    officer(airflow, "reconcile")


def test_every_release_before_this_one_has_left_its_rows_to_be_upgraded():
    """A release that changes the tables is preceded by ``python -m tests.releases.keep``."""
    manager = (PACKAGE / "db_manager.py").read_text(encoding="utf-8")
    heads = dict(re.findall(r'"(\d+\.\d+\.\d+)": "(\d{4})"', manager))
    assert {head for version, head in heads.items() if version != __version__} <= set(KEPT)


@pytest.mark.parametrize("revision", KEPT)
def test_an_upgrade_keeps_every_row_and_what_waited_goes_out_after_it(airflow, revision):
    """Open, in doubt, set aside, at a worker that was stopped: each goes on, in order; nothing is sent twice."""
    rows = leave(airflow.database, revision)
    done = airflow.command("db", "migrate")
    assert done.returncode == 0, done.stdout[-2000:]
    everything_adds_up(airflow)
    with closing(SqlStore(airflow.database)) as store:
        store.check()
        assert [dict(row) for row in store.audit_rows(limit=9999)] == sorted(
            rows["hms_syn_audit"], key=lambda row: row["seq"]
        )
        for row in rows["hms_syn_delivery"]:
            if row["state"] == "in_doubt":
                officer(airflow, "resolve", row["message_id"], "--resend", "--reason", "the court does not have it")
        for row in rows["hms_syn_settled"]:
            if row["state"] == "dead_letter":
                officer(airflow, "replay", row["message_id"], "--reason", "the court takes it now")
        went = {job: deliver(store, job, rows) for job in {row["job"] for row in rows["hms_syn_delivery"]}}
        wanted = [*rows["hms_syn_delivery"], *(row for row in rows["hms_syn_settled"] if row["state"] == "dead_letter")]
        sent = [(job, message.message_id) for job, messages in went.items() for message in messages]
        assert sorted(sent) == sorted((row["job"], row["message_id"]) for row in wanted)
        for row in rows["hms_syn_delivery"]:
            assert row["idempotency_key"] in [message.idempotency_key for message in went[row["job"]]]
        for line in {row["ordering_key"] for row in rows["hms_syn_delivery"]}:
            waited = [row["message_id"] for row in rows["hms_syn_delivery"] if row["ordering_key"] == line]
            assert [name for _, name in sent if name in waited] == waited
        assert {row["state"] for row in everywhere(store)} <= {"delivered", "discarded"}
    everything_adds_up(airflow)


def deliver(store, job, rows):
    """Send all that is open of a job, as it is in its file; return what the vendor got."""
    [was] = [row for row in rows["hms_syn_job"] if row["job"] == job]
    spec = make_job(
        job,
        source_topics=tuple(json.loads(was["topics"])),
        target_endpoint=was["endpoint"],
        push=Push(ordering_key=was["ordering_key"]),
    )
    store.register(spec)
    with store.engine.begin() as connection:  # a vendor that rests and a paused job would only keep the test waiting
        connection.execute(text("UPDATE hms_syn_job SET paused = :no"), {"no": False})
    vendor = Scripted()
    settle(store, spec, drain(store, spec, vendor)[0])
    return vendor.sent


def everywhere(store):
    with store.engine.connect() as connection:
        return [dict(row._mapping) for row in connection.execute(text("SELECT * FROM hms_syn_delivery_v"))]


def test_a_worker_of_an_older_release_does_not_touch_newer_tables(sql_store):
    """It is told to be replaced, and not to migrate: its own ``airflow db migrate`` knows nothing of them."""
    with sql_store.engine.begin() as connection:
        connection.execute(text(f"UPDATE {schema.VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(StoreNotReady, match="newer than this release"):
        sql_store.check()
