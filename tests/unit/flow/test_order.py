"""Order through everything: lines in parallel, blocked lines, another ordering key, another endpoint."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest
from tests.conftest import make_job
from tests.unit.flow.vendors import Scripted, drain, hearing, state

from hms_syn import errors
from hms_syn.domain.ack import Ack
from hms_syn.domain.job_spec import Push
from hms_syn.flow.publish import publish
from hms_syn.flow.push import Drain
from hms_syn.ports import Act
from hms_syn.store.desk import Desk
from hms_syn.store.set_aside import Wanted

ACT = Act(actor="paula", reason="the court called")


class Crowd:
    """A vendor that counts how many of its callers are there at once, and how many of one key."""

    idempotent, finds = True, False

    def __init__(self, expected=1):
        self.lock = threading.Lock()
        self.expected, self.together = expected, threading.Event()
        self.now, self.most, self.both, self.order = [], 0, [], []

    def send(self, message):
        key = message.payload["case_id"]
        with self.lock:
            if key in self.now:
                self.both.append(key)
            self.now.append(key)
            self.most = max(self.most, len(self.now))
            self.order.append(message.message_id)
            if self.most >= self.expected:
                self.together.set()
        self.together.wait(5)  # however slow the machine is, the first waits for the others
        time.sleep(0.03)  # and a fourth that may not come has its chance
        with self.lock:
            self.now.remove(key)
        return Ack(reference=message.message_id)

    def close(self):
        pass


def test_as_many_keys_as_declared_are_in_flight_and_each_key_is_serial(store):
    """With ``concurrency: 3`` three cases go out side by side, never two messages of one case."""
    job = make_job(push=Push(ordering_key="case_id", concurrency=3))
    store.register(job)
    publish(store, [hearing(key, message_id=f"k{key}-{n}") for n in range(3) for key in range(5)])
    vendor = Crowd(expected=3)
    assert Drain(job=job, store=store, adapter=vendor, owner="w", another=lambda: vendor).run() == 15
    assert (vendor.most, vendor.both) == (3, [])
    for key in range(5):
        assert [one for one in vendor.order if one.startswith(f"k{key}-")] == [f"k{key}-{n}" for n in range(3)]


def test_two_workers_together_take_no_more_lanes_than_the_job_may(store):
    """The limit is the job's and not each worker's."""
    job = make_job(push=Push(ordering_key="case_id", concurrency=2))
    store.register(job)
    publish(store, [hearing(number) for number in range(5)])
    held = [store.pop(job, owner=f"w{number}") for number in range(4)]
    assert [claim is not None for claim in held] == [True, True, False, False]


def test_a_worker_that_fails_ends_the_others_after_their_message(store):
    """What one thread meets is raised to whoever runs the drain, and no message is left half done."""
    job = make_job(push=Push(ordering_key="case_id", concurrency=3))
    store.register(job)
    publish(store, [hearing(number) for number in range(6)])
    vendor = Scripted(KeyboardInterrupt())
    vendor.close = lambda: None
    with pytest.raises(KeyboardInterrupt):
        Drain(job=job, store=store, adapter=vendor, owner="w", another=Crowd).run()
    states = [state(store, f"m{number}") for number in range(6)]
    assert states.count("in_flight") == 1


@pytest.fixture
def blocked(store):
    """A job whose refused head holds its line."""
    job = make_job(on_refused="block")
    store.register(job)
    publish(store, [hearing(1), hearing(2)])
    worker, reports = drain(store, job, Scripted(errors.VendorRefused(code="http_422")))
    worker.run()
    assert [report.held for report in reports] == [True]
    return job


def test_a_refused_message_blocks_its_line_where_the_job_says_so(store, blocked):
    """F31: nothing overtakes it, it has no due time, and the status says why nothing moves."""
    assert (state(store), state(store, "m2")) == ("pending", "pending")
    assert (store.next_due(blocked.id), store.ring()) == (None, [])
    assert "http_422 at attempt 1 blocks its line" in store.status()[0]["why"]


def test_a_blocked_message_goes_first_when_it_is_replayed(store, blocked):
    """F31: the officer's replay opens the line; order is kept."""
    assert Desk(store).replay("m1", ACT) == [blocked.id]
    vendor = Scripted()
    drain(store, blocked, vendor)[0].run()
    assert vendor.order == ["m1", "m2"]


def test_a_blocked_message_that_is_discarded_opens_its_line(store, blocked):
    """F31: the other way out."""
    Desk(store).discard("m1", ACT)
    vendor = Scripted()
    drain(store, blocked, vendor)[0].run()
    assert vendor.order == ["m2"]


def test_an_edit_of_the_endpoint_redirects_nothing_that_waits(store, job):
    """F34: what was accepted for one vendor is not sent to another unless an officer says so."""
    store.register(job)
    publish(store, [hearing(1)])
    moved = replace(job, target_endpoint="https://elsewhere.example.gov/")
    store.register(moved)
    publish(store, [hearing(2)])
    vendor = Scripted()
    worker, reports = drain(store, moved, vendor)
    worker.run()
    assert (vendor.sent, reports[0].code) == ([], "endpoint_changed")
    assert "was accepted for another target_endpoint" in store.status()[0]["why"]
    Desk(store).replay("m1", ACT)
    worker.run()
    assert vendor.order == ["m1", "m2"]


def test_all_that_waits_for_the_endpoint_of_before_is_replayed_together(store, job):
    """F34: an officer need not name each of three hundred messages; those accepted since are left alone."""
    store.register(job)
    publish(store, [hearing(1), hearing(2), hearing(3)])
    moved = replace(job, target_endpoint="https://elsewhere.example.gov/")
    store.register(moved)
    publish(store, [hearing(4)])
    desk = Desk(store)
    waiting = desk.set_aside(Wanted(job=job.id, code="endpoint_changed"))
    assert waiting == ["m1", "m2", "m3"]
    assert desk.set_aside(Wanted(job=job.id, code="endpoint_changed", since=4e9)) == []
    for message_id in waiting:
        desk.replay(message_id, ACT)
    assert desk.set_aside(Wanted(job=job.id, code="endpoint_changed")) == []
    vendor = Scripted()
    drain(store, moved, vendor)[0].run()
    assert vendor.order == ["m1", "m2", "m3", "m4"]


def test_the_old_endpoint_put_back_goes_on_by_itself_once_replayed(store, job):
    """F34: an edit that is taken back loses nothing."""
    store.register(job)
    publish(store, [hearing(1)])
    moved = replace(job, target_endpoint="https://elsewhere.example.gov/")
    store.register(moved)
    store.register(job)
    vendor = Scripted()
    drain(store, job, vendor)[0].run()
    assert vendor.order == ["m1"]


def test_another_ordering_key_does_not_let_a_later_message_overtake(store, job):
    """F34: lines of the old rule are emptied before those of the new one are begun."""
    store.register(job)
    publish(store, [hearing(1, message_id="old1"), hearing(2, message_id="old2")])
    keyed = replace(job, push=Push(ordering_key="case_id", concurrency=2))
    store.register(keyed)
    publish(store, [hearing(2, message_id="new2")])
    first = store.pop(keyed, owner="w1")
    assert [delivery.message_id for delivery in first.deliveries] == ["old1", "old2"]
    assert store.pop(keyed, owner="w2") is None
    store.release(first)
    store.take_drain(job.id, owner="w1", seconds=0)
    vendor = Scripted()
    worker, _ = drain(store, keyed, vendor)
    worker.run()
    assert vendor.order == ["old1", "old2", "new2"]


def test_a_rule_that_comes_back_does_not_join_the_lines_of_its_first_time(store, job):
    """F34: A, then B, then A again: what was accepted under B goes before what the second A accepts."""
    by_case = replace(job, push=Push(ordering_key="case_id", concurrency=2))
    for message_id, rule in (("a1", by_case), ("b1", job), ("a2", by_case)):
        store.register(rule)
        publish(store, [hearing(1, message_id=message_id)])
    assert store.pop(by_case, owner="w").settled == 0
    store.take_drain(job.id, owner="w", seconds=0)
    vendor = Scripted()
    drain(store, by_case, vendor)[0].run()
    assert vendor.order == ["a1", "b1", "a2"]


def test_a_job_that_is_gone_keeps_its_rows(store, job):
    """F34: a deleted or disabled job's messages stay where they are, and are shown."""
    store.register(job)
    publish(store, [hearing(1)])
    store.register(replace(job, enabled=False))
    assert (state(store), store.ring()) == ("pending", [])
    assert store.status()[0]["why"] == "switched off in its file"


def test_an_event_committed_late_under_a_lower_number_is_not_skipped(store, job):
    """A publisher that commits after another that began later: its message goes out, though the line has gone on."""
    store.register(job)
    publish(store, [hearing(number) for number in range(1, 4)])
    with store.engine.begin() as connection:  # as if m1 had not been committed yet when the others were sent
        connection.exec_driver_sql("UPDATE hms_syn_delivery SET ordering_key = 'late' WHERE message_id = 'm1'")
    drain(store, job, Scripted())[0].run()
    publish(store, [hearing(4)])
    claim = store.pop(job, owner="w")
    store.release(claim)
    with store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE hms_syn_delivery SET ordering_key = '' WHERE message_id = 'm1'")
        connection.exec_driver_sql("UPDATE hms_syn_lane SET acked = 3")
    vendor = Scripted()
    worker, _ = drain(store, job, vendor)
    worker.run()
    assert sorted(vendor.order) == ["m1", "m4"]


def test_the_watermark_is_not_trusted_for_ever(store, job):
    """A line that never runs empty still looks back now and then, and finds what was committed late."""
    one = replace(job, push=Push(batch_size=1))
    store.register(one)
    publish(store, [hearing(number) for number in range(1, 31)])
    with store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE hms_syn_delivery SET ordering_key = 'late' WHERE message_id = 'm1'")
    vendor = Scripted()

    def comes_late():
        with store.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE hms_syn_delivery SET ordering_key = '' WHERE message_id = 'm1'")
        return Ack(reference="R")

    vendor.script = [Ack(reference="R"), comes_late]
    drain(store, one, vendor, stop=lambda: len(vendor.sent) >= 25)[0].run()
    assert "m1" in vendor.order
