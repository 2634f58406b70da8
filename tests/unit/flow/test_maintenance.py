"""In a maintenance window nothing is sent; after it one message goes first, and the others when it was accepted."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from tests.conftest import make_job
from tests.unit.flow.vendors import Scripted, drain, hearing, state

from hms_syn import errors
from hms_syn.domain.ack import Ack
from hms_syn.domain.job_spec import Breaker, Push, Retry
from hms_syn.domain.maintenance import Window
from hms_syn.flow.hand_off import announcement
from hms_syn.flow.publish import planned, publish
from hms_syn.store.sql_store import SqlStore
from hms_syn.store.watch import Watch

KEYED = Push(ordering_key="case_id", concurrency=4, breaker=Breaker(after=3, open_for=0.2))
SUNDAYS = Window(opens="Sun 02:00", closes="Sun 04:00", timezone="America/New_York")
BEFORE = datetime(2026, 7, 5, 5, 59, tzinfo=timezone.utc).timestamp()
HOUR = 3600


def now_and(minutes):
    """Return a window that is open now, and for so many minutes more."""
    now = datetime.now(tz=timezone.utc)
    return Window(opens=f"{now - timedelta(hours=1):%H:%M}", closes=f"{now + timedelta(minutes=minutes):%H:%M}")


@pytest.fixture
def held(store):
    """A job in maintenance, with a line for each of six cases that wait."""
    job = make_job(push=KEYED, retry=Retry(initial_delay=0.05, jitter=0), maintenance=(now_and(90),))
    store.register(job)
    publish(store, [hearing(number) for number in range(1, 7)])
    return job


def over(store, job):
    """Return the job after its maintenance, as an edit of its file ends it."""
    done = replace(job, maintenance=())
    store.register(done)
    return done


def test_in_a_window_nothing_is_taken_and_no_bell_rings(store, held):
    """Publishing goes on, what waits is counted, and the reason nothing moves is the maintenance."""
    vendor = Scripted()
    assert drain(store, held, vendor)[0].run() == 0
    assert vendor.sent == []
    assert store.ring() == []
    assert store.is_paused(held.id)
    row = store.status()[0]
    assert (row["waiting"], row["paused"]) == (6, False)
    assert row["why"] == f"maintenance until {row['maintenance_until'][:16].replace('T', ' ')} UTC"
    assert row["cause"] == "maintenance"


def test_a_job_without_a_window_goes_on_beside_it(store, held):
    """A window holds its own job."""
    other = make_job("other")
    store.register(other)
    publish(store, [hearing(7)])
    assert store.ring() == ["other"]
    assert drain(store, other, Scripted())[0].run() == 1


def test_what_waits_is_due_when_the_window_ends(store, held):
    """Whoever runs the job knows how long there is nothing to do."""
    assert 80 * 60 < store.next_due(held.id) <= 90 * 60


def test_a_window_that_begins_in_the_middle_lets_only_the_one_in_flight_settle(store):
    """The rest of a worker's messages stays in the queue."""
    job = make_job()
    store.register(job)
    publish(store, [hearing(number) for number in range(1, 4)])

    def answers_when_it_has_begun():
        store.register(replace(job, maintenance=(now_and(90),)))
        return Ack(reference="R-1")

    worker, _ = drain(store, job, Scripted(answers_when_it_has_begun), stop=lambda: store.is_paused(job.id))
    assert worker.run() == 1
    assert [state(store, message) for message in ("m1", "m2", "m3")] == ["delivered", "pending", "pending"]


def test_after_the_window_one_message_goes_first(store, held):
    """While it is under way no other worker takes anything; when it is accepted the rest goes out."""
    drain(store, held, Scripted())[0].run()
    job = over(store, held)
    canary = store.pop(job, owner="w1")
    assert (canary.probing, len(canary.deliveries)) == (True, 1)
    assert store.pop(job, owner="w2") is None
    done = announcement(canary.deliveries[0], "delivered")
    planned(store, [done], lambda version, routed: store.ack(
        canary, canary.deliveries[0], canary.attempt, Ack(reference="R-1"), tell=(version, routed[0]), then=None
    ))  # fmt: skip
    assert drain(store, job, Scripted())[0].run() == 5


def test_a_first_message_that_fails_leaves_the_vendor_alone(store, held):
    """The breaker counts it as a failed probe: the others wait for the next one."""
    drain(store, held, Scripted())[0].run()
    job = over(store, held)
    vendor = Scripted(errors.NotSent(code="connect"))
    assert drain(store, job, vendor)[0].run() == 0
    assert len(vendor.sent) == 1
    assert "the vendor is left alone after 4 failure(s)" in store.status()[0]["why"]


def test_a_job_that_had_nothing_to_send_in_its_window_sends_one_message_first_too(store):
    """Whoever looks at all jobs notes the window, also where no worker came."""
    job = make_job(push=KEYED, maintenance=(now_and(90),))
    store.register(job)
    Watch(store).note_maintenance()
    job = over(store, job)
    publish(store, [hearing(1), hearing(2)])
    assert store.pop(job, owner="w1").probing
    assert store.pop(job, owner="w2") is None


def test_the_stores_own_clock_opens_and_closes_a_window(tmp_path):
    """Nobody switches anything: the messages that were published meanwhile go out by themselves."""
    clock = [BEFORE]
    with contextlib.closing(SqlStore(f"sqlite:///{tmp_path}/queue.db", clock=lambda: clock[0])) as store:
        store.create()
        job = make_job(maintenance=(SUNDAYS,))
        store.register(job)
        publish(store, [hearing(1)])
        assert drain(store, job, Scripted())[0].run() == 1
        clock[0] += 120
        publish(store, [hearing(2), hearing(3)])
        assert drain(store, job, Scripted())[0].run() == 0
        assert (store.ring(), Watch(store).maintenance_until(job.id)) == ([], "2026-07-05 08:00 UTC")
        clock[0] += 2 * HOUR
        assert (store.ring(), Watch(store).maintenance_until(job.id)) == ([job.id], None)
        vendor = Scripted()
        assert drain(store, job, vendor)[0].run() == 2
        clock[0] += 7 * 24 * HOUR - 2 * HOUR
        assert store.status()[0]["why"] == "maintenance until 2026-07-12 08:00 UTC"
