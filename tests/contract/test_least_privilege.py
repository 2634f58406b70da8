"""The role of ``hms-syn init --sql`` on a real PostgreSQL, beside Airflow's tables: all it must do, and no more."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import uuid

import pytest
from sqlalchemy import create_engine, inspect
from sqlalchemy.exc import ProgrammingError
from tests.conftest import make_job
from tests.harness.airflow_tables import Toggles
from tests.unit.flow.alert_room import OPS, Room
from tests.unit.flow.vendors import TOPIC, Pages, Scripted, drain, hearing, settle, state

from hms_syn.cli.main import main
from hms_syn.domain.ack import Page
from hms_syn.domain.job_spec import Push
from hms_syn.errors import OutcomeUnknown, StoreRightsMissing, VendorRefused
from hms_syn.flow import switch
from hms_syn.flow.end_doubt import end_doubt
from hms_syn.flow.publish import publish
from hms_syn.flow.pull import pull
from hms_syn.flow.replay import replay_to
from hms_syn.flow.retire import retire
from hms_syn.flow.seal import seal
from hms_syn.ports import Act
from hms_syn.store import audit_trail, grants, tables, views
from hms_syn.store.desk import Desk
from hms_syn.store.schema import VERSION_TABLE
from hms_syn.store.sql_store import SqlStore
from hms_syn.store.telling import Telling
from hms_syn.store.tree import Tree

CLERK = Act(actor="clerk", reason="looked into it")
REFUSED = (
    "UPDATE hms_syn_audit SET actor = 'nobody'",
    "DELETE FROM hms_syn_audit",
    "TRUNCATE hms_syn_audit",
    "DROP TABLE hms_syn_audit",
    "ALTER TABLE hms_syn_audit DISABLE TRIGGER ALL",
    "UPDATE hms_syn_tree_head SET root = ''",
    "DELETE FROM hms_syn_tree_head",
    "DELETE FROM hms_syn_tree",
    "UPDATE hms_syn_event SET topic = 'a.b'",
    "UPDATE hms_syn_event SET message_id = 'another'",
    "DELETE FROM hms_syn_event",
    "DELETE FROM hms_syn_attempt",
    "SELECT setval('hms_syn_audit_seq_seq', 1)",
    f"UPDATE {VERSION_TABLE} SET version_num = '0001'",
    "SELECT password FROM connection",
    "SELECT * FROM job",
    "SELECT fileloc FROM dag",
    "UPDATE dag SET is_stale = true",
    "DELETE FROM dag",
    "INSERT INTO log (event) VALUES ('mine')",
    "DELETE FROM log",
    "CREATE TABLE mine (id INTEGER)",
    "CREATE ROLE mine SUPERUSER",
)


@pytest.fixture
def owner(postgres_url):
    """The store as whoever migrates it opens it, with Airflow's own tables beside ours and the DAGs of one job."""
    with contextlib.closing(SqlStore(postgres_url)) as store:
        store.create()
        Toggles(store).found("syn.court.push", "syn.court.pull")
        yield store


@pytest.fixture
def role():
    return f"syn-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def mine(owner, role, postgres_url, capsys):
    """The same store as the new role opens it."""
    grant(owner, role, capsys)
    with contextlib.closing(SqlStore(postgres_url.replace("postgres:@", f"{role}:@"))) as store:
        store.check()
        yield store


def grant(store, role, capsys):
    """Run what the command prints, twice: after an upgrade it is run again."""
    capsys.readouterr()
    assert main(["init", "--sql", "--role", role]) == 0
    script = capsys.readouterr().out
    for _ in range(2):
        by_hand(store, script)


def by_hand(store, script):
    """Run a script as psql does: many statements, its own BEGIN and COMMIT."""
    connection = store.engine.raw_connection()
    try:
        connection.dbapi_connection.autocommit = True
        connection.dbapi_connection.execute(script)
    finally:
        connection.invalidate()
        connection.close()


def test_the_role_can_do_all_that_a_deployment_does(mine):
    """Publish, push, refuse, doubt, replay, resolve, discard, pull, tell, ping, alert, reconcile, verify, seal."""
    job, store, desk = make_job(alerts=OPS), mine, Desk(mine)
    store.register(job)
    store.pin("court", "wsdl", b"<definitions/>")
    store.unpin("court")
    publish(store, [hearing(1), hearing(2), hearing(3), hearing(4)])
    worker, _ = drain(store, job, Scripted(*[VendorRefused(code="bad_date")] * 2, OutcomeUnknown(code="cut")))
    settle(store, job, worker)
    assert desk.replay("m1", CLERK) == ["court"]
    desk.discard("m2", CLERK)
    settle(store, job, worker)
    assert [state(store, f"m{number}") for number in (1, 2, 3, 4)] == ["delivered", "discarded"] + ["delivered"] * 2
    assert [told["message_id"] for _, told in Telling(store, "court").untold(limit=9)] == ["m3", "m4", "m1"]
    Telling(store, "court").skip()
    assert pull(job, store, Pages(Page(records=({"id": 1},), cursor="1", more=False))) == 1
    store.wait("court", 0.01)
    late = make_job("late", source_topics=("hud.*",))
    store.register(late)
    assert len(replay_to(store, desk.enqueue, job="late", pattern=TOPIC, since="", act=CLERK)) == 4
    assert retire(desk, "late", CLERK, discard=True)["discarded"] == 4
    room = Room(store, [0.0])
    room.ping(job, answers=False)
    assert room.go()
    assert all(row["agrees"] for row in [*desk.reconcile(), *desk.reconcile_bus()])
    assert audit_trail.verify(store.audit_rows()) == len(store.audit_rows())
    assert seal(Tree(store), sign=lambda head: head.text("test")) > 0
    assert store.airflow_hears("syn.court.delivered", "hms-syn://court/delivered") is False


def test_the_role_can_end_a_doubt(mine):
    job = make_job(push=Push(on_unknown="hold"))
    mine.register(job)
    publish(mine, [hearing(1)])
    drain(mine, job, Scripted(OutcomeUnknown(code="cut")))[0].run()
    assert state(mine) == "in_doubt"
    end_doubt(Desk(mine), "m1", CLERK, delivered=True)
    assert state(mine) == "delivered"


def test_the_role_can_pause_a_job_here_and_in_airflow(mine, owner):
    """The toggle is the one column of Airflow's that it may set."""
    mine.register(make_job())
    switch.follow(mine)
    assert switch.pause(mine, "court", CLERK)
    with owner.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT bool_and(is_paused) FROM dag").scalar() is True
    assert mine.ring() == []
    assert switch.resume(mine, "court", CLERK)


def test_the_role_is_refused_everything_else(mine):
    done = [statement for statement in REFUSED if not is_refused(mine, statement)]
    assert done == []


def is_refused(store, statement):
    """Try it; any other error than a missing right is raised."""
    with store.engine.connect() as connection:
        try:
            connection.exec_driver_sql(statement)
        except ProgrammingError as error:
            if error.orig.sqlstate != "42501":
                raise
            return True
    return False


def test_a_right_that_is_missing_is_told_by_name(mine, owner, role):
    """It is no older release, and a migration would not help."""
    mine.register(make_job())
    switch.follow(mine)
    by_hand(owner, f'REVOKE UPDATE (is_paused) ON dag FROM "{role}"')
    with pytest.raises(StoreRightsMissing, match=r"permission denied for table dag.*init --sql"):
        switch.pause(mine, "court", CLERK)
    by_hand(owner, f'REVOKE SELECT ON hms_syn_job FROM "{role}"')
    with pytest.raises(StoreRightsMissing, match="hms_syn_job"):
        publish(mine, [hearing(1)])


def test_a_right_that_was_too_much_is_taken_back(mine, owner, role, capsys):
    """The script gives these rights instead of any the role had."""
    by_hand(owner, f'GRANT ALL ON hms_syn_audit, dag TO "{role}"')
    assert not is_refused(mine, "DELETE FROM dag")
    grant(owner, role, capsys)
    assert is_refused(mine, "DELETE FROM dag")


def test_whoever_owns_the_tables_keeps_their_rights(owner):
    with pytest.raises(owner.engine.dialect.loaded_dbapi.errors.RaiseException, match="choose a role that does not"):
        by_hand(owner, grants.script("postgres"))


def test_every_table_view_and_sequence_has_its_line(owner, postgres_url):
    assert set(grants.OURS) == {*tables.metadata.tables, *views.NAMES, VERSION_TABLE}
    engine = create_engine(postgres_url)
    there = [name for name in inspect(engine).get_sequence_names() if name.startswith("hms_syn_")]
    engine.dispose()
    assert sorted(grants.sequences()) == sorted(there)


@pytest.mark.parametrize("name", ["", 'syn"; DROP TABLE dag; --', "syn\nDROP", "$$", "x" * 64])
def test_a_name_that_is_no_roles_is_wrong_usage(capsys, name):
    assert main(["init", "--sql", "--role", name]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "a role's name" in said.err


def test_printing_the_rights_needs_no_airflow():
    """It is run on whatever machine the administrator of the database has."""
    program = "import sys; from hms_syn.cli.main import main; main(['init', '--sql']); print('airflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
