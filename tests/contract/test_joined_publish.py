"""An event that joins the publisher's own transaction, on an engine of the publisher's own."""

from __future__ import annotations

from contextlib import closing

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from hms_syn.domain.topic_event import new_event
from hms_syn.errors import PayloadConflict
from hms_syn.flow.publish import publish
from hms_syn.store.sql_store import SqlStore
from hms_syn.store.telling import Telling


@pytest.fixture
def theirs(sql_store, store_url):
    """The publisher's own engine and table in the same database."""
    engine = create_engine(store_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE hearing (case_id TEXT)"))
    yield engine
    engine.dispose()


def hearing(**extra):
    return new_event("hud.hearing.created", {"case_id": "HUD-1"}, agency="hud", **extra)


def test_it_is_there_when_the_transaction_commits(sql_store, theirs, job):
    """One commit makes the publisher's row and the event durable; the job has its delivery."""
    sql_store.register(job)
    with Session(theirs) as session:
        session.execute(text("INSERT INTO hearing VALUES ('HUD-1')"))
        publish(sql_store, [hearing()], connection=session)
        session.commit()
    assert len(sql_store.read("*", after=0, limit=10)) == 1
    assert sql_store.pop(job, owner="w") is not None


def test_it_is_gone_when_the_transaction_rolls_back(sql_store, theirs):
    """A rollback takes the event with it, even when publishing was the transaction's first statement."""
    with Session(theirs) as session:
        publish(sql_store, [hearing()], connection=session)
        session.execute(text("INSERT INTO hearing VALUES ('HUD-1')"))
        session.rollback()
    assert sql_store.read("*", after=0, limit=10) == []
    with theirs.connect() as connection:
        assert connection.execute(text("SELECT COUNT(*) FROM hearing")).scalar() == 0


def test_a_conflict_leaves_the_transaction_usable(sql_store, theirs):
    """A refused event is refused alone: the publisher may go on and commit."""
    publish(sql_store, [hearing(message_id="m1")])
    other = new_event("hud.hearing.created", {"case_id": "HUD-2"}, agency="hud", message_id="m1")
    with theirs.begin() as connection:
        connection.execute(text("INSERT INTO hearing VALUES ('HUD-1')"))
        with pytest.raises(PayloadConflict):
            publish(sql_store, [other], connection=connection)
    with theirs.connect() as connection:
        assert connection.execute(text("SELECT COUNT(*) FROM hearing")).scalar() == 1


@pytest.mark.parametrize("ends", ["commit", "rollback"])
def test_who_reads_on_passes_over_nothing_that_commits_late(postgres_url, job, ends):
    """What took an earlier place holds back what took a later one, for readers and for what Airflow is told."""
    topic = f"syn.{job.id}.delivered"
    with closing(SqlStore(postgres_url)) as store:
        store.create()
        store.register(job)
        telling, engine = Telling(store, job.id), create_engine(postgres_url)
        publish(store, [new_event(topic, {}, agency="hms-syn", message_id="m0")])
        with Session(engine) as session:
            publish(store, [new_event(topic, {}, agency="hms-syn", message_id="m1")], connection=session)
            publish(store, [new_event(topic, {}, agency="hms-syn", message_id="m2")])
            assert [event["message_id"] for event in store.read("*", after=0, limit=10)] == ["m0"]
            assert len(telling.untold(limit=9)) == 1
            assert len(telling.untold(limit=9, settled=False)) == 2
            getattr(session, ends)()
        engine.dispose()
        found = [event["message_id"] for event in store.read("*", after=0, limit=10)]
        assert found == (["m0", "m1", "m2"] if ends == "commit" else ["m0", "m2"])
        assert len(telling.untold(limit=9)) == len(found)
