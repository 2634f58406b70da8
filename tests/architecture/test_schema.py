"""The tables: one history, one head, views to read, an audit trail to append to."""

from __future__ import annotations

import contextlib
import importlib.util
import re
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError
from tests.conftest import make_job

from hms_syn import __version__
from hms_syn.adapters.in_memory_v1 import InMemoryV1
from hms_syn.domain.topic_event import new_event
from hms_syn.flow.publish import publish
from hms_syn.flow.push import Drain
from hms_syn.store import schema, tables, tables_0001, views
from hms_syn.store.engine import open_engine
from hms_syn.store.sql_store import SqlStore

PACKAGE = Path(schema.__file__).parents[1]
VERSIONS = sorted((PACKAGE / "migrations" / "versions").glob("*.py"))
SCRIPTS = ScriptDirectory(str(PACKAGE / "migrations"))
LIES = {
    "update": "UPDATE hms_syn_audit SET actor = 'nobody'",
    "delete": "DELETE FROM hms_syn_audit",
    "truncate": "TRUNCATE hms_syn_audit",
}


@pytest.fixture
def filled(sql_store, job):
    """Fill a store with a job, a message on its way, and its audit rows."""
    sql_store.register(job)
    publish(sql_store, [new_event("hud.hearing.created", {"case_id": "HUD-22-109"}, agency="hud")])
    sql_store.pop(job, owner="w1")
    return sql_store


@pytest.fixture
def migrated(store_url):
    """Open an engine on a database made by running every migration from nothing."""
    engine = open_engine(store_url)
    with engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        for revision in reversed(list(SCRIPTS.walk_revisions())):
            revision.module.upgrade()
    yield engine
    engine.dispose()


def said(engine):
    """Triggers and views as the database holds them."""
    wanted = {
        "sqlite": "SELECT type, name, sql FROM sqlite_master WHERE type IN ('trigger', 'view') ORDER BY name",
        "postgresql": """SELECT 'trigger', tgname::text, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
                         UNION SELECT 'view', viewname::text, definition FROM pg_views WHERE viewname LIKE 'hms_syn_%'
                         ORDER BY 2""",
    }
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(wanted[engine.dialect.name]))]


def differences(engine):
    """Return what Alembic would change to make the database like the metadata."""
    with engine.connect() as connection:
        ours = {"include_object": lambda _o, name, kind, *_: kind != "table" or str(name).startswith("hms_syn_")}
        context = MigrationContext.configure(connection, opts=ours)
        found = compare_metadata(context, tables.metadata)
    return [change for change in found if getattr(change[-1], "name", "") != schema.VERSION_TABLE]


def test_migrating_from_nothing_gives_the_tables_of_the_metadata(migrated):
    assert differences(migrated) == []


def test_tests_and_commands_make_the_same_tables_triggers_and_views_as_the_migrations(migrated):
    by_migrations = said(migrated)
    with migrated.begin() as connection:
        tables.metadata.drop_all(connection)
    assert said(migrated) == []
    schema.create(migrated)
    assert said(migrated) == by_migrations
    assert differences(migrated) == []


def test_the_head_is_the_newest_revision_and_airflow_is_told_so():
    newest = SCRIPTS.get_current_head()
    assert newest == schema.HEAD == VERSIONS[-1].name[:4]
    manager = (PACKAGE / "db_manager.py").read_text(encoding="utf-8")
    heads = dict(re.findall(r'"(\d+\.\d+\.\d+)": "(\d{4})"', manager))
    assert heads[__version__] == newest


def test_revisions_are_numbered_in_a_row_and_named_by_release_and_act():
    for number, path in enumerate(VERSIONS, 1):
        assert re.fullmatch(rf"{number:04d}_\d+_\d+_\d+_[a-z_]+\.py", path.name)
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        assert module.revision == f"{number:04d}"
        assert module.down_revision == (f"{number - 1:04d}" if number > 1 else None)


def test_a_second_create_changes_nothing(sql_store):
    sql_store.create()
    sql_store.check()


@pytest.mark.parametrize("view", views.NAMES)
def test_every_view_answers(filled, view):
    with filled.engine.connect() as connection:
        connection.execute(text(f"SELECT * FROM {view}")).all()
    assert view in inspect(filled.engine).get_view_names()


@pytest.mark.parametrize("view", views.NAMES)
@pytest.mark.parametrize("act", ["DELETE FROM {0}", "UPDATE {0} SET job = 'x'", "INSERT INTO {0} (job) VALUES ('x')"])
def test_views_are_for_reading(filled, view, act):
    with pytest.raises(DBAPIError), filled.engine.begin() as connection:
        connection.execute(text(act.format(view)))


@pytest.mark.parametrize("lie", LIES)
def test_nobody_edits_the_audit_trail_by_accident(filled, lie):
    has_truncate = filled.engine.dialect.name == "postgresql"
    statement = LIES[lie] if lie != "truncate" or has_truncate else "DELETE FROM hms_syn_audit"
    with pytest.raises(DBAPIError, match="append-only"), filled.engine.begin() as connection:
        connection.execute(text(statement))
    assert len(filled.audit_rows()) > 0


OLD_ROWS = (
    """INSERT INTO hms_syn_job (job, name, endpoint, topics, enabled, ring_cap, registered_at)
       VALUES ('court', 'HUD → court', 'https://court.example.gov/', '["hud.hearing.created"]', true, 60000000, 1)""",
    """INSERT INTO hms_syn_event (message_id, topic, agency, body, headers, salt, published_at)
       VALUES ('m1', 'hud.hearing.created', 'hud', '{"case_id":"HUD-1"}', '{}', '00', 1)""",
    """INSERT INTO hms_syn_delivery (event_seq, message_id, job, ordering_key, idempotency_key, state, attempts)
       VALUES (1, 'm1', 'court', '', '6f1d2d0c-8a8e-4d0f-9d58-3d1f0b6f9a11', 'pending', 0)""",
    "INSERT INTO hms_syn_lane (job, ordering_key, ready_at) VALUES ('court', '', 1)",
    "INSERT INTO hms_syn_chain (message_id, tip) VALUES ('m1', 'aa')",
)


def test_what_waited_under_the_first_release_goes_out_after_the_upgrade(store_url):
    """Rows of the revision before are kept: accepted for the endpoint their job has, in lines of the present rule."""
    engine = open_engine(store_url)
    tables_0001.metadata.create_all(engine)
    with engine.begin() as connection:
        for row in OLD_ROWS:
            connection.execute(text(row.replace(":", r"\:")))
    with engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        for revision in ("0002", "0003"):
            SCRIPTS.get_revision(revision).module.upgrade()
    assert differences(engine) == []
    engine.dispose()
    job = make_job(target_endpoint="https://court.example.gov/")
    with contextlib.closing(SqlStore(store_url)) as store:
        store.register(job)
        vendor = InMemoryV1(job, None, store)
        assert Drain(job=job, store=store, adapter=vendor, owner="w").run() == 1
        assert store.trace("m1")[0]["deliveries"][0]["state"] == "delivered"
        assert store.read("hud.*", after=0, limit=9)[0]["message_id"] == "m1"
