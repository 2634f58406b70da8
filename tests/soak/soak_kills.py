"""Hundreds of kills, of senders and publishers, at any moment: nothing is lost and nothing is made up."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import pytest
from tests.harness.courts import court
from tests.harness.endings import verdict
from tests.harness.history import Published
from tests.harness.publishers import KEEPS_ON, told_by

if TYPE_CHECKING:
    from tests.harness.cli import Cli

PUBLISHERS = 0.2
"""This share of the kills hits a publisher, the rest a sender."""


@pytest.mark.timeout(3600)
def test_hundreds_of_kills_lose_nothing(cli, tmp_path, request, closing_line):
    """F1, F2, F4, F5, F6, F38: each message is accepted once for all that, and repeats are no more than the kills."""
    kills = request.config.getoption("kills") // 2
    chance = random.Random(f"{request.config.getoption('seed')} {cli.url.partition(':')[0]}")
    events: list[Published] = []
    started = time.monotonic()
    with court(tmp_path, "--delay", "0.03") as vendor:
        job = cli.listening(cli.job(vendor.endpoint, push={"timeout": "500ms", "lease": "500ms"}))
        for number in range(kills):
            if number and chance.random() < PUBLISHERS:
                events += killed_publisher(cli, f"p{number}", chance)
                continue
            count = chance.randint(1, 4)
            events += some(cli, f"s{number}", count)
            vendor.behave(chance.choice(("ok", "ok", "slow")))
            with cli.start("run", job) as worker:
                vendor.wait_for(vendor.arrivals() + chance.randint(1, min(2, count)), worker)
                time.sleep(chance.choice((0.0, chance.uniform(0, 0.02), chance.uniform(0, 0.1))))
                worker.kill()
        vendor.behave("ok")
        figures = verdict(cli, job, events, vendor, faults=kills)
    closing_line(f"{kills} kills, {figures}, {time.monotonic() - started:.0f} s")


def some(cli: Cli, name: str, count: int) -> list[Published]:
    """Publish a few hearings from this process, which is quicker than a program."""
    names = [f"{name}-{number}" for number in range(count)]
    cli.publish("hud.hearing.created", *({"case_id": one, "date": "2024-09-02"} for one in names), ids=names)
    return [Published(message_id=one, fact=one) for one in names]


def killed_publisher(cli: Cli, name: str, chance: random.Random) -> list[Published]:
    """Kill a publisher at its work; what it was told is there, and one more may be."""
    with cli.python_started(KEEPS_ON, name, "0") as publisher:
        while "\n" not in publisher.out:
            time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.03))
        publisher.kill()
        return told_by(publisher.out, name)
