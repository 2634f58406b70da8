"""A doubt is resolved by asking the vendor: found is delivered, not found is sent again, anything else waits."""

from __future__ import annotations

import pytest
from tests.conftest import make_job
from tests.unit.flow.vendors import Scripted, drain, hearing, settle, state, topics, trail

from hms_syn import errors
from hms_syn.domain.ack import Ack
from hms_syn.domain.job_spec import Push, Retry
from hms_syn.flow.publish import publish

QUICK = Retry(initial_delay=0.02, multiplier=1, jitter=0)
TIMEOUT = errors.OutcomeUnknown(code="timeout")


class Asked(Scripted):
    """A vendor that answers when it is asked for a message: a receipt, None, or an error to raise."""

    idempotent, finds = False, True

    def __init__(self, *script, finding=()):
        super().__init__(*script)
        self.finding, self.questions = list(finding), []

    def find(self, message):
        self.questions.append(message.message_id)
        word = self.finding.pop(0) if self.finding else None
        if isinstance(word, BaseException):
            raise word
        return word


@pytest.fixture
def asking(store):
    """A job whose vendor can be asked, and two messages of one line."""
    job = make_job(retry=QUICK, push=Push(timeout=0.05, lease=0.3))
    store.register(job)
    publish(store, [hearing(1), hearing(2)])
    return job


def test_found_at_the_vendor_it_is_delivered_and_not_sent_again(store, asking):
    """F18: the vendor had processed what it never answered: its record is the receipt."""
    vendor = Asked(TIMEOUT, finding=[Ack(reference="COURT-9")])
    worker, reports = drain(store, asking, vendor)
    worker.run()
    assert (state(store), reports[0].held) == ("in_doubt", False)
    settle(store, asking, worker)
    assert vendor.order == ["m1", "m2"]
    assert store.trace("m1")[0]["deliveries"][0]["reference"] == "COURT-9"
    assert trail(store) == ["attempt", "unknown", "in_doubt", "resolved", "delivered"]
    assert topics(store)["syn.court.delivered"] == 2


def test_not_found_after_the_settle_time_it_is_sent_again(store, asking):
    """F18: a clear "no such message", asked no sooner than a call may take, is a reason to send."""
    vendor = Asked(TIMEOUT, finding=[None])
    worker, reports = drain(store, asking, vendor)
    settle(store, asking, worker)
    assert reports[0].wait >= 0.05
    assert (vendor.order, vendor.questions) == (["m1", "m1", "m2"], ["m1"])
    assert trail(store) == ["attempt", "unknown", "in_doubt", "resolved", "attempt", "acked", "delivered"]


@pytest.mark.parametrize("word", [errors.NotSent(), TIMEOUT, errors.VendorBusy(), RuntimeError("HUD-1")])
def test_no_clear_answer_to_the_question_leaves_the_doubt(store, asking, word):
    """Neither yes nor no: the vendor is asked again later, and nothing is sent or overtakes."""
    vendor = Asked(TIMEOUT, finding=[word, word, Ack(reference="C")])
    worker, _ = drain(store, asking, vendor)
    settle(store, asking, worker)
    assert (vendor.order, vendor.questions) == (["m1", "m2"], ["m1"] * 3)
    assert "HUD-1" not in str(store.audit_rows())


def test_what_a_lost_worker_may_have_sent_is_asked_for_first(store, asking):
    """F4: after a crash in mid-send the heir asks before it sends."""
    store.pop(asking, owner="dead")
    store.take_drain(asking.id, owner="dead", seconds=0)
    vendor = Asked(finding=[Ack(reference="C-1")])
    worker, _ = drain(store, asking, vendor)
    settle(store, asking, worker)
    assert (vendor.order, vendor.questions) == (["m2"], ["m1"])
    assert trail(store) == ["attempt", "unknown", "in_doubt", "resolved", "delivered"]


def test_a_message_out_of_attempts_is_asked_for_before_it_is_set_aside(store, asking):
    """Only what the vendor clearly does not have becomes a dead letter."""
    job = make_job(
        retry=Retry(initial_delay=0.02, jitter=0, max_attempts=1),
        push=asking.push,
        target_endpoint=asking.target_endpoint,
    )
    vendor = Asked(TIMEOUT, finding=[None])
    worker, _ = drain(store, job, vendor)
    settle(store, job, worker)
    assert (state(store), state(store, "m2")) == ("dead_letter", "delivered")


def test_hold_asks_nobody(store):
    """``on_unknown: hold`` waits for an officer though the vendor could be asked."""
    job = make_job(push=Push(on_unknown="hold"))
    store.register(job)
    publish(store, [hearing(1)])
    vendor = Asked(TIMEOUT)
    drain(store, job, vendor)[0].run()
    assert (vendor.questions, store.next_due(job.id), state(store)) == ([], None, "in_doubt")


def test_resend_sends_though_the_vendor_could_be_asked(store):
    """``on_unknown: resend`` trusts the key."""
    job = make_job(retry=QUICK, push=Push(on_unknown="resend"))
    store.register(job)
    publish(store, [hearing(1)])
    vendor = Asked(TIMEOUT)
    settle(store, job, drain(store, job, vendor)[0])
    assert (vendor.questions, vendor.order) == ([], ["m1", "m1"])
