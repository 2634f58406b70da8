"""An event that joins the publisher's own transaction, on an engine of the publisher's own."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from hms_syn.domain.topic_event import new_event
from hms_syn.errors import PayloadConflict
from hms_syn.flow.publish import publish


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
