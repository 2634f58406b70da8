"""What a lost worker leaves behind, and how the next one, or an officer, gets it going again."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from tests.conftest import make_job
from tests.unit.flow.vendors import Scripted, drain, hearing, settle, state, trail

from hms_syn.domain.ack import Ack
from hms_syn.domain.job_spec import Push, Retry
from hms_syn.errors import OutcomeUnknown, VendorRefused
from hms_syn.flow import switch
from hms_syn.flow.end_doubt import end_doubt
from hms_syn.flow.publish import publish
from hms_syn.flow.push import Drain
from hms_syn.ports import Act
from hms_syn.store.desk import Desk

ACT = Act(actor="officer", reason="the worker is gone")


def lose_a_worker(store, job):
    """Leave the first message in flight, with its lane due at once."""
    store.register(job)
    publish(store, [hearing(1), hearing(2)])
    assert store.pop(replace(job, push=replace(job.push, lease=0.0)), owner="lost").attempt == 1


def test_a_lost_workers_message_is_sent_again_at_the_vendors_pace(store):
    """What needs a thought takes one place in the pace, when it is sent, and not one for the thought."""
    job = make_job(push=Push(rate_limit=5, on_unknown="resend"))
    lose_a_worker(store, job)
    vendor = Scripted()
    settle(store, job, drain(store, job, vendor)[0])
    assert vendor.order == ["m1", "m2"]


def test_a_worker_goes_home_while_others_hold_all_lanes_that_may_be_in_use(store):
    """What is due and cannot be had is not asked for again and again."""
    job = make_job(push=Push(rate_limit=100, ordering_key="case_id"))
    store.register(job)
    publish(store, [hearing(1), hearing(2)])
    assert store.pop(job, owner="other") is not None
    asked = []
    worker, _ = drain(store, job, Scripted(), stop=lambda: bool(asked.append(1)) or len(asked) > 20)
    assert worker.run() == 0
    assert len(asked) < 20


def test_a_lost_workers_message_for_another_endpoint_is_a_doubt_that_an_officer_can_end(store):
    """It is neither sent to the new endpoint nor stuck: resolved and replayed, it goes out."""
    job = make_job()
    lose_a_worker(store, job)
    moved = replace(job, target_endpoint="https://elsewhere.example.gov/")
    store.register(moved)
    vendor = Scripted()
    worker, _ = drain(store, moved, vendor)
    worker.run()
    assert (vendor.order, state(store)) == ([], "in_doubt")
    desk = Desk(store)
    end_doubt(desk, "m1", ACT, delivered=False)
    worker.run()
    for message_id in ("m1", "m2"):
        desk.replay(message_id, ACT)
        worker.run()
    assert vendor.order == ["m1", "m2"]


def test_discarding_a_lost_workers_message_ends_its_attempt(store, job):
    """Nobody comes back for it, so the act itself says that its outcome is unknown."""
    lose_a_worker(store, job)
    Desk(store).discard("m1", ACT)
    assert trail(store) == ["attempt", "unknown", "discarded"]
    assert [attempt["outcome"] for attempt in store.trace("m1")[0]["attempts"]] == ["unknown"]


def test_an_act_on_a_message_does_not_open_what_blocks_its_line(store):
    """Discarding or replaying what is behind the head leaves the head where it is."""
    job = make_job(on_refused="block")
    store.register(job)
    publish(store, [hearing(number) for number in (1, 2, 3)])
    vendor = Scripted(VendorRefused())
    worker, _ = drain(store, job, vendor)
    worker.run()
    Desk(store).discard("m2", ACT)
    worker.run()
    assert vendor.order == ["m1"]
    Desk(store).discard("m1", ACT)
    worker.run()
    assert vendor.order == ["m1", "m3"]


def test_a_worker_stopped_between_two_messages_does_not_send_the_second(store):
    """Its intent may be on record since before it was stopped; the heir has sent by now, and it must not."""
    job = make_job(push=Push(timeout=0.02, lease=0.1, on_unknown="resend"))
    store.register(job)
    publish(store, [hearing(1), hearing(2)])
    vendor, heir = Scripted(), Scripted()

    def stopped(_hand_off):
        time.sleep(0.2)
        settle(store, job, Drain(job=job, store=store, adapter=heir, owner="heir"))

    Drain(job=job, store=store, adapter=vendor, owner="stopped", report=stopped).run()
    assert (vendor.order, heir.order) == (["m1"], ["m2"])


def test_a_worker_that_stood_still_sends_nothing_into_a_pause(store):
    """I16: with the intent on record and the lane still its own, it sends nothing when it wakes up in a pause."""
    job = make_job(push=Push(timeout=0.02, lease=0.1))
    store.register(job)
    publish(store, [hearing(1), hearing(2)])
    vendor = Scripted()

    def stood_still(_hand_off):
        time.sleep(0.2)
        switch.pause(store, job.id, ACT)

    paused = lambda: store.is_paused(job.id)  # noqa: E731
    Drain(job=job, store=store, adapter=vendor, owner="w1", stop=paused, report=stood_still).run()
    assert (vendor.order, state(store, "m2")) == (["m1"], "pending")
    assert trail(store, "m2") == ["attempt", "not_sent"]
    switch.resume(store, job.id, ACT)
    settle(store, job, drain(store, job, vendor)[0])
    assert vendor.order == ["m1", "m2"]


def test_a_worker_whose_lease_has_run_out_does_not_go_on_beside_its_heir(store):
    """It may settle what it sent, since nobody has taken its lane; but another lane is in use now, and one may be."""
    job = make_job(push=Push(timeout=0.02, lease=0.1, ordering_key="case_id"))
    store.register(job)
    publish(store, [hearing(1, message_id="a1", case_id="A"), hearing(2, message_id="a2", case_id="A")])
    publish(store, [hearing(3, message_id="b1", case_id="B")])
    heirs, in_use = [], []

    def frozen():
        time.sleep(0.2)
        heirs.append(store.pop(replace(job, push=replace(job.push, lease=60.0)), owner="heir"))
        return Ack(reference="R-1")

    vendor = Scripted(frozen, lambda: in_use.append("a2") or Ack(reference="R-2"))
    drain(store, job, vendor)[0].run()
    assert [delivery.message_id for delivery in heirs[0].deliveries] == ["b1"]
    assert (state(store, "a1"), in_use, vendor.order) == ("delivered", [], ["a1"])


class Asked(Scripted):
    """A vendor that can be asked, and has nothing."""

    finds = True

    def find(self, message):
        del message


@pytest.mark.parametrize("last", [OutcomeUnknown(), Ack(reference="R-9")], ids=["in doubt", "delivered"])
def test_a_doubt_at_the_last_allowed_attempt_ends_as_a_dead_letter_when_the_vendor_has_nothing(store, last):
    """With ``max_attempts`` the vendor is asked first; a clear no sets the message aside, and the next goes out."""
    job = make_job(push=Push(timeout=0.01, lease=0.5), retry=Retry(initial_delay=0.01, jitter=0, max_attempts=2))
    store.register(job)
    publish(store, [hearing(1), hearing(2)])
    vendor = Asked(OutcomeUnknown(), last)
    settle(store, job, drain(store, job, vendor)[0])
    assert (state(store), state(store, "m2")) == (
        "delivered" if isinstance(last, Ack) else "dead_letter",
        "delivered",
    )
    assert vendor.order == ["m1", "m1", "m2"]
