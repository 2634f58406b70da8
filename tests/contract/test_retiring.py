"""A job is retired on both databases: nothing it has is lost on the way, and afterwards it is no job any more."""

from __future__ import annotations

import contextlib
import json

import pytest
from sqlalchemy import text
from tests.conftest import make_job
from tests.harness.airflow_tables import Toggles
from tests.unit.flow.vendors import Scripted, drain, hearing

from hms_syn.domain.job_spec import Push
from hms_syn.errors import ActRefused, OutcomeUnknown, UnknownJob, VendorRefused
from hms_syn.flow.publish import publish
from hms_syn.flow.retire import retire
from hms_syn.ports import Act
from hms_syn.store.desk import Desk
from hms_syn.store.retiring import Left
from hms_syn.store.sql_store import SqlStore
from hms_syn.store.upcoming import Upcoming

CLERK = Act(actor="clerk", reason="the court has a new file")
OLD = make_job("old")


def ids(store, job):
    return [message.message_id for message in Upcoming(store).messages(job, limit=99)]


def work(store, *script):
    """Have one worker send what is due."""
    drain(store, OLD, Scripted(*script))[0].run()


def acts(store, *events):
    """Return who did what of these to which message at which job."""
    rows = [row for row in store.audit_rows() if row["event"] in events]
    return [(row["event"], row["message_id"], row["job"], row["actor"]) for row in rows]


def states(store, job):
    return {row["message_id"]: row["state"] for row in Desk(store).messages(job=job, state=None, limit=99)}


@pytest.fixture
def desk(sql_store):
    sql_store.register(OLD)
    return Desk(sql_store)


def test_a_retired_job_takes_nothing_more_and_is_on_record(sql_store, desk):
    publish(sql_store, [hearing(1)])
    work(sql_store)
    assert retire(desk, "old", CLERK) == {"handed_over": 0, "known": 0, "discarded": 0}
    publish(sql_store, [hearing(2)])
    assert (sql_store.status(), states(sql_store, "old")) == ([], {"m1": "delivered"})
    assert acts(sql_store, "retired") == [("retired", None, "old", "clerk")]
    with pytest.raises(UnknownJob):
        retire(desk, "old", CLERK)


def test_what_waits_or_was_set_aside_keeps_a_job_from_being_retired(sql_store, desk):
    """And it goes on accepting, because nobody has decided anything."""
    publish(sql_store, [hearing(1), hearing(2)])
    work(sql_store, VendorRefused(code="bad_date"), OutcomeUnknown(code="cut"))
    assert desk.left("old") == Left(waiting=1, set_aside=1)
    with pytest.raises(ActRefused, match=r"old: 1 waiting, 1 set aside; put its file back"):
        retire(desk, "old", CLERK)
    publish(sql_store, [hearing(3)])
    assert ids(sql_store, "old") == ["m2", "m3"]


def test_discarding_closes_all_that_is_left(sql_store, desk):
    publish(sql_store, [hearing(number) for number in (1, 2, 3)])
    work(sql_store, VendorRefused(code="bad_date"), OutcomeUnknown(code="cut"))
    assert retire(desk, "old", CLERK, discard=True)["discarded"] == 3
    assert set(states(sql_store, "old").values()) == {"discarded"}
    assert all(row["agrees"] for row in desk.reconcile())


def test_what_was_never_tried_goes_to_the_heir_in_order_with_the_heirs_keys(sql_store, desk):
    """What the heir has already is not given to it twice."""
    publish(sql_store, [hearing(1), hearing(2)])
    heir = make_job("new", push=Push(ordering_key="case_id"))
    sql_store.register(heir)
    publish(sql_store, [hearing(3)])
    before = {message.message_id: message.idempotency_key for message in Upcoming(sql_store).messages("old", limit=9)}
    assert retire(desk, "old", CLERK, to="new") == {"handed_over": 2, "known": 1, "discarded": 0}
    after = {message.message_id: message.idempotency_key for message in Upcoming(sql_store).messages("new", limit=9)}
    assert set(after) == {"m1", "m2", "m3"}
    assert not set(before.values()) & set(after.values())
    assert states(sql_store, "old") == dict.fromkeys(("m1", "m2", "m3"), "discarded")
    [row] = [one for one in sql_store.audit_rows() if one["event"] == "discarded" and one["message_id"] == "m1"]
    assert json.loads(row["body"])["detail"]["to"] == "new"
    assert all(row["agrees"] for row in desk.reconcile())


def test_what_was_tried_goes_to_no_heir(sql_store, desk):
    """Its vendor may have it, and would not know it by another key."""
    sql_store.register(make_job("new"))
    publish(sql_store, [hearing(1), hearing(2)])
    work(sql_store, OutcomeUnknown(code="cut"))
    with pytest.raises(ActRefused, match="1 waiting, 0 set aside that were tried"):
        retire(desk, "old", CLERK, to="new")
    publish(sql_store, [hearing(4)])
    assert ids(sql_store, "old") == ["m1"]
    assert retire(desk, "old", CLERK, discard=True)["discarded"] == 1


@pytest.mark.parametrize("heir", ["old", "pulls", "nobody"])
def test_an_heir_must_be_another_job_that_pushes(sql_store, desk, heir):
    sql_store.register(make_job("pulls", push=None))
    publish(sql_store, [hearing(1)])
    with pytest.raises((ActRefused, UnknownJob)):
        retire(desk, "old", CLERK, to=heir)
    publish(sql_store, [hearing(2)])
    assert ids(sql_store, "old") == ["m1", "m2"]


def test_a_file_that_comes_back_registers_its_job_anew(sql_store, desk):
    """It takes what is published from then on; a retirement that was cut short is undone by it too."""
    publish(sql_store, [hearing(1)])
    desk.close_job("old")
    publish(sql_store, [hearing(2)])
    sql_store.register(OLD)
    publish(sql_store, [hearing(3)])
    assert ids(sql_store, "old") == ["m1", "m3"]
    retire(desk, "old", CLERK, discard=True)
    publish(sql_store, [hearing(4)])
    sql_store.register(OLD)
    publish(sql_store, [hearing(5)])
    assert ids(sql_store, "old") == ["m5"]


def test_a_job_that_airflow_still_has_is_not_retired(sql_store, desk):
    """A run that starts would register it again."""
    toggles = Toggles(sql_store)
    toggles.found("syn.old.push")
    with pytest.raises(ActRefused, match="Airflow still has its DAGs"):
        retire(desk, "old", CLERK)
    assert [row["dag_gone"] for row in (*desk.registered(), *sql_store.status())] == [False, False]
    with sql_store.engine.begin() as connection:
        connection.execute(text("UPDATE dag SET is_stale = true"))
    assert [row["dag_gone"] for row in (*desk.registered(), *sql_store.status())] == [True, True]
    retire(desk, "old", CLERK)
    assert sql_store.status() == []


def test_nothing_is_replayed_to_a_job_that_is_gone(sql_store, desk):
    """Nobody would come for it."""
    publish(sql_store, [hearing(1)])
    work(sql_store, VendorRefused(code="bad_date"))
    with sql_store.engine.begin() as connection:
        connection.execute(text("DELETE FROM hms_syn_job"))
    with pytest.raises(UnknownJob):
        desk.replay("m1", CLERK)
    assert states(sql_store, "old") == {"m1": "dead_letter"}


def test_a_publication_that_is_still_open_is_waited_for(postgres_url):
    """What it queues must be there to be counted: the job does not go while it might leave a message behind."""
    with contextlib.closing(SqlStore(postgres_url)) as store:
        store.create()
        store.register(OLD)
        desk = Desk(store)
        publish(store, [hearing(1)])
        work(store)
        with store.engine.connect() as connection, connection.begin():
            publish(store, [hearing(2)], connection=connection)
            with pytest.raises(ActRefused, match="still open"):
                retire(desk, "old", CLERK, patience=0.2)
        with pytest.raises(ActRefused, match="1 waiting"):
            retire(desk, "old", CLERK)
