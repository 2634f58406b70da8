"""The sensor itself: what it may be told, what it returns, and how it fails."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, TaskDeferred
from tests.conftest import make_job
from tests.unit.flow.vendors import TOPIC, Scripted, drain

from hms_syn import wiring
from hms_syn.domain.ack import Ack
from hms_syn.domain.topic_event import new_event
from hms_syn.errors import StoreUnavailable, VendorRefused
from hms_syn.flow.publish import publish
from hms_syn.sensors import DeliveredSensor
from hms_syn.store.receipts import Receipts

JOB = make_job()


@pytest.fixture
def store(tmp_path, monkeypatch):
    """The queue as a task finds it, with one job."""
    url = f"sqlite:///{tmp_path}/queue.db"
    monkeypatch.setenv("AIRFLOW_CONN_HMS_SYN_DB", json.dumps({"conn_type": "generic", "extra": {"url": url}}))
    opened = wiring.open_store(url)
    opened.create()
    opened.register(JOB)
    yield opened
    opened.close()


def put(store, message_id, key=None):
    publish(store, [new_event(TOPIC, {"case_id": "HUD-1"}, agency="hud", message_id=message_id, ordering_key=key)])


def deliver(store, *script):
    drain(store, JOB, Scripted(*script))[0].run()


def sensor(**kwargs):
    return DeliveredSensor(task_id="wait", job="court", **kwargs)


def deferred(wanted):
    """Return what a sensor that has nothing yet leaves with the triggerer."""
    with pytest.raises(TaskDeferred) as left:
        wanted.execute({})
    return left.value.trigger.serialize()[1]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "either message_id or ordering_key"),
        ({"message_id": "m", "ordering_key": "k"}, "either message_id or ordering_key"),
        ({"message_id": "m", "since": "2024-09-02T00:00:00Z"}, "since belongs to ordering_key"),
        ({"message_id": "m", "on_dead_letter": "cry"}, "'fail' or 'wait'"),
    ],
)
def test_what_makes_no_sense_is_refused_when_the_dag_is_read(given, said):
    with pytest.raises(ValueError, match=said):
        sensor(**given)


def test_a_moment_needs_an_offset(store):
    with pytest.raises(ValueError, match="needs an offset"):
        sensor(ordering_key="K", since="2024-09-02T10:00:00").execute({})
    seen = [deferred(sensor(ordering_key="K", since=since))["since"] for since in ("2024-09-02T10:00:00Z", None)]
    assert seen == [datetime(2024, 9, 2, 10, tzinfo=timezone.utc).timestamp(), 0.0]


@pytest.mark.parametrize("deferrable", [True, False])
def test_a_receipt_that_is_there_is_returned_at_once(store, deferrable):
    put(store, "m1")
    deliver(store, Ack(reference="C-1"))
    receipt = sensor(message_id="m1", deferrable=deferrable).execute({})
    assert (receipt["message_id"], receipt["reference"], receipt["attempts"]) == ("m1", "C-1", 1)
    assert "HUD-1" not in json.dumps(receipt)


def test_a_key_becomes_one_message_when_the_wait_begins(store):
    """What comes later under the same key does not make the wait longer."""
    put(store, "m1", key="K")
    put(store, "m2", key="K")
    wanted = sensor(ordering_key="K")
    assert deferred(wanted)["message_id"] == "m2"
    put(store, "m3", key="K")
    assert deferred(wanted)["message_id"] == "m2"
    assert deferred(sensor(ordering_key="nobody's"))["ordering_key"] == "nobody's"


@pytest.mark.parametrize(
    ("options", "error"), [({}, AirflowFailException), ({"soft_fail": True}, AirflowSkipException)]
)
@pytest.mark.parametrize("deferrable", [True, False])
def test_a_message_set_aside_fails_the_wait_at_once(store, options, error, deferrable):
    put(store, "m1")
    deliver(store, VendorRefused("no", code="soap_fault"))
    with pytest.raises(error, match=r"m1 at court: dead_letter soap_fault\. It was set aside: mend"):
        sensor(message_id="m1", deferrable=deferrable, **options).execute({})


def test_who_wants_to_waits_for_an_officer(store):
    put(store, "m1")
    deliver(store, VendorRefused("no"))
    assert deferred(sensor(message_id="m1", on_dead_letter="wait"))["past_dead_letter"] is True


def test_a_database_that_is_away_fails_no_wait_for_an_id(store, monkeypatch):
    """By id it waits on; by key it cannot know yet what it waits for, so Airflow's next try begins again."""

    def away(self, *_):
        raise StoreUnavailable

    monkeypatch.setattr(Receipts, "of", away)
    monkeypatch.setattr(Receipts, "newest", away)
    assert deferred(sensor(message_id="m1"))["message_id"] == "m1"
    assert not sensor(message_id="m1", deferrable=False).poke({})
    with pytest.raises(StoreUnavailable, match="when the wait began"):
        sensor(ordering_key="K").execute({})
