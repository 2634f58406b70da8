"""Rounds at real pretend vendors that are stopped and started, and at vendors of a script."""

from __future__ import annotations

import threading
import time
from contextlib import closing

import pytest
from tests.conftest import make_job
from tests.harness.courts import court
from tests.harness.waiting import eventually
from tests.unit.flow.vendors import hearing, state

from hms_syn import wiring
from hms_syn.domain.job_spec import Breaker, Heartbeat, Push, Retry
from hms_syn.errors import NeedsOfficer, NotSent, StoreUnavailable
from hms_syn.flow.publish import publish
from hms_syn.flow.push import Drain
from hms_syn.flow.rounds import Rounds
from hms_syn.store.vendor_board import VendorBoard

QUICK = Heartbeat(interval=0.2, timeout=1.0)


class Scripted:
    """Answers pings as its script says, then well."""

    def __init__(self, *script):
        self.script, self.closed, self.asked = list(script), 0, 0

    def ping(self):
        self.asked += 1
        word = self.script.pop(0) if self.script else None
        if callable(word):
            word = word()
        if word is not None:
            raise word

    def close(self):
        self.closed += 1


def rounds(store, adapter, **changes):
    """Rounds of this one adapter for every job."""
    made = {"make_adapter": lambda _job: adapter, "certificate_end": lambda _job, _timeout: None, **changes}
    return Rounds(board=VendorBoard(store), **made)


def known(store, **changes):
    """A job that is known, with a quick heartbeat."""
    job = make_job(**{"heartbeat": QUICK, **changes})
    store.register(job)
    return job


def turned(heart, until, *, within=20.0):
    """Turn the rounds until something has come about, and return all changes."""
    changes, deadline = [], time.monotonic() + within
    while not until(changes):
        assert time.monotonic() < deadline, f"not within {within} s; {changes}"
        changes += heart.turn()
        time.sleep(0.02)
    return changes


def vendor(store):
    return store.status()[0]["vendor"]


def test_a_court_that_closes_and_opens_again_is_told_twice_and_gets_what_waited(sql_store, tmp_path):
    """F26: stopped, offline after three pings; started, online, and the message goes out without a click."""
    with court(tmp_path) as building:
        job = known(
            sql_store,
            push_adapter="oracle.soap.v1",
            pull=None,
            pull_adapter=None,
            target_endpoint=building.endpoint,
            allow_private=("127.0.0.0/8",),
            retry=Retry(initial_delay=900, jitter=0),
        )
        with (
            closing(wiring.rounds(sql_store)) as heart,
            closing(wiring.push_adapter(job, sql_store)) as adapter,
        ):
            heart.watch([job], at_once=True)
            turned(heart, lambda _: vendor(sql_store)["state"] == "online")
            building.stop()
            [outage] = turned(heart, bool)
            assert (outage.state.value, outage.code, vendor(sql_store)["strikes"]) == ("offline", "connect", 3)
            publish(sql_store, [hearing(date="2024-09-02")])
            drain = Drain(job=job, store=sql_store, adapter=adapter, owner="w")
            assert drain.run() == 0
            building.start()
            [back] = turned(heart, bool)
            assert back.state.value == "online"
            assert drain.run() == 1
            assert (state(sql_store), building.cases()) == ("delivered", ["HUD-1"])
    assert [event["topic"] for event in sql_store.read("syn.vendor.*", after=0, limit=9)] == [
        "syn.vendor.offline",
        "syn.vendor.online",
    ]


def test_every_vendor_is_pinged_at_its_own_interval(sql_store):
    """One at 0.2 s is asked about five times as often as one at 1 s."""
    often, rarely = Scripted(), Scripted()
    jobs = [known(sql_store, job_id="a"), known(sql_store, job_id="b", heartbeat=Heartbeat(interval=1.0))]
    heart = rounds(sql_store, None, make_adapter=lambda job: often if job.id == "a" else rarely)
    heart.watch(jobs)
    turned(heart, lambda _: rarely.asked == 2)
    assert often.asked >= 4


def test_a_silent_vendor_holds_up_no_other(sql_store):
    """A ping that never ends counts as a failure each time it is due; others go on."""
    never = threading.Event()
    stuck, well = Scripted(*[never.wait] * 9), Scripted()
    slow = known(sql_store, job_id="a", heartbeat=Heartbeat(interval=0.2, timeout=0.1))
    quick = known(sql_store, job_id="b")
    heart = rounds(sql_store, None, make_adapter=lambda job: stuck if job.id == "a" else well)
    heart.watch([slow, quick])
    [outage] = turned(heart, bool)
    never.set()
    assert (outage.endpoint, outage.code, stuck.asked) == (slow.target_endpoint, "timeout", 1)
    assert well.asked >= 3


def test_a_slow_answer_is_no_failure(sql_store):
    """A ping may take longer than the interval: what is due meanwhile is let go."""
    answers = threading.Event()
    slow = Scripted(lambda: answers.wait() and None)
    heart = rounds(sql_store, slow)
    heart.watch([known(sql_store, heartbeat=Heartbeat(interval=0.1, timeout=5.0))])
    started = time.monotonic()
    turned(heart, lambda _: slow.asked and time.monotonic() - started > 1)
    answers.set()
    turned(heart, lambda _: vendor(sql_store)["state"] == "online")
    assert vendor(sql_store)["strikes"] == 0


def test_a_finding_waits_for_the_database(sql_store):
    """While the store is away nothing is forgotten: all strikes are stored in their order when it is back."""

    class Away(VendorBoard):
        def note(self, pings, news):
            if away.is_set():
                raise StoreUnavailable
            return super().note(pings, news)

    away = threading.Event()
    vendor_ = Scripted(*[NotSent(code="connect")] * 3)
    heart = rounds(sql_store, vendor_)
    heart.board = Away(sql_store)
    job = known(sql_store)
    heart.watch([job])
    away.set()

    def turn_anyway():
        with pytest.raises(StoreUnavailable):
            turned(heart, lambda _: False, within=2)
        heart._begin()
        return vendor_.asked == 3

    eventually(turn_anyway)
    away.clear()
    [outage] = turned(heart, bool)
    assert (outage.state.value, vendor(sql_store)["strikes"]) == ("offline", 3)


def test_an_adapter_is_kept_between_pings_and_made_anew_for_an_edited_job(sql_store):
    """A connection may stay open; a changed file is another job."""
    made = []

    def make(job):
        made.append(job)
        return Scripted()

    job = known(sql_store)
    heart = rounds(sql_store, None, make_adapter=make)
    heart.watch([job])
    turned(heart, lambda _: len(made) == 1 and not heart._under_way)
    first = heart._adapters[job.target_endpoint][1]
    turned(heart, lambda _: first.asked >= 2)
    edited = make_job(target_endpoint=job.target_endpoint, heartbeat=Heartbeat(interval=0.1))
    heart.watch([edited])
    turned(heart, lambda _: made == [job, edited])
    assert first.closed == 1
    eventually(lambda: heart.turn() == [] and not heart._under_way)
    second = heart._adapters[job.target_endpoint][1]
    heart.watch([])
    assert second.closed == 1


def test_a_connection_that_is_not_there_is_shown_and_counts_for_nothing(sql_store):
    """The board says what to do; nobody is told of an outage."""

    def make(_job):
        raise NeedsOfficer("Airflow has no connection 'court'; add it under Admin")

    heart = rounds(sql_store, None, make_adapter=make)
    heart.watch([known(sql_store)])
    turned(heart, lambda _: vendor(sql_store)["note"])
    seen = vendor(sql_store)
    assert (seen["state"], seen["strikes"]) == ("unknown", 0)
    assert "no connection 'court'" in seen["note"]


def test_all_can_be_asked_at_once(sql_store):
    """For a person who wants to know now: every vendor once, each with its answer, strikes counted as ever."""
    jobs = [known(sql_store, job_id=f"j{number}") for number in range(5)]
    down = jobs[3].target_endpoint
    heart = rounds(
        sql_store,
        None,
        make_adapter=lambda job: Scripted(*[NotSent(code="connect")] * (job.target_endpoint == down)),
    )
    pings, changes = heart.ask_all(jobs)
    assert {ping.endpoint: ping.verdict.value for ping in pings} == {
        job.target_endpoint: "failed" if job.target_endpoint == down else "answered" for job in jobs
    }
    assert changes == []


def test_one_that_never_answers_does_not_keep_the_person_waiting(sql_store):
    """It is counted as failed when its time is over, and shown like any other."""
    never = threading.Event()
    job = known(sql_store, heartbeat=Heartbeat(timeout=0.1))
    pings, _ = rounds(sql_store, Scripted(never.wait)).ask_all([job])
    never.set()
    assert [(ping.verdict.value, ping.code) for ping in pings] == [("failed", "timeout")]


def test_the_end_of_a_certificate_is_looked_at_now_and_then_and_warned_of_once(sql_store, caplog):
    """Not at every ping; a line when it comes nearer by one of the days."""
    looked = []

    def end(job, _timeout):
        looked.append(job.id)
        return time.time() + 6.5 * 86400

    adapter = Scripted()
    heart = rounds(sql_store, adapter, certificate_end=end)
    heart.watch([known(sql_store)])
    turned(heart, lambda _: adapter.asked >= 3)
    turned(heart, lambda _: not heart._under_way)
    assert looked == ["court"]
    assert vendor(sql_store)["certificate_until"] is not None
    assert [record.message for record in caplog.records if "certificate" in record.message] == [
        f"{make_job(target_endpoint=heart._vendors.popitem()[0]).target_endpoint}: its certificate ends in 6 d"
    ]


def test_while_a_breaker_is_short_a_lying_page_holds_nobody_up(sql_store):
    """The page fails for ever; messages are delivered all the same, and the word stays what the page says."""
    job = known(sql_store, push=Push(breaker=Breaker(after=1, open_for=0.2)))
    heart = rounds(sql_store, Scripted(*[NotSent(code="http_500")] * 999))
    heart.watch([job])
    turned(heart, bool)
    publish(sql_store, [hearing(number) for number in range(3)])
    with closing(wiring.push_adapter(job, sql_store)) as adapter:
        drain = Drain(job=job, store=sql_store, adapter=adapter, owner="w")
        eventually(lambda: drain.run() == 3, every=0.05)
    turned(heart, lambda _: vendor(sql_store)["strikes"] > 5)
    assert (vendor(sql_store)["state"], sql_store.next_due(job.id)) == ("offline", None)
