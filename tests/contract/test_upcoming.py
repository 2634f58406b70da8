"""What will be sent next is told in the order in which it will be, and left alone."""

from __future__ import annotations

import time
from contextlib import closing

from tests.conftest import make_job
from tests.contract.test_store import pop
from tests.unit.flow.vendors import TOPIC

from hms_syn.domain.delivery import State
from hms_syn.domain.job_spec import Push
from hms_syn.domain.topic_event import new_event
from hms_syn.flow.publish import publish
from hms_syn.store.sql_store import SqlStore
from hms_syn.store.upcoming import Upcoming


def event(name, case="1"):
    return new_event(TOPIC, {"case_id": case}, agency="hud", message_id=name)


def ids(store, job, limit=9):
    return [message.message_id for message in Upcoming(store).messages(job.id, limit=limit)]


def test_the_order_is_that_of_the_claims(sql_store):
    """Line by line, a line of an older rule of ordering first."""
    one = make_job()
    by_case = make_job(target_endpoint=one.target_endpoint, push=Push(ordering_key="case_id"))
    sql_store.register(one)
    publish(sql_store, [event("m1", "b")])
    publish(sql_store, [event("m2", "a")])
    sql_store.register(by_case)
    for name, case in (("m3", "b"), ("m4", "a"), ("m5", "b")):
        publish(sql_store, [event(name, case)])
    told = ids(sql_store, by_case)
    assert told == ["m1", "m2", "m3", "m5", "m4"]
    assert ids(sql_store, by_case, limit=3) == told[:3]
    assert ids(sql_store, by_case, limit=0) == []
    claim = pop(sql_store, by_case)
    assert [delivery.message_id for delivery in claim.deliveries] == told[:2]


def test_a_message_is_told_as_a_worker_will_see_it(sql_store):
    job = make_job()
    sql_store.register(job)
    publish(sql_store, [event("m1")])
    [told] = Upcoming(sql_store).messages(job.id, limit=1)
    claim = pop(sql_store, job)
    [held] = claim.deliveries
    assert (told.idempotency_key, told.meta, told.endpoint) == (held.idempotency_key, held.meta, held.endpoint)
    assert told.payload == {"case_id": "1"}
    assert [message.state for message in Upcoming(sql_store).messages(job.id, limit=1)] == [State.IN_FLIGHT]


def test_what_waits_is_counted_by_the_address_it_was_accepted_for(sql_store):
    old = make_job()
    sql_store.register(old)
    publish(sql_store, [event("m1"), event("m2")])
    new = make_job()
    sql_store.register(new)
    publish(sql_store, [event("m3")])
    assert Upcoming(sql_store).waiting("court") == {old.target_endpoint: 2, new.target_endpoint: 1}
    assert Upcoming(sql_store).waiting("nobody") == {}


def test_a_window_begins_before_all_that_is_in_it(sql_store):
    publish(sql_store, [event("m1"), event("m2")])
    last = sql_store.read("*", after=0, limit=9)[-1]["seq"]
    assert Upcoming(sql_store).place_before(time.time()) == 0
    assert Upcoming(sql_store).place_before(time.time() + 7200) == last


def test_the_beginning_of_a_window_is_found_by_halving_the_bus(tmp_path):
    """It begins an hour early: times and places may differ by a transaction's length."""
    now = [time.time()]
    with closing(SqlStore(f"sqlite:///{tmp_path}/queue.db", clock=lambda: now[0])) as store:
        store.create()
        upcoming = Upcoming(store)
        assert upcoming.place_before(0) == 0
        times = []
        for number in range(21):
            now[0] += 7200
            times.append(now[0])
            publish(store, [event(f"m{number}")])
        seqs = [row["seq"] for row in store.read("*", after=0, limit=99)]
        for number, at in enumerate(times):
            assert upcoming.place_before(at + 3601) == seqs[number]
        assert upcoming.place_before(times[0] - 9) == 0
        assert upcoming.place_before(times[-1] + 10**6) == seqs[-1]
