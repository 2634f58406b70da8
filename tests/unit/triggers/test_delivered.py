"""The trigger and its shared poll: each waiter is woken once, by its own delivery, whenever that was."""

from __future__ import annotations

import asyncio
import json

import pytest
from tests.conftest import make_job
from tests.harness.waiting import eventually
from tests.unit.flow.vendors import Scripted, drain, hearing

from hms_syn import wiring
from hms_syn.errors import StoreUnavailable
from hms_syn.flow.publish import publish
from hms_syn.store.receipts import Receipts
from hms_syn.triggers import receipt_poll
from hms_syn.triggers.delivered import Delivered

JOB = make_job()
SOON = 10.0


@pytest.fixture
def store(store_url, monkeypatch):
    """The queue as a triggerer finds it, with one job."""
    connection = json.dumps({"conn_type": "generic", "extra": {"url": store_url}})
    monkeypatch.setenv("AIRFLOW_CONN_HMS_SYN_DB", connection)
    monkeypatch.setenv("AIRFLOW__HMS_SYN__POLL", "20ms")
    opened = wiring.open_store(store_url)
    opened.create()
    opened.register(JOB)
    yield opened
    opened.close()


@pytest.fixture
def looks(monkeypatch):
    """Count the questions asked, each with how many it was asked for."""
    asked, of = [], Receipts.of
    monkeypatch.setattr(Receipts, "of", lambda self, waits: (asked.append(len(waits)), of(self, waits))[1])
    return asked


def deliver(store, *numbers):
    publish(store, [hearing(number) for number in numbers])
    drain(store, JOB, Scripted())[0].run()


def waiter(number):
    """Wait for one message as the triggerer does: every event a trigger fires, until it ends."""

    async def fired():
        return [event.payload["message_id"] async for event in Delivered(job="court", message_id=f"m{number}").run()]

    return asyncio.ensure_future(fired())


def test_what_airflow_stores_makes_the_same_trigger_again():
    trigger = Delivered(job="court", ordering_key="K", since=3.5, past_dead_letter=True)
    path, kwargs = trigger.serialize()
    assert path == f"{Delivered.__module__}.{Delivered.__qualname__}"
    assert Delivered(**json.loads(json.dumps(kwargs))).wait == trigger.wait


def test_twenty_waiters_share_one_look_and_each_is_woken_once_by_its_own(store, looks):
    """Half are delivered: those ten fire once each, the other ten wait on; the poll ends with the last waiter."""

    async def story():
        waiters = [waiter(number) for number in range(20)]
        await asyncio.to_thread(eventually, lambda: 20 in looks)
        await asyncio.to_thread(deliver, store, *range(10))
        fired = await asyncio.wait_for(asyncio.gather(*waiters[:10]), SOON)
        assert fired == [[f"m{number}"] for number in range(10)]
        assert not any(one.done() for one in waiters[10:])
        await asyncio.to_thread(deliver, store, *range(10, 20))
        await asyncio.wait_for(asyncio.gather(*waiters[10:]), SOON)
        poll = receipt_poll.shared_poll()
        await asyncio.to_thread(eventually, lambda: poll._task is None)
        ended = len(looks)
        await asyncio.sleep(0.1)
        assert len(looks) == ended

    asyncio.run(story())


def test_what_was_delivered_before_anybody_waited_fires_at_the_first_look(store, looks):
    deliver(store, 1)

    async def story():
        return await asyncio.wait_for(waiter(1), SOON)

    assert asyncio.run(story()) == ["m1"]
    assert looks == [1]


def test_a_waiter_that_is_armed_again_after_a_restart_fires_once(store):
    """The triggerer dies while it waits and while the message is delivered; the next one asks anew."""

    async def dies():
        waiting = waiter(1)
        await asyncio.sleep(0.1)
        assert not waiting.done()

    async def lives():
        return await asyncio.wait_for(waiter(1), SOON)

    asyncio.run(dies())
    deliver(store, 1)
    assert asyncio.run(lives()) == ["m1"]


def test_a_database_that_is_away_for_a_while_wakes_nobody_wrongly(store, monkeypatch, caplog):
    """Nobody fails, nobody is woken; when it answers again the wait goes on."""
    monkeypatch.setattr(receipt_poll, "AFTER_AN_ERROR", 0.05)
    of, away = Receipts.of, [True] * 3

    def sometimes(self, waits):
        if away:
            away.pop()
            raise StoreUnavailable
        return of(self, waits)

    monkeypatch.setattr(Receipts, "of", sometimes)
    deliver(store, 1)

    async def story():
        return await asyncio.wait_for(waiter(1), SOON)

    assert asyncio.run(story()) == ["m1"]
    assert caplog.text.count("cannot read the queue (store_unavailable)") == 3


def test_a_fault_of_ours_fails_those_who_wait_instead_of_keeping_them(store, monkeypatch):
    def broken(self, waits):
        raise TypeError("a fault")

    monkeypatch.setattr(Receipts, "of", broken)

    async def story():
        with pytest.raises(TypeError, match="a fault"):
            await asyncio.wait_for(waiter(1), SOON)

    asyncio.run(story())
