"""What every store promises, run on each of them: in memory, SQLite, PostgreSQL."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from tests.conftest import make_job

from hms_syn.domain.ack import Ack
from hms_syn.domain.claim import Ending
from hms_syn.domain.delivery import Outcome, State
from hms_syn.domain.job_spec import Push
from hms_syn.domain.topic_event import new_event
from hms_syn.errors import PayloadConflict, StaleLease
from hms_syn.flow.hand_off import announcement
from hms_syn.flow.publish import planned, publish, route
from hms_syn.ports import RegistryChanged
from hms_syn.store import audit_trail, job_switches

TOPIC = "hud.hearing.created"
LEASE = 60.0


def hearing(number=1, **extra):
    return new_event(TOPIC, {"case_id": f"HUD-{number}"}, agency="hud", **extra)


def pop(store, job, owner="w1", lease=LEASE):
    return store.pop(replace(job, push=replace(job.push, lease=lease)), owner=owner)


def acked(store, claim, delivery, reference="C-1", attempt=None):
    attempt = attempt or (claim.attempt if delivery is claim.deliveries[0] else store.begin(claim, delivery))
    done = announcement(delivery, "delivered", reference=reference)
    planned(
        store,
        [done],
        lambda version, routed: store.ack(
            claim, delivery, attempt, Ack(reference=reference), tell=(version, routed[0]), then=None
        ),
    )


def events_of(store, message_id):
    return [row["event"] for row in store.audit_rows() if row["message_id"] == message_id]


def test_a_published_event_waits_for_its_job(store, job):
    """What was published is there to be popped, with its payload and key."""
    store.register(job)
    assert publish(store, [hearing(message_id="m1")]) == [True]
    claim = pop(store, job)
    assert [(d.message_id, dict(d.payload), d.attempt) for d in claim.deliveries] == [("m1", {"case_id": "HUD-1"}, 0)]


def test_an_event_that_nobody_takes_is_kept(store):
    """An event without a subscriber is on the bus all the same."""
    publish(store, [hearing(message_id="m1")])
    assert [event["message_id"] for event in store.read("hud.*", after=0, limit=10)] == ["m1"]


def test_the_same_id_and_payload_is_one_message(store, job):
    """Publishing again what is known adds nothing."""
    store.register(job)
    assert publish(store, [hearing(message_id="m1")]) == [True]
    assert publish(store, [hearing(message_id="m1")]) == [False]
    assert len(pop(store, job).deliveries) == 1


def test_the_same_id_with_another_payload_is_refused(store):
    """A known id with another payload is an error, and nothing of the batch is stored."""
    publish(store, [hearing(message_id="m1")])
    with pytest.raises(PayloadConflict):
        publish(store, [hearing(3, message_id="m3"), hearing(2, message_id="m1")])
    assert [event["message_id"] for event in store.read("*", after=0, limit=10)] == ["m1"]


def test_one_event_reaches_every_job_that_takes_its_topic(store):
    """Exact topics and patterns both match; each job has its own delivery and key."""
    one, two = make_job("one"), make_job("two", source_topics=("hud.*",))
    store.register(one)
    store.register(two)
    publish(store, [hearing(message_id="m1")])
    keys = {pop(store, job).deliveries[0].idempotency_key for job in (one, two)}
    assert len(keys) == 2


def test_a_plan_older_than_the_registry_is_refused(store, job):
    """A publisher that does not know of a new job yet must plan again."""
    version, _ = store.subscriptions()
    store.register(job)
    with pytest.raises(RegistryChanged):
        store.publish(version, [])


def test_registering_the_same_job_again_changes_nothing(store, job):
    """The registry's version rises only when publishers must know."""
    assert store.register(job) is True
    assert store.register(job) is False


def test_messages_of_a_job_come_in_the_order_published(store, job):
    """One FIFO for the whole job when no ordering key is declared."""
    store.register(job)
    publish(store, [hearing(n, message_id=f"m{n}") for n in range(5)])
    assert [d.message_id for d in pop(store, job).deliveries] == ["m0", "m1", "m2", "m3", "m4"]


def test_each_ordering_key_is_a_lane_of_its_own(store):
    """A claim holds one key's messages; another worker may hold another key's."""
    job = make_job(push=Push(ordering_key="case_id", concurrency=2))
    store.register(job)
    publish(store, [hearing(1, message_id="a1"), hearing(2, message_id="b1"), hearing(1, message_id="a2")])
    first, second = pop(store, job, "w1"), pop(store, job, "w2")
    assert [[d.message_id for d in claim.deliveries] for claim in (first, second)] == [["a1", "a2"], ["b1"]]


def test_a_held_lane_is_not_given_to_another(store, job):
    """While a lease runs, nothing of its lane can be popped."""
    store.register(job)
    publish(store, [hearing()])
    assert pop(store, job) is not None
    assert pop(store, job, "w2") is None


def test_an_expired_lease_is_taken_over_with_a_higher_fence(store, job):
    """A dead worker's lane becomes ready again by itself; its open attempt is closed as unknown."""
    store.register(job)
    publish(store, [hearing(message_id="m1")])
    dead = pop(store, job, lease=0.0)
    assert dead.attempt == 1
    heir = pop(store, job, "w2")
    assert heir.fence > dead.fence
    assert (heir.attempt, heir.deliveries[0].state) == (None, State.IN_FLIGHT)
    assert store.begin(heir, heir.deliveries[0]) == 2
    assert events_of(store, "m1") == ["published", "queued", "attempt", "unknown", "attempt"]


def test_a_late_worker_cannot_settle(store, job):
    """F16: a result under an old fence is refused and changes nothing."""
    store.register(job)
    publish(store, [hearing(message_id="m1")])
    late = pop(store, job, lease=0.0)
    attempt = late.attempt
    pop(store, job, "w2")
    with pytest.raises(StaleLease):
        store.retry(late, late.deliveries[0], attempt, Ending(outcome=Outcome.UNKNOWN, code="x"), delay=1)
    with pytest.raises(StaleLease):
        acked(store, late, late.deliveries[0], attempt=attempt)
    store.note_stale(late, late.deliveries[0], attempt)
    assert events_of(store, "m1")[-1] == "stale"


def test_an_acked_message_is_delivered_with_its_receipt(store, job):
    """Ack closes the delivery, keeps the receipt, announces it on the bus, and leaves the queue empty."""
    store.register(job)
    publish(store, [hearing(message_id="m1")])
    claim = pop(store, job)
    acked(store, claim, claim.deliveries[0], "COURT-7")
    store.release(claim)
    assert pop(store, job) is None
    assert store.next_due(job.id) is None
    assert [d["state"] for d in store.trace("m1")[0]["deliveries"]] == ["delivered"]
    [announced] = store.read("syn.court.delivered", after=0, limit=10)
    assert announced["payload"]["reference"] == "COURT-7"
    assert events_of(store, "m1") == ["published", "queued", "attempt", "acked", "delivered"]


def test_an_attempt_cannot_be_settled_twice(store, job):
    """F10: a second ack of the same delivery is refused: it is no longer in the queue."""
    store.register(job)
    publish(store, [hearing(message_id="m1"), hearing(2, message_id="m2")])
    claim = pop(store, job)
    acked(store, claim, claim.deliveries[0])
    with pytest.raises(StaleLease):
        planned(
            store,
            [announcement(claim.deliveries[0], "delivered")],
            lambda version, routed: store.ack(
                claim, claim.deliveries[0], 1, Ack(reference="x"), tell=(version, routed[0]), then=None
            ),
        )


def test_a_retried_message_keeps_its_place_and_waits(store, job):
    """After a failed attempt the head is not due before its delay, and nothing behind it overtakes."""
    store.register(job)
    publish(store, [hearing(1, message_id="m1"), hearing(2, message_id="m2")])
    claim = pop(store, job)
    attempt = claim.attempt
    store.retry(claim, claim.deliveries[0], attempt, Ending(outcome=Outcome.NOT_SENT, code="connect"), delay=30)
    assert pop(store, job) is None
    assert 20 < store.next_due(job.id) <= 30
    assert events_of(store, "m1")[-1] == "not_sent"


def test_a_set_aside_message_lets_the_next_one_through(store, job):
    """A dead letter leaves the lane with its reason and is announced."""
    store.register(job)
    publish(store, [hearing(1, message_id="m1"), hearing(2, message_id="m2")])
    claim = pop(store, job)
    attempt = claim.attempt
    ending = Ending(outcome=Outcome.REFUSED, code="vendor_refused")
    planned(
        store,
        [announcement(claim.deliveries[0], "dead_letter")],
        lambda version, routed: store.set_aside(
            claim, claim.deliveries[0], attempt, ending, tell=(version, routed[0]), then=None
        ),
    )
    store.release(claim)
    assert [d.message_id for d in pop(store, job).deliveries] == ["m2"]
    assert events_of(store, "m1")[-2:] == ["refused", "dead_letter"]
    assert store.read("syn.court.dead_letter", after=0, limit=9)


def test_a_held_message_waits_for_an_officer_and_nothing_overtakes_it(store, job):
    """What the vendor may have has no due time; its lane is given up, its doubt is on record and on the bus."""
    store.register(job)
    publish(store, [hearing(1, message_id="m1"), hearing(2, message_id="m2")])
    claim = pop(store, job)
    attempt = claim.attempt
    ending = Ending(outcome=Outcome.UNKNOWN, code="timeout")
    planned(
        store,
        [announcement(claim.deliveries[0], "in_doubt")],
        lambda version, routed: store.doubt(
            claim, claim.deliveries[0], attempt, ending, delay=None, tell=(version, routed[0])
        ),
    )
    assert pop(store, job) is None
    assert store.next_due(job.id) is None
    assert events_of(store, "m1")[-2:] == ["unknown", "in_doubt"]
    assert store.read("syn.court.in_doubt", after=0, limit=9)


def test_a_released_lane_is_due_at_once(store, job):
    """What was claimed but not sent goes to the next worker without waiting."""
    store.register(job)
    publish(store, [hearing()])
    store.release(pop(store, job))
    assert pop(store, job, "w2") is not None


def test_a_page_is_stored_with_its_cursor_and_only_once(store, job):
    """Records seen before are skipped, new ones are on the bus, and the cursor moves with them."""
    events = [new_event("syn.court.pulled", {"n": n}, agency="court", message_id=f"court:{n}") for n in range(3)]
    take = lambda page, cursor: planned(  # noqa: E731
        store, page, lambda version, routed: store.accept_page(job.id, version, routed, cursor=cursor)
    )
    assert take(events[:2], "1") == 2
    assert take(events, "2") == 1
    assert store.cursor(job.id) == "2"
    assert [event["payload"]["n"] for event in store.read("syn.court.pulled", after=0, limit=10)] == [0, 1, 2]


def test_a_job_has_one_drain_at_a_time(store, job):
    """A second drain is told no while the first is alive; the first may take it again; afterwards it is free."""
    store.register(job)
    assert store.take_drain(job.id, owner="run1", seconds=10)
    assert not store.take_drain(job.id, owner="run2", seconds=10)
    assert store.take_drain(job.id, owner="run1", seconds=10)
    store.end_drain(job.id, owner="run1")
    assert store.take_drain(job.id, owner="run2", seconds=10)
    assert not store.keep_drain(job.id, owner="run1", seconds=10)


def test_a_second_try_of_the_same_owner_takes_its_lanes_over_at_once(store, job):
    """A run that died is continued by its own next try without waiting for the lease."""
    store.register(job)
    publish(store, [hearing()])
    store.take_drain(job.id, owner="run1", seconds=10)
    first = pop(store, job, "run1")
    assert pop(store, job, "run1") is None
    store.take_drain(job.id, owner="run1", seconds=10)
    assert pop(store, job, "run1").fence > first.fence


def test_the_bell_rings_for_due_work_that_nobody_holds(store, job):
    """Due work rings once, not again at once, and not while a drain is alive."""
    store.register(job)
    assert store.ring() == []
    publish(store, [hearing()])
    assert store.ring() == [job.id]
    assert store.ring() == []
    store.rearm(job.id)
    assert store.ring() == [job.id]
    store.take_drain(job.id, owner="run1", seconds=10)
    assert store.ring() == []
    store.end_drain(job.id, owner="run1")
    assert store.ring() == [job.id]


def test_a_job_hears_that_the_bell_of_another_goes_unanswered(store, job):
    """Only while it is fresh, only another's, and not once a run has come."""

    def others_ring(of, patience=0.0):
        return store.look(lambda connection: job_switches.others_ring(connection, of, patience=patience))

    store.register(job)
    assert not others_ring("somebody")
    publish(store, [hearing()])
    assert not others_ring("somebody")
    store.ring()
    assert others_ring("somebody")
    assert not others_ring("somebody", patience=5)
    assert not others_ring(job.id)
    store.take_drain(job.id, owner="run1", seconds=10)
    assert not others_ring("somebody")
    store.end_drain(job.id, owner="run1")
    assert not others_ring("somebody")


def test_the_bell_keeps_quiet_for_a_reserved_lane(store, job):
    """A run that comes back for a backing-off lane itself is not rung for it in between."""
    store.register(job)
    publish(store, [hearing()])
    claim = pop(store, job)
    attempt = claim.attempt
    store.retry(claim, claim.deliveries[0], attempt, Ending(outcome=Outcome.NOT_SENT, code="x"), delay=0.5)
    store.reserve(job.id, grace=10)
    while store.next_due(job.id) > 0:
        time.sleep(0.05)
    assert store.ring() == []
    assert pop(store, job) is not None


def test_a_vendor_contract_is_pinned_as_given(store):
    """Pinned bytes come back as they were; a new pin replaces the old."""
    assert store.pinned("court", "wsdl") is None
    store.pin("court", "wsdl", b"\x00one")
    store.pin("court", "wsdl", b"two")
    assert store.pinned("court", "wsdl") == b"two"


def test_a_runs_report_names_its_acks(store, job):
    """What an owner's attempts led to can be read back: ids, states, receipts."""
    store.register(job)
    publish(store, [hearing(message_id="m1")])
    claim = pop(store, job, "run1")
    acked(store, claim, claim.deliveries[0], "C-9")
    [row] = store.settled_by("run1", limit=10)
    assert (row["message_id"], row["state"], row["attempt"], row["reference"]) == ("m1", "delivered", 1, "C-9")


def test_the_audit_trail_verifies(store, job):
    """Every row follows its message's previous row, across jobs and announcements."""
    two = make_job("two")
    store.register(job)
    store.register(two)
    publish(store, [hearing(n, message_id=f"m{n}") for n in range(3)])
    for each in (job, two):
        claim = pop(store, each)
        for delivery in claim.deliveries:
            acked(store, claim, delivery)
        store.release(claim)
    assert audit_trail.verify(store.audit_rows()) == len(store.audit_rows()) > 20


def test_a_line_whose_late_worker_has_noted_its_own_outcome_goes_on(store, job):
    """Taken over by one that died before it sent, and then noted as stale: the next worker still begins."""
    store.register(job)
    publish(store, [hearing(message_id="m1")])
    late = pop(store, job, lease=0.0)
    pop(store, job, "died", lease=0.0)
    store.note_stale(late, late.deliveries[0], late.attempt)
    heir = pop(store, job, "heir")
    assert (heir.deliveries[0].state, heir.deliveries[0].lost) == (State.IN_FLIGHT, False)
    assert store.begin(heir, heir.deliveries[0]) == 2
    assert events_of(store, "m1") == ["published", "queued", "attempt", "stale", "attempt"]


def test_two_jobs_that_share_a_message_write_one_chain(store, job):
    """Each has its own idea of the message's newest hash; whoever is late reads it again."""
    two = make_job("two")
    store.register(job)
    store.register(two)
    publish(store, [hearing(message_id="m1")])
    one, other = pop(store, job), pop(store, two)
    acked(store, one, one.deliveries[0])
    acked(store, other, other.deliveries[0])
    assert audit_trail.verify(store.audit_rows()) > 0
    assert events_of(store, "m1").count("delivered") == 2


def test_an_announcement_planned_before_a_job_was_known_is_planned_again(store, job):
    """A job that begins to listen between plan and commit gets the news: the old plan is refused."""
    store.register(job)
    publish(store, [hearing(message_id="m1")])
    claim = pop(store, job)
    version, _ = store.subscriptions(again=True)
    done = route(announcement(claim.deliveries[0], "delivered", reference="R"), [])
    store.register(make_job("follower", source_topics=("syn.*.delivered",)))
    with pytest.raises(RegistryChanged):
        store.ack(claim, claim.deliveries[0], 1, Ack(reference="R"), tell=(version, done), then=None)
    acked(store, claim, claim.deliveries[0])
    assert store.next_due("follower") is not None
