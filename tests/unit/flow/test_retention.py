"""Retention: whose term counts, in which order, and that nobody looks at the same twice."""

from __future__ import annotations

import contextlib

import pytest
from sqlalchemy import text
from tests.conftest import make_job

from hms_syn.adapters.in_memory_v1 import InMemoryV1
from hms_syn.domain.topic_event import new_event
from hms_syn.flow import retention
from hms_syn.flow.publish import publish
from hms_syn.flow.push import Drain
from hms_syn.ports import Act
from hms_syn.store.desk import Desk
from hms_syn.store.expiry import Expiry
from hms_syn.store.sql_store import SqlStore

DAY = 86400.0
START = 1_900_000_000.0


class World:
    """A store with a clock of its own."""

    def __init__(self, url):
        self.now = START
        self.store = SqlStore(url, clock=lambda: self.now)
        self.store.create()

    def publish(self, message_id, agency="hud", topic="hud.hearing.created"):
        publish(self.store, [new_event(topic, {"case_id": message_id}, agency=agency, message_id=message_id)])

    def deliver(self, job):
        return Drain(job=job, store=self.store, adapter=InMemoryV1(job, None, self.store), owner="w").run()

    def erased(self):
        with self.store.engine.connect() as connection:
            found = "SELECT message_id FROM hms_syn_event WHERE erased_at IS NOT NULL ORDER BY seq"
            return list(connection.execute(text(found)).scalars())


@pytest.fixture
def world(tmp_path):
    made = World(f"sqlite:///{tmp_path}/queue.db")
    with contextlib.closing(made.store):
        yield made


def jobs_of(world, **terms):
    jobs = [make_job(name, retention=term) for name, term in terms.items()]
    for job in jobs:
        world.store.register(job)
    return jobs


def test_a_payload_is_erased_when_its_term_is_over_and_not_a_moment_before(world):
    jobs = jobs_of(world, court=30 * DAY)
    world.publish("m1")
    world.deliver(jobs[0])
    world.now += 30 * DAY - 1
    assert retention.apply(Expiry(world.store, jobs)) == 0
    world.now += 2
    assert retention.apply(Expiry(world.store, jobs)) == 1
    assert world.erased() == ["m1"]
    last = world.store.trace("m1")[0]["hops"][-1]
    assert (last["event"], last["actor"]) == ("erased", "hms-syn retention")
    assert last["detail"] == {"reason": "retention.payload of court is over"}


def test_without_a_term_payloads_are_kept_for_ever(world):
    jobs = jobs_of(world, court=None)
    world.publish("m1")
    world.deliver(jobs[0])
    world.now += 10_000 * DAY
    assert retention.apply(Expiry(world.store, jobs)) == 0


@pytest.mark.parametrize("first", [0, 1])
def test_the_longest_term_of_the_jobs_that_have_it_counts(world, first):
    jobs = jobs_of(world, court=1 * DAY, hospital=30 * DAY)
    world.publish("m1")
    for job in jobs if first == 0 else jobs[::-1]:
        world.deliver(job)
        world.now += 1
    world.now += 2 * DAY
    assert retention.apply(Expiry(world.store, jobs)) == 0
    world.now += 29 * DAY
    assert retention.apply(Expiry(world.store, jobs)) == 1


def test_what_another_job_keeps_for_ever_or_nobody_knows_is_kept(world):
    jobs = jobs_of(world, court=1 * DAY, hospital=None)
    world.publish("m1")
    for job in jobs:
        world.deliver(job)
    world.now += 100 * DAY
    assert retention.apply(Expiry(world.store, jobs)) == 0
    assert retention.apply(Expiry(world.store, jobs[:1])) == 0


def test_a_term_that_a_job_is_given_later_reaches_what_it_had_before(world):
    jobs = jobs_of(world, court=1 * DAY, hospital=None)
    world.publish("m1")
    for job in jobs:
        world.deliver(job)
    world.now += 100 * DAY
    assert retention.apply(Expiry(world.store, jobs)) == 0
    assert retention.apply(Expiry(world.store, [jobs[0], make_job("hospital", retention=2 * DAY)])) == 1


def test_what_is_open_or_set_aside_is_kept_and_erased_once_it_was_ended(world):
    jobs = jobs_of(world, court=1 * DAY, hospital=1 * DAY)
    world.publish("open")
    world.deliver(jobs[0])
    world.now += 2 * DAY
    assert retention.apply(Expiry(world.store, jobs)) == 0
    world.deliver(jobs[1])
    with world.store.engine.begin() as connection:
        connection.execute(text("UPDATE hms_syn_settled SET state = 'dead_letter' WHERE job = 'hospital'"))
    world.now += 2 * DAY
    assert retention.apply(Expiry(world.store, jobs)) == 0
    Desk(world.store).discard("open", Act(actor="zoe", reason="not wanted"))
    assert retention.apply(Expiry(world.store, jobs)) == 0
    world.now += 2 * DAY
    assert retention.apply(Expiry(world.store, jobs)) == 1


def test_what_a_job_pulled_has_its_term_too_whether_or_not_another_takes_it(world):
    jobs = jobs_of(world, court=10 * DAY)
    taker = make_job("archive", source_topics=("syn.court.pulled",), retention=1 * DAY)
    world.publish("court:1", agency="court", topic="syn.court.pulled")
    world.store.register(taker)
    world.now += 60
    world.publish("court:2", agency="court", topic="syn.court.pulled")
    world.publish("foreign", topic="syn.court.pulled")
    world.deliver(taker)
    world.now += 2 * DAY
    everyone = [*jobs, taker]
    assert retention.expired(Expiry(world.store, everyone)) == ["foreign"]
    assert retention.apply(Expiry(world.store, everyone)) == 1
    world.now += 10 * DAY
    assert retention.apply(Expiry(world.store, everyone)) == 2
    assert world.erased() == ["court:1", "court:2", "foreign"]


def test_each_closed_message_is_looked_at_once_and_the_next_call_goes_on(world):
    jobs = jobs_of(world, court=1 * DAY, hospital=None)
    for n in range(7):
        world.publish(f"m{n}")
    for job in jobs:
        world.deliver(job)
    world.now += 3 * DAY
    expiry = Expiry(world.store, jobs)
    assert [expiry.erase(jobs[0], None, limit=3).looked for _ in range(4)] == [3, 3, 1, 0]


def test_a_limit_ends_a_call_and_the_next_one_does_the_rest(world):
    jobs = jobs_of(world, court=1 * DAY)
    for n in range(5):
        world.publish(f"m{n}")
    world.deliver(jobs[0])
    world.now += 3 * DAY
    assert [retention.apply(Expiry(world.store, jobs), limit=2) for _ in range(4)] == [2, 2, 1, 0]


def test_a_dry_run_names_them_and_changes_nothing(world):
    jobs = jobs_of(world, court=1 * DAY)
    for n in range(3):
        world.publish(f"m{n}")
    world.deliver(jobs[0])
    world.now += 3 * DAY
    for _ in range(2):
        assert retention.expired(Expiry(world.store, jobs)) == ["m0", "m1", "m2"]
    assert world.erased() == []


def test_a_term_of_a_second_does_not_pass_over_what_is_committed_late(world):
    """What is younger than a transaction may last is looked at again at the next call."""
    jobs = jobs_of(world, court=1.0)
    world.publish("m1")
    world.deliver(jobs[0])
    world.now += 5
    assert retention.apply(Expiry(world.store, jobs)) == 1
    with world.store.engine.connect() as connection:
        at = connection.execute(text("SELECT retained_at FROM hms_syn_job WHERE job = 'court'")).scalar()
    assert at == 0
    world.publish("m2")
    world.now += 100
    world.deliver(jobs[0])
    world.now += 100
    assert retention.apply(Expiry(world.store, jobs)) == 1
