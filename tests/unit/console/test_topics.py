"""Publishing over HTTP, as the contract says it."""

from __future__ import annotations

import pytest

PATH = "/topics/hud.court.created/messages"


@pytest.fixture
def store_url(tmp_path):
    """One database will do: no statement is asked here that other tests do not ask on both."""
    return f"sqlite:///{tmp_path}/queue.db"


def test_a_fact_is_published_once_and_a_repeat_is_known(console, town):
    body = {
        "payload": {"case_id": "HUD-22-110"},
        "message_id": "m1",
        "ordering_key": "HUD-22-110",
        "headers": {"a": "b"},
    }
    assert console.ask("paula", "POST", PATH, json=body) == (201, {"message_id": "m1"})
    assert console.ask("paula", "POST", PATH, json=body) == (200, {"message_id": "m1"})
    status, told = console.ask("paula", "POST", PATH, json={**body, "payload": {}})
    assert (status, told["error"]) == (409, "payload_conflict")
    [event] = [row for row in town.store.read("hud.court.*", after=0, limit=99) if row["message_id"] == "m1"]
    assert (event["agency"], event["payload"], event["ordering_key"], event["headers"]) == (
        "paula",
        {"case_id": "HUD-22-110"},
        "HUD-22-110",
        {"a": "b"},
    )


def test_an_id_is_made_where_none_is_given(console, town):
    status, told = console.ask("ada", "POST", PATH, json={"payload": {}})
    assert (status, len(town.store.trace(told["message_id"]))) == (201, 1)


def test_publishing_needs_the_right_on_every_job_that_takes_it(console, town):
    assert console.ask("vera", "POST", PATH, json={"payload": {}})[0] == 403
    assert console.ask("paula", "POST", "/topics/hud.bank.created/messages", json={"payload": {}})[0] == 403
    assert console.ask("paula", "POST", "/topics/hud.nobody.listens/messages", json={"payload": {}})[0] == 403
    assert console.ask("ada", "POST", "/topics/hud.nobody.listens/messages", json={"payload": {}})[0] == 201


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (PATH, {}),
        (PATH, {"payload": [1]}),
        (PATH, {"payload": {"n": 2**60}}),
        (PATH, {"payload": {}, "message_id": "syn:x"}),
        ("/topics/no%20topic/messages", {"payload": {}}),
    ],
)
def test_what_cannot_be_published_is_refused_without_its_values(console, town, path, body):
    status, told = console.ask("ada", "POST", path, json=body)
    assert (status, told["error"] in ("invalid_event", "invalid_request")) == (422, True)
    assert str(2**60) not in told["detail"]


TRACE, OTHER = "4bf92f3577b34da6a3ce929d0e0e4736", "11111111111111111111111111111111"


@pytest.mark.parametrize(
    ("request_header", "own", "kept"),
    [
        (TRACE, None, TRACE),
        (TRACE, OTHER, OTHER),
        (None, OTHER, OTHER),
        ("0" * 32, None, None),
        (TRACE, "0" * 32, TRACE),
    ],
)
def test_the_requests_trace_is_the_messages_unless_the_body_has_one(console, town, request_header, own, kept):
    """One that is not valid counts as none, and refuses nothing."""

    def traced(trace_id):
        return {} if trace_id is None else {"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01"}

    body = {"payload": {}, "message_id": "m1", "headers": traced(own)}
    assert console.ask("ada", "POST", PATH, json=body, headers=traced(request_header))[0] == 201
    [event] = [row for row in town.store.read("hud.court.*", after=0, limit=99) if row["message_id"] == "m1"]
    assert event["headers"] == traced(kept)
    [message] = town.store.trace("m1")
    assert message["trace_id"] == event["traceparent"][3:35] == (kept or message["trace_id"])


def test_a_key_that_stands_twice_is_refused(console, town):
    body = b'{"payload": {"case": "HUD-1", "case": "HUD-2"}, "message_id": "twice"}'
    status, told = console.ask("ada", "POST", PATH, content=body, headers={"Content-Type": "application/json"})
    assert (status, told["error"]) == (422, "invalid_event")
    assert "HUD-1" not in str(told)
    assert not [row for row in town.store.read("hud.court.*", after=0, limit=99) if row["message_id"] == "twice"]
