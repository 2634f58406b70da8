"""The vendor's gate: a vendor in trouble is left alone, by all its jobs and workers, and tried with one message."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from tests.conftest import make_job
from tests.unit.flow.vendors import Scripted, drain, hearing, settle, state

from hms_syn import errors
from hms_syn.domain.ack import Ack
from hms_syn.domain.job_spec import Breaker, Push, Retry
from hms_syn.flow.hand_off import announcement
from hms_syn.flow.publish import planned, publish

QUICK = Retry(initial_delay=0.01, multiplier=1, jitter=0)
KEYED = Push(ordering_key="case_id", breaker=Breaker(after=3, open_for=0.6))


@pytest.fixture
def keyed(store):
    """A job with a line for each case, and six cases that wait."""
    job = make_job(push=KEYED, retry=replace(QUICK, initial_delay=30))
    store.register(job)
    publish(store, [hearing(number) for number in range(1, 7)])
    return job


def test_after_so_many_failures_in_a_row_the_vendor_is_left_alone(store, keyed):
    """F20: the breaker opens at the third failure; the lines that have not been tried yet are not tried either."""
    vendor = Scripted(*[errors.NotSent(code="connect")] * 9)
    worker, _ = drain(store, keyed, vendor)
    worker.run()
    assert len(vendor.sent) == 3
    assert 0.3 < store.next_due(keyed.id) <= 0.6
    assert store.ring() == []
    assert "the vendor is left alone after 3 failure(s)" in store.status()[0]["why"]


def test_one_message_tries_whether_the_vendor_is_back(store, keyed):
    """F20: when its time is over an open breaker lets one message through; a failure closes the gate again."""
    vendor = Scripted(*[errors.NotSent()] * 4)
    worker, _ = drain(store, keyed, vendor)
    worker.run()
    time.sleep(0.65)
    worker.run()
    assert len(vendor.sent) == 4
    time.sleep(0.65)
    assert worker.run() == 2  # this one was acked, and so the rest goes out at once
    assert len(vendor.sent) == 6


def test_a_probe_is_alone(store, keyed):
    """While one worker tries the vendor, another takes nothing."""
    drain(store, keyed, Scripted(*[errors.NotSent()] * 3))[0].run()
    time.sleep(0.65)
    probe = store.pop(keyed, owner="w1")
    assert (probe.probing, len(probe.deliveries)) == (True, 1)
    assert store.pop(replace(keyed, push=replace(KEYED, concurrency=9)), owner="w2") is None


def test_two_jobs_on_one_vendor_share_its_gate(store, keyed):
    """What one job learns of a vendor, the other need not learn by itself."""
    other = make_job("other", target_endpoint=keyed.target_endpoint, push=KEYED)
    store.register(other)
    publish(store, [hearing(20)])
    drain(store, keyed, Scripted(*[errors.NotSent()] * 3))[0].run()
    vendor = Scripted()
    drain(store, other, vendor)[0].run()
    assert vendor.sent == []


def test_a_vendor_that_asks_to_wait_is_left_alone_by_every_line(store, keyed):
    """F21: Retry-After is for the vendor and not for the message that met it."""
    vendor = Scripted(errors.VendorBusy(code="http_429", retry_after=30))
    drain(store, keyed, vendor)[0].run()
    assert vendor.order == ["m1"]
    assert 29 < store.next_due(keyed.id) <= 30


def test_a_refused_login_is_tried_no_more_than_once_a_minute(store, keyed):
    """F32: one 401 opens the breaker for a minute at least, and every message waits."""
    vendor = Scripted(*[errors.LoginRefused(code="http_401", retry_after=60)] * 9)
    drain(store, keyed, vendor)[0].run()
    assert vendor.order == ["m1"]
    assert 59 < store.next_due(keyed.id) <= 60
    assert {state(store, f"m{number}") for number in range(1, 7)} == {"pending"}


def test_a_refusal_is_an_answer_and_no_failure(store, keyed):
    """A vendor that says no is there: its failures are forgotten."""
    vendor = Scripted(errors.NotSent(), errors.NotSent(), errors.VendorRefused(), errors.NotSent(), errors.NotSent())
    drain(store, keyed, vendor)[0].run()
    assert len(vendor.sent) == 6


def test_our_own_mistakes_do_not_count_against_the_vendor(store, keyed):
    """A job that does not fit the contract meets nobody: the gate stays open."""
    vendor = Scripted(*[errors.ContractMismatch()] * 6)
    drain(store, keyed, vendor)[0].run()
    assert len(vendor.sent) == 6


def test_messages_keep_the_vendors_pace(store):
    """With a rate limit messages go out no faster than it allows, whatever waits."""
    job = make_job(push=Push(rate_limit=20))
    store.register(job)
    publish(store, [hearing(number) for number in range(5)])
    at = []
    vendor = Scripted(*[lambda: at.append(time.monotonic()) or errors.VendorRefused()] * 5)
    assert drain(store, job, vendor)[0].run() == 5
    assert at[-1] - at[0] >= 4 * 0.05 - 0.03


def test_the_pace_is_shared_by_all_workers(store):
    """A second worker does not double the rate."""
    job = make_job(push=Push(rate_limit=0.1, ordering_key="case_id", concurrency=4))
    store.register(job)
    publish(store, [hearing(1), hearing(2)])
    assert store.pop(job, owner="w1") is not None
    assert store.pop(job, owner="w2") is None
    assert 8 < store.next_due(job.id) <= 10


def test_the_head_that_backs_off_is_tried_when_both_it_and_the_gate_are_ready(store):
    """The due time of a job is the later of its lane's and its vendor's."""
    job = make_job(retry=QUICK, push=Push(breaker=Breaker(after=2, open_for=0.4)))
    store.register(job)
    publish(store, [hearing(1)])
    vendor = Scripted(errors.NotSent(), errors.NotSent())
    worker, _ = drain(store, job, vendor)
    started = time.monotonic()
    settle(store, job, worker)
    assert time.monotonic() - started > 0.4
    assert state(store) == "delivered"


def test_a_refused_login_opens_the_breaker(store, keyed):
    """F32: one is enough, whatever the vendor asks for; when the time is over one message tries."""
    vendor = Scripted(*[errors.LoginRefused(code="http_403")] * 2)
    worker, _ = drain(store, keyed, vendor)
    worker.run()
    assert vendor.order == ["m1"]
    time.sleep(0.65)
    worker.run()
    assert len(vendor.sent) == 2


def test_an_answer_on_another_lane_does_not_shorten_what_the_vendor_asked_for(store, keyed):
    """F21: what was under way when the vendor said "later" may still be acked; the others wait all the same."""
    two = replace(keyed, push=replace(KEYED, concurrency=2))
    under_way = store.pop(two, owner="w1")
    drain(store, two, Scripted(errors.VendorBusy(code="http_429", retry_after=30)))[0].run()
    head = under_way.deliveries[0]
    planned(
        store,
        [announcement(head, "delivered", reference="R")],
        lambda version, routed: store.ack(
            under_way, head, under_way.attempt, Ack(reference="R"), tell=(version, routed[0]), then=None
        ),
    )
    assert 28 < store.next_due(keyed.id) <= 30
    assert store.pop(two, owner="w3") is None
