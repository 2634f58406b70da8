"""A pause while a message is at the vendor: that one is settled, nothing else starts, and resume goes on in order."""

from __future__ import annotations

import time

import pytest
from tests.harness.history import read, violations
from tests.harness.pace import PAUSE_ACK
from tests.harness.publishers import publish
from tests.harness.raw import contract, raw_vendor
from tests.harness.waiting import eventually

from hms_syn.flow import switch
from hms_syn.ports import Act

WHY = ("--reason", "the court is closed", "--by", "officer")


def trail(history, event):
    return [(row["actor"], row["job"]) for row in history.audit if row["event"] == event]


@pytest.mark.timeout(60)
def test_a_pause_lets_the_message_in_flight_settle_and_starts_no_other(cli):
    """F33: from a second after the pause until the resume nothing arrives; what is published waits its turn."""
    with raw_vendor() as vendor:
        push = {"timeout": "8s", "lease": "9s", "request": {"wsdl": contract(cli.home)}}
        job = cli.listening(cli.job(vendor.endpoint, push=push))
        events = publish(cli, 5)
        held = vendor.behave("read", 1)
        with cli.start("run", job) as one, cli.start("run", job) as other:
            vendor.wait_for(held)
            assert cli("pause", "court", *WHY).returncode == 0
            paused = time.time()
            held.go.set()
            eventually(lambda: cli.status()["delivered"] == 1, what="the one in flight is settled")
            events += publish(cli, 2, "meanwhile")
            assert (cli.status()["paused"], cli.status()["waiting"]) == (True, len(events) - 1)
            eventually(lambda: time.time() - paused > PAUSE_ACK + 1, what="a second of silence")
            resumed = time.time()
            assert cli("resume", "court", *WHY).returncode == 0
            eventually(lambda: len(vendor.facts) == len(events), what="the rest")
            eventually(lambda: cli.status()["waiting"] == 0, what="an empty queue")
            assert (one.returncode, other.returncode) == (None, None)
    history = read(cli.url, "court", events, vendor, pauses=[(paused, resumed)])
    assert violations(history) == []
    assert trail(history, "paused") == trail(history, "resumed") == [("officer", "court")]


@pytest.mark.timeout(120)
def test_a_job_that_is_paused_and_resumed_again_and_again_loses_and_doubles_nothing(cli):
    """F33: no pause costs an attempt, and in none of them a request begins."""
    with raw_vendor() as vendor:
        push = {"timeout": "1s", "lease": "1500ms", "request": {"wsdl": contract(cli.home)}}
        job = cli.listening(cli.job(vendor.endpoint, push=push))
        events, pauses = publish(cli, 40), []
        with cli.start("run", job, "--until-settled", "--timeout", "90") as worker:
            for enough in (3, 10, 20):
                eventually(lambda enough=enough: len(vendor.arrivals) >= enough, every=0.001, what=f"arrival {enough}")
                assert cli("pause", "court", *WHY).returncode == 0
                start = time.time()
                eventually(lambda start=start: time.time() - start > PAUSE_ACK + 0.3, what="a pause")
                pauses.append((start, time.time()))
                assert cli("resume", "court", *WHY).returncode == 0
            assert worker.wait() == 0, worker.out + worker.err
    assert len(vendor.arrivals) == len(events)
    assert violations(read(cli.url, "court", events, vendor, pauses=pauses)) == []


@pytest.mark.timeout(60)
def test_a_pause_with_an_end_is_ended_by_whoever_works_on_the_queue(cli):
    """F33: nobody resumes; a worker finds the pause over. A drain meanwhile ends, and says that something waits."""
    with raw_vendor() as vendor:
        push = {"timeout": "1s", "lease": "1500ms", "request": {"wsdl": contract(cli.home)}}
        job = cli.listening(cli.job(vendor.endpoint, push=push))
        assert cli("pause", "court", *WHY).returncode == 0
        events = publish(cli, 2)
        drained = cli("run", job, "--drain")
        assert (drained.returncode, len(vendor.arrivals)) == (1, 0)
        with cli.store() as store:
            end = time.time() + 1
            switch.pause(store, "court", Act(actor="officer", reason="only for a moment"), until=end)
        assert cli("run", job, "--until-settled", "--timeout", "50").returncode == 0
    history = read(cli.url, "court", events, vendor)
    assert violations(history) == []
    assert min(visit.began for visit in history.visits) >= end
    assert (trail(history, "paused"), trail(history, "resumed")) == ([("officer", "court")] * 2, [("hms-syn", "court")])


def test_a_pause_says_how_its_end_is_written(cli):
    """Neither a length nor a time with its zone: a sentence, and nothing is paused."""
    cli.listening(cli.job("https://court.example.gov/soap"))
    for end in ("tomorrow", "2030-09-02T08:00", "2001-09-02T08:00Z"):
        refused = cli("pause", "court", "--until", end, *WHY)
        assert (refused.returncode, refused.stderr[:13]) == (1, "error: until:")
    assert not cli.status()["paused"]
