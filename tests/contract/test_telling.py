"""What Airflow has not been told of: each delivery once, from registration on, and again until Airflow has it."""

from __future__ import annotations

import pytest
from tests.unit.flow.vendors import Scripted, drain, hearing

from hms_syn.flow.publish import publish
from hms_syn.store.telling import Telling


@pytest.fixture
def telling(sql_store, job):
    sql_store.register(job)
    return Telling(sql_store, job.id)


def deliver(store, job, *numbers):
    publish(store, [hearing(number) for number in numbers])
    drain(store, job, Scripted())[0].run()


def told(rows):
    return [facts.get("message_id") for _, facts in rows]


def test_each_delivery_is_told_until_it_is_known(sql_store, job, telling):
    """The mark moves only when it is said to; then the rest follows, in order, with the receipt and no payload."""
    deliver(sql_store, job, 1, 2, 3)
    assert told(telling.untold(limit=2)) == ["m1", "m2"]
    (_, first), (second, _) = telling.untold(limit=2)
    assert (first["reference"], first["job"]) == ("R-1", "court")
    assert "HUD-1" not in str(first)
    telling.told(second)
    assert told(telling.untold(limit=9)) == ["m3"]
    telling.told(second - 1)  # a late run does not move it back
    assert told(telling.untold(limit=9)) == ["m3"]


def test_what_was_delivered_before_the_job_was_known_is_not_told(sql_store, job):
    """A job registered anew, with a history on the bus, begins with what comes."""
    sql_store.register(job)
    deliver(sql_store, job, 1)
    with sql_store.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM hms_syn_job")
    sql_store.register(job)
    deliver(sql_store, job, 2)
    assert told(Telling(sql_store, job.id).untold(limit=9)) == ["m2"]


def test_the_next_run_is_rung_for_and_finds_an_empty_queue(sql_store, job, telling):
    """The bell rings though nothing waits; the run it starts sends nothing and leaves nothing behind."""
    assert sql_store.ring() == []
    telling.leave_to_the_next_run()
    telling.leave_to_the_next_run()
    assert sql_store.ring() == [job.id]
    vendor = Scripted()
    assert drain(sql_store, job, vendor)[0].run() == 0
    assert (vendor.order, sql_store.next_due(job.id)) == ([], None)


def test_an_event_that_cannot_be_read_is_passed(sql_store, job, telling, caplog):
    """It has a place and no facts, so that the mark can move past it."""
    deliver(sql_store, job, 1, 2)
    with sql_store.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE hms_syn_event SET body = '{' WHERE seq = "
            "(SELECT MIN(seq) FROM hms_syn_event WHERE topic = 'syn.court.delivered')"
        )
    rows = telling.untold(limit=9)
    assert told(rows) == [None, "m2"]
    assert "cannot be read" in caplog.text
