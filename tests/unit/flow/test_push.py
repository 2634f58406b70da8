"""Pushing: what each answer of a vendor does to a message, on every store."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from tests.conftest import make_job
from tests.unit.flow.vendors import Scripted, drain, hearing, settle, state, topics, trail

from hms_syn import errors
from hms_syn.domain.ack import Ack
from hms_syn.domain.delivery import Outcome
from hms_syn.domain.job_spec import Breaker, Push, Retry
from hms_syn.flow import settle as settling
from hms_syn.flow.publish import publish
from hms_syn.flow.push import Drain

AGAIN = {
    "not sent": (errors.NotSent(), "not_sent", "not_sent"),
    "vendor busy": (errors.VendorBusy(code="http_503"), "unknown", "http_503"),
    "our database away while sending": (errors.StoreUnavailable(), "not_sent", "store_unavailable"),
    "unknown": (errors.OutcomeUnknown(code="timeout"), "unknown", "timeout"),
    "contract mismatch": (errors.ContractMismatch(), "not_sent", "contract_mismatch"),
    "needs an officer": (errors.NeedsOfficer(), "not_sent", "needs_officer"),
    "an error of no branch": (errors.SynError(), "unknown", "error"),
    "a bug in the adapter": (ZeroDivisionError("1/0"), "unknown", "adapter_error"),
    "a socket's own error": (TimeoutError("late"), "unknown", "adapter_error"),
}
FOR_GOOD = {
    "the vendor refused": (errors.VendorRefused(code="status_no"), "status_no"),
    "it cannot be mapped": (errors.UnmappablePayload(), "unmappable_payload"),
    "refused": (errors.Refused(), "refused"),
}


@pytest.fixture
def queued(store, job):
    """Two messages of one lane."""
    store.register(job)
    publish(store, [hearing(1), hearing(2)])
    return job


def test_a_yes_is_the_end_of_it(store, queued):
    """Acked messages are delivered in order, each announced once, and the queue is empty."""
    worker, reports = drain(store, queued, Scripted())
    assert worker.run() == 2
    assert [(report.message_id, report.reference) for report in reports] == [("m1", "R-1"), ("m2", "R-2")]
    assert trail(store) == ["attempt", "acked", "delivered"]
    assert topics(store)["syn.court.delivered"] == 2
    assert store.next_due(queued.id) is None


@pytest.mark.parametrize("case", AGAIN)
def test_anything_but_a_clear_answer_keeps_the_message(store, queued, case):
    """The outcome follows from the error's branch; the message waits at the head of its lane and is sent again."""
    error, outcome, code = AGAIN[case]
    vendor = Scripted(error)
    worker, reports = drain(store, queued, vendor)
    assert worker.run() == 0
    assert (reports[0].outcome.value, reports[0].code) == (outcome, code)
    assert reports[0].wait == pytest.approx(0.05)
    assert state(store) == "pending"
    assert trail(store) == ["attempt", outcome]
    settle(store, queued, worker)
    assert vendor.order == ["m1", "m1", "m2"]
    assert trail(store)[2:] == ["attempt", "acked", "delivered"]


@pytest.mark.parametrize("case", FOR_GOOD)
def test_a_clear_no_sets_the_message_aside_and_goes_on(store, queued, case):
    """F31: the refused message is a dead letter with its reason, announced once; the next one is delivered."""
    error, code = FOR_GOOD[case]
    worker, reports = drain(store, queued, Scripted(error))
    assert worker.run() == 2
    assert [(report.outcome, report.wait) for report in reports] == [(Outcome.REFUSED, None), (Outcome.ACKED, None)]
    assert (state(store), state(store, "m2")) == ("dead_letter", "delivered")
    assert trail(store) == ["attempt", "refused", "dead_letter"]
    [announced] = store.read("syn.court.dead_letter", after=0, limit=9)
    assert (announced["payload"]["message_id"], announced["payload"]["code"]) == ("m1", code)


def test_an_announcement_holds_no_payload(store, queued):
    """What the bus says about a delivery is ids, codes and the receipt."""
    worker, _ = drain(store, queued, Scripted())
    worker.run()
    assert "HUD-1" not in str(store.read("syn.*", after=0, limit=9))


def test_an_adapters_own_words_are_not_kept(store, queued):
    """What an adapter's bug says may hold a payload or a secret: only its class is on the record."""
    worker, reports = drain(store, queued, Scripted(RuntimeError("HUD-1 hunter2")))
    worker.run()
    assert "hunter2" not in str([reports, store.audit_rows(), store.trace("m1")])
    assert "RuntimeError" in reports[0].note


def test_the_last_allowed_attempt_sets_the_message_aside(store):
    """With ``max_attempts`` a message that never gets an answer ends as a dead letter, and the next has its turn."""
    job = make_job(retry=Retry(initial_delay=0.01, jitter=0, max_attempts=3))
    store.register(job)
    publish(store, [hearing(1), hearing(2)])
    vendor = Scripted(*[errors.OutcomeUnknown(code="timeout")] * 3)
    settle(store, job, drain(store, job, vendor)[0])
    assert vendor.order == ["m1", "m1", "m1", "m2"]
    assert (state(store), state(store, "m2")) == ("dead_letter", "delivered")
    assert trail(store) == ["attempt", "unknown"] * 3 + ["dead_letter"]


def test_without_a_limit_nothing_is_ever_given_up(store, queued):
    """F20: many failed attempts later the message is still there, and then delivered."""
    vendor = Scripted(*[errors.OutcomeUnknown()] * 12)
    retry, patient = Retry(initial_delay=0.001, multiplier=1, jitter=0), Push(breaker=Breaker(after=100))
    settle(store, queued, drain(store, replace(queued, retry=retry, push=patient), vendor)[0])
    assert vendor.order == ["m1"] * 13 + ["m2"]
    assert state(store) == "delivered"


def test_the_vendors_retry_after_is_waited_for(store, queued):
    """F21: when the vendor says how long, that long is waited, and not the shorter back-off."""
    worker, reports = drain(store, queued, Scripted(errors.VendorBusy(retry_after=30)))
    worker.run()
    assert reports[0].wait == 30
    assert 29 < store.next_due(queued.id) <= 30


def test_a_retry_after_never_shortens_the_back_off(store):
    """F21: a vendor that says "at once" does not switch the back-off off."""
    job = make_job(retry=Retry(initial_delay=20, jitter=0))
    store.register(job)
    publish(store, [hearing()])
    drain(store, job, Scripted(errors.VendorBusy(retry_after=0.001)))[0].run()
    assert store.next_due(job.id) > 19


def test_waits_grow_with_the_attempts(store, queued):
    """F20: each wait is the one before times the multiplier, up to the longest."""
    job = replace(queued, retry=Retry(initial_delay=0.01, multiplier=2, max_delay=0.04, jitter=0))
    worker, reports = drain(store, job, Scripted(*[errors.NotSent()] * 4))
    settle(store, queued, worker)
    assert [report.wait for report in reports[:4]] == pytest.approx([0.01, 0.02, 0.04, 0.04])


def test_one_lane_backing_off_does_not_hold_the_others(store):
    """With an ordering key, the head of one case waits while the other cases go out."""
    job = make_job(push=Push(ordering_key="case_id"), retry=Retry(initial_delay=0.5, jitter=0))
    store.register(job)
    publish(store, [hearing(1), hearing(1, message_id="m1b", note="again")])
    publish(store, [hearing(2), hearing(3)])
    vendor = Scripted(errors.NotSent())
    worker, _ = drain(store, job, vendor)
    worker.run()
    assert sorted(vendor.order) == ["m1", "m2", "m3"]
    settle(store, job, worker)
    assert vendor.order[3:] == ["m1", "m1b"]


def test_every_attempt_carries_the_same_key(store, queued):
    """The vendor can recognise a repeat; two messages never share a key."""
    vendor = Scripted(errors.OutcomeUnknown(), errors.NotSent())
    settle(store, queued, drain(store, queued, vendor)[0])
    keys = [(message.message_id, message.idempotency_key) for message in vendor.sent]
    assert [message_id for message_id, _ in keys] == ["m1", "m1", "m1", "m2"]
    assert len(set(keys)) == 2


def test_more_messages_than_a_window_go_out_in_order(store):
    """A lane longer than ``batch_size`` is taken in several claims."""
    job = make_job(push=Push(batch_size=3))
    store.register(job)
    publish(store, [hearing(number) for number in range(10)])
    vendor = Scripted()
    assert drain(store, job, vendor)[0].run() == 10
    assert vendor.order == [f"m{number}" for number in range(10)]


def test_told_to_stop_it_finishes_the_message_in_hand_and_gives_the_lane_back(store, queued):
    """F33: what was not sent is due at once for the next worker, with no attempt spent on it."""
    vendor = Scripted()
    worker, _ = drain(store, queued, vendor, stop=lambda: len(vendor.sent) == 1)
    assert worker.run() == 1
    assert store.next_due(queued.id) <= 0
    assert trail(store, "m2") == []
    heir = Scripted()
    assert Drain(job=queued, store=store, adapter=heir, owner="w2").run() == 1
    assert heir.order == ["m2"]


def test_told_to_stop_from_the_start_it_touches_nothing(store, queued):
    """A paused job's worker claims no lane."""
    worker, _ = drain(store, queued, Scripted(), stop=lambda: True)
    assert worker.run() == 0
    assert store.pop(queued, owner="w2").fence == 1


def test_a_late_worker_changes_nothing_and_is_on_the_record(store):
    """F16: a worker whose lane was taken over while it sent cannot settle; the heir's result stands."""
    job = make_job(push=Push(timeout=0.01, lease=0.5))
    store.register(job)
    publish(store, [hearing(1), hearing(2)])
    heir = Scripted()

    def taken_over():
        time.sleep(0.5)
        settle(store, job, Drain(job=job, store=store, adapter=heir, owner="w2"))
        return Ack(reference="LATE")

    worker, reports = drain(store, job, Scripted(taken_over))
    assert worker.run() == 0
    assert [report.outcome for report in reports] == [Outcome.STALE]
    assert heir.order == ["m1", "m2"]
    assert trail(store) == ["attempt", "unknown", "attempt", "acked", "delivered", "stale"]
    assert store.trace("m1")[0]["deliveries"][0]["reference"] == "R-1"


def test_a_worker_that_lost_its_lane_between_two_messages_sends_no_more(store, queued):
    """F16: the fence is asked before every send, so the second message goes out once only."""
    heir = Scripted()

    def lane_lost():
        store.take_drain(queued.id, owner="w1", seconds=0)  # the same run again: its lanes are free at once
        settle(store, queued, Drain(job=queued, store=store, adapter=heir, owner="w2"))
        return Ack(reference="LATE")

    vendor = Scripted(lane_lost)
    worker, _ = drain(store, queued, vendor)
    worker.run()
    assert (vendor.order, heir.order) == (["m1"], ["m1", "m2"])


def test_a_worker_killed_while_it_sends_leaves_an_unknown_outcome(store, queued):
    """F4: whoever comes next closes the lost attempt as unknown, and sends again under the same key."""
    first, second = Scripted(KeyboardInterrupt()), Scripted()
    with pytest.raises(KeyboardInterrupt):
        Drain(job=queued, store=store, adapter=first, owner="w1").run()
    assert trail(store) == ["attempt"]
    store.take_drain(queued.id, owner="w1", seconds=0)
    settle(store, queued, Drain(job=queued, store=store, adapter=second, owner="w2"))
    assert trail(store) == ["attempt", "unknown", "attempt", "acked", "delivered"]
    assert first.sent[0].idempotency_key == second.sent[0].idempotency_key


def test_a_dead_workers_lane_is_free_after_the_jobs_own_lease(store):
    """Between two messages a lane is held no longer than the job's lease says."""
    job = make_job(push=Push(timeout=0.1, lease=0.2))
    store.register(job)
    publish(store, [hearing(1), hearing(2)])
    seen = []

    def killed_after(_report):
        seen.append(store.next_due(job.id))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Drain(job=job, store=store, adapter=Scripted(), owner="w1", report=killed_after).run()
    assert state(store) == "delivered"
    assert seen[0] <= 0.2


class Flaky:
    """A store that is away the first few times something is settled."""

    def __init__(self, store, times):
        self._store, self._left = store, times

    def __getattr__(self, name):
        return getattr(self._store, name)

    def _away(self):
        self._left -= 1
        if self._left >= 0:
            raise errors.StoreUnavailable

    def ack(self, *arguments, **options):
        self._away()
        return self._store.ack(*arguments, **options)

    def retry(self, *arguments, **options):
        self._away()
        self._store.retry(*arguments, **options)

    def set_aside(self, *arguments, **options):
        self._away()
        return self._store.set_aside(*arguments, **options)


@pytest.mark.parametrize("word", [None, errors.OutcomeUnknown(), errors.VendorRefused()], ids=["yes", "unknown", "no"])
def test_what_the_vendor_said_is_kept_until_the_database_is_back(store, queued, monkeypatch, word):
    """F9: an outcome is stored once the database answers again; the vendor is not asked twice for it."""
    monkeypatch.setattr(settling, "SETTLE_PAUSES", (0.0,) * 4)
    vendor = Scripted(*[word] if word else [])
    worker, _ = drain(Flaky(store, 3), queued, vendor, stop=lambda: bool(vendor.sent))
    worker.run()
    assert vendor.order == ["m1"]
    assert len(trail(store)) == (2 if isinstance(word, errors.OutcomeUnknown) else 3)


def test_an_announcement_that_another_job_takes_is_queued_with_the_receipt(store, queued):
    """A job on ``syn.*.delivered`` gets its message in the same transaction as the ack."""
    follower = make_job("follower", source_topics=("syn.*.delivered",))
    store.register(follower)
    drain(store, queued, Scripted())[0].run()
    vendor = Scripted()
    drain(store, follower, vendor)[0].run()
    assert [message.payload["message_id"] for message in vendor.sent] == ["m1", "m2"]


def test_a_job_does_not_feed_on_its_own_announcements(store):
    """A job that listens for everything sends what others publish, and not the news of its own deliveries."""
    job = make_job(source_topics=("*",))
    store.register(job)
    publish(store, [hearing(1)])
    vendor = Scripted()
    drain(store, job, vendor, stop=lambda: len(vendor.sent) > 5)[0].run()
    assert vendor.order == ["m1"]


def test_another_jobs_odd_ordering_key_does_not_stop_a_receipt(store, queued):
    """An expression that cannot be applied to an announcement puts it into the job's common lane."""
    store.register(make_job("odd", source_topics=("*",), push=Push(ordering_key="length(case_id)")))
    vendor = Scripted()
    assert drain(store, queued, vendor)[0].run() == 2
    assert state(store) == "delivered"


class LosesTheReply:
    """A store whose database takes one outcome and loses its answer."""

    def __init__(self, store):
        self._store = store
        self._lost = False

    def __getattr__(self, name):
        return getattr(self._store, name)

    def ack(self, *arguments, **options):
        self._store.ack(*arguments, **options)
        if not self._lost:
            self._lost = True
            raise errors.StoreUnavailable


def test_an_outcome_whose_commit_reply_was_lost_is_settled_once(store, queued):
    """F10: the second try finds the delivery gone and knows it for its own; nothing stale is noted."""
    reported = []
    Drain(job=queued, store=LosesTheReply(store), adapter=Scripted(), owner="w", report=reported.append).run()
    assert [hand_off.outcome.value for hand_off in reported] == ["acked", "acked"]
    assert "stale" not in [row["event"] for row in store.audit_rows()]
