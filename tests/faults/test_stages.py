"""A vendor that stops at a chosen byte: killed there or waited out there, nothing is lost and nothing is doubled."""

from __future__ import annotations

import random
import time
from dataclasses import replace

import pytest
from tests.harness.history import read, violations
from tests.harness.pace import Backoff, seconds
from tests.harness.publishers import publish, settle
from tests.harness.raw import CUTS, DRIP, DRIPS, STAGES, contract, raw_vendor

UNREAD = ("connected", "head")
"""Stages at which the vendor does not have the request."""
KILLS = 5
TIMEOUT = 1.0


def job_at(cli, vendor, **push):
    """The court's job with its contract in a file, so that every connection is a delivery."""
    quick = {"timeout": f"{TIMEOUT:g}s", "lease": "1500ms", "request": {"wsdl": contract(cli.home)}}
    return cli.listening(cli.job(vendor.endpoint, push={**quick, **push}))


@pytest.mark.timeout(100)
@pytest.mark.parametrize("stage", STAGES)
def test_a_sender_killed_while_the_vendor_holds_it_at_a_byte_is_succeeded(cli, stage):
    """F3, F4, F5: wherever the vendor stops, the next worker sends again, and once only for each kill."""
    chance = random.Random(f"{stage} {cli.url.partition(':')[0]}")
    with raw_vendor() as vendor:
        job = job_at(cli, vendor)
        events = publish(cli, KILLS + 1)
        for number in range(KILLS):
            held = vendor.behave(stage, 1 if number % 2 else None)
            with cli.start("run", job, "--until-settled", "--timeout", "60") as worker:
                vendor.wait_for(held)
                time.sleep(chance.uniform(0, 0.02))
                worker.kill()
        vendor.behave("answer")
        settle(cli, job)
    assert violations(read(cli.url, "court", events, vendor, faults=KILLS)) == []
    assert vendor.facts == [event.fact for event in events]
    assert len(vendor.arrivals) - len(events) == (0 if stage in UNREAD else KILLS)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("manner", [*STAGES, *DRIPS, *CUTS])
def test_an_answer_that_does_not_come_whole_is_no_answer(cli, manner):
    """F19, F22, F29: it is given up at the deadline or when it breaks off, and sent again after the job's back-off."""
    bad = 2
    with raw_vendor() as vendor:
        job = job_at(cli, vendor)
        vendor.behave(manner, bad)
        events = publish(cli, 2)
        settle(cli, job)
    history = read(cli.url, "court", events, vendor, faults=bad, backoff=Backoff(late=5))
    assert violations(history) == []
    ended = sorted((row["message_id"], row["attempt"], row["outcome"]) for row in history.attempts)
    assert [outcome for _, _, outcome in ended] == [*["unknown"] * bad, "acked", "acked"]
    assert len(vendor.arrivals) == len(events) + (0 if manner in UNREAD else bad)
    held = [visit.ended - visit.began for visit in vendor.visits[:bad]]
    if manner not in CUTS:
        assert all(TIMEOUT - 0.1 < length < TIMEOUT + 1 + DRIP for length in held), held


@pytest.mark.timeout(60)
def test_a_vendor_that_never_reads_a_large_request_is_given_up_at_the_deadline(cli):
    """F29: with the window full and the request half out, the outcome is unknown and the next try delivers."""
    with raw_vendor() as vendor:
        job = job_at(cli, vendor)
        vendor.behave("connected", 1)
        events = publish(cli, 1, size=900_000)
        settle(cli, job)
    history = read(cli.url, "court", events, vendor, faults=1)
    # Behind a full window not even the end of the connection gets through: this vendor cannot know when it was over.
    assert violations(replace(history, visits=history.visits[-1:])) == []
    [given_up, _acked] = sorted(history.attempts, key=lambda row: row["attempt"])
    assert TIMEOUT - 0.1 < seconds(given_up["ended_at"]) - seconds(given_up["started_at"]) < TIMEOUT + 1
    assert len(vendor.arrivals) in (1, 2)  # what stood in the system's own buffers may still get through, later
