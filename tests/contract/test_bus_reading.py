"""Reading the bus back, on both databases: by pattern, from a place on, a few at a time, past what cannot be read."""

from __future__ import annotations

import pytest
from tests.conftest import make_job

from hms_syn.domain.topic_event import new_event
from hms_syn.flow.publish import publish
from hms_syn.flow.replay import replay_to
from hms_syn.ports import Act
from hms_syn.store.desk import Desk

TOPICS = ("hud.hearing.created", "syn.court.delivered", "syn.hospital.delivered", "syn.court.dead_letter", "syn_court")


@pytest.fixture
def bus(sql_store):
    """One event of each topic, m0 to m4."""
    publish(sql_store, [new_event(topic, {"n": n}, agency="hud", message_id=f"m{n}") for n, topic in enumerate(TOPICS)])
    return sql_store


def ids(store, pattern, *, after=0, limit=100):
    return [event["message_id"] for event in store.read(pattern, after=after, limit=limit)]


def spoil(store, message_id, body):
    with store.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE hms_syn_event SET body = '{body}' WHERE message_id = '{message_id}'")


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("syn.*.delivered", ["m1", "m2"]),
        ("syn.court.*", ["m1", "m3"]),
        ("*", ["m0", "m1", "m2", "m3", "m4"]),
        ("syn_court", ["m4"]),
        ("syn_court*", ["m4"]),
        ("syn?court", []),
        ("syn[._]court*", []),
        ("syn%", []),
        ("syn.court.dead\\_letter", []),
    ],
)
def test_only_the_star_stands_for_others(bus, pattern, found):
    assert ids(bus, pattern) == found


def test_one_goes_on_from_the_last_seq_one_has_seen(bus):
    [first] = bus.read("syn.*", after=0, limit=1)
    assert (first["message_id"], first["payload"]) == ("m1", {"n": 1})
    assert ids(bus, "syn.*", after=first["seq"], limit=1) == ["m2"]
    assert ids(bus, "syn.*", after=10_000) == []


@pytest.mark.parametrize("body", ["{", "[]", ""])
def test_an_event_that_cannot_be_read_hides_no_other(bus, caplog, body):
    """It is named in the log, takes no other's place on a page, and a page is empty only at the end."""
    spoil(bus, "m1", body)
    spoil(bus, "m2", body)
    assert ids(bus, "*", limit=2) == ["m0", "m3"]
    assert ids(bus, "*.delivered", limit=1) == []
    assert "(m1 on syn.court.delivered) cannot be read (undecodable); left out" in caplog.text
    assert ids(bus, "*") == ["m0", "m3", "m4"]
    assert bus.trace("none of them") == []


def test_a_replay_to_a_new_job_goes_past_it(bus):
    bus.register(make_job("late", source_topics=("syn_court",)))
    for message_id in ("m0", "m1"):
        spoil(bus, message_id, "{")
    act = Act(actor="paula", reason="the new court wants them")
    assert len(replay_to(bus, Desk(bus).enqueue, job="late", pattern="*", since="", act=act)) == 3
