"""Publishing: what is checked, which jobs take an event, in which lane and under which key."""

from __future__ import annotations

import uuid

import pytest
from tests.conftest import make_job
from tests.unit.flow.vendors import TOPIC, hearing

from hms_a2a import Bus
from hms_syn.domain.job_spec import Push
from hms_syn.domain.topic_event import new_event
from hms_syn.errors import InvalidEvent, PayloadConflict, StoreUnavailable
from hms_syn.flow.publish import idempotency_key, publish, route
from hms_syn.ports import RegistryChanged, Subscription

SCHEMA = {
    "type": "object",
    "required": ["case_id"],
    "properties": {"case_id": {"type": "string", "pattern": "^HUD-"}, "people": {"items": {"type": "object"}}},
}


def lane(payload, expression, *, ordering_key=None):
    event = new_event(TOPIC, payload, agency="hud", message_id="m1", ordering_key=ordering_key)
    [taken] = route(event, [Subscription(job="court", topics=(TOPIC,), ordering_key=expression)]).routes
    return taken.ordering_key


@pytest.mark.parametrize(
    ("payload", "place", "rule"),
    [
        ({"case_id": "SECRET-9"}, "payload.case_id", "pattern"),
        ({"case": "SECRET-9"}, "payload:", "required"),
        ({"case_id": "HUD-1", "people": [{}, "SECRET-9"]}, "payload.people.1", "type"),
    ],
)
def test_a_payload_that_breaks_a_jobs_schema_is_refused_at_the_publisher(store, payload, place, rule):
    """The error names the field, the rule and the job, and never the value; nothing is stored."""
    store.register(make_job(push=Push(schema=SCHEMA)))
    with pytest.raises(InvalidEvent) as caught:
        publish(store, [hearing(), new_event(TOPIC, payload, agency="hud")])
    assert place in str(caught.value)
    assert repr(rule) in str(caught.value)
    assert "court" in str(caught.value)
    assert "SECRET-9" not in str(caught.value)
    assert store.read("*", after=0, limit=9) == []


def test_a_schema_binds_only_those_who_publish_for_its_job(store):
    """An event on another topic is not held against it."""
    store.register(make_job(push=Push(schema=SCHEMA)))
    assert publish(store, [new_event("hud.other", {"case": "x"}, agency="hud")]) == [True]


def test_each_topic_goes_to_the_jobs_that_listen_for_it():
    """Exact names and patterns; an event that nobody takes has no route."""
    listening = [
        Subscription(job="exact", topics=("hud.hearing.created",)),
        Subscription(job="pattern", topics=("hud.*", "va.*")),
        Subscription(job="other", topics=("hud.hearing.cancelled",)),
    ]
    jobs = lambda topic: [way.job for way in route(new_event(topic, {}, agency="hud"), listening).routes]  # noqa: E731
    assert jobs("hud.hearing.created") == ["exact", "pattern"]
    assert jobs("va.visit") == ["pattern"]
    assert jobs("hudson") == []


@pytest.mark.parametrize(
    ("payload", "expression", "found"),
    [
        ({"case_id": "A"}, None, ""),
        ({"case_id": "A"}, "case_id", "A"),
        ({"case_id": 7}, "case_id", "7"),
        ({"case": {"id": "A"}}, "case.id", "A"),
        ({"case_id": None}, "case_id", ""),
        ({}, "case_id", ""),
        ({"case_id": "A"}, "_meta.topic", TOPIC),
        ({"case_id": 7}, "length(case_id)", ""),
    ],
)
def test_the_lane_is_what_the_jobs_expression_finds(payload, expression, found):
    """Nothing found, or an expression that does not fit the payload, is the job's one common lane."""
    assert lane(payload, expression) == found


def test_the_publishers_own_key_can_be_the_lane():
    """``_meta.ordering_key`` is what the publisher gave."""
    assert lane({}, "_meta.ordering_key", ordering_key="case 9") == "case 9"


def test_a_long_key_is_a_lane_of_its_own_all_the_same():
    """A key too long for its column is digested, not cut: two long keys stay two lanes."""
    one, two = lane({"k": "x" * 300 + "1"}, "k"), lane({"k": "x" * 300 + "2"}, "k")
    assert one != two
    assert max(len(one), len(two)) <= 200


@pytest.mark.parametrize("value", ["a\u0000b", "Ω \u202e", "\U0001f3db", "'; DROP TABLE x; --", "\ufffe"])
def test_any_text_can_be_an_ordering_key(store, value):
    """A payload with odd characters is published, queued and read back as it was, on every database."""
    job = make_job(push=Push(ordering_key="case_id"))
    store.register(job)
    assert publish(store, [new_event(TOPIC, {"case_id": value}, agency="hud", message_id="m1")]) == [True]
    [delivery] = store.pop(job, owner="w").deliveries
    assert delivery.payload == {"case_id": value}


def test_the_key_a_vendor_sees_is_made_of_job_and_message_alone():
    """It is a UUID, the same for ever for one message and job, and another for any other."""
    assert (
        idempotency_key("court", "m1")
        == idempotency_key("court", "m1")
        == str(uuid.UUID(idempotency_key("court", "m1")))
    )
    assert len({idempotency_key(job, message_id) for job in ("a", "b") for message_id in ("m1", "m2")}) == 4


def test_two_equal_payloads_are_two_messages(store, job):
    """Without an id of their own, two events are two facts, however alike."""
    store.register(job)
    events = [new_event(TOPIC, {"case_id": "A"}, agency="hud") for _ in range(2)]
    assert publish(store, events) == [True, True]
    assert len({delivery.idempotency_key for delivery in store.pop(job, owner="w").deliveries}) == 2


def test_a_repeat_within_one_batch_is_one_message(store, job):
    """The same id twice in a batch is stored once."""
    store.register(job)
    assert publish(store, [hearing(), hearing()]) == [True, False]


def test_another_payload_under_a_known_id_raises(store, job):
    """A fact cannot be changed by publishing again."""
    store.register(job)
    publish(store, [hearing(1)])
    with pytest.raises(PayloadConflict):
        publish(store, [hearing(2, message_id="m1")])


def test_a_job_registered_meanwhile_gets_the_event(store, job):
    """A plan made before a job was registered is made again, so the job misses nothing."""
    store.subscriptions()
    store.register(job)
    publish(store, [hearing()])
    assert store.pop(job, owner="w") is not None


def test_a_registry_that_never_rests_is_an_error_and_not_a_loop():
    """After some tries the publisher is told to publish again; nothing was accepted."""

    class Restless:
        def subscriptions(self, *, again=False):
            del again
            return 1, []

        def publish(self, *_arguments, **_options):
            raise RegistryChanged

    with pytest.raises(StoreUnavailable):
        publish(Restless(), [hearing()])


def test_the_queues_own_ids_and_name_are_nobody_elses():
    """An event under the id of an announcement to come would keep a receipt from being stored."""
    with pytest.raises(InvalidEvent, match="queue's own"):
        new_event("hud.x", {}, agency="hud", message_id="syn:6f1d2d0c-8a8e-4d0f-9d58-3d1f0b6f9a11:delivered")
    with pytest.raises(InvalidEvent, match="queue's own name"):
        Bus("hms-syn").publish_topic("hud.x", {})
