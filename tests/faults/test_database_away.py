"""PostgreSQL crashes and comes back: nothing is accepted or sent meanwhile, and nothing is forgotten afterwards."""

from __future__ import annotations

import random
import time

import pytest
from tests.faults.conftest import installed
from tests.harness.history import Published, read, violations
from tests.harness.postgres import PrivatePostgres
from tests.harness.publishers import publish
from tests.harness.raw import contract, raw_vendor
from tests.harness.waiting import eventually

BACK = 10.0
"""Seconds after the database's return within which work goes on."""


@pytest.fixture
def server():
    own = PrivatePostgres()
    yield own
    own.close()


def job_at(cli, vendor):
    """The court's job with its contract in a file, so that every connection is a delivery."""
    push = {"timeout": "1s", "lease": "1500ms", "request": {"wsdl": contract(cli.home)}}
    return cli.listening(cli.job(vendor.endpoint, push=push))


@pytest.mark.timeout(100)
def test_while_the_database_is_away_nothing_is_accepted_and_work_goes_on_when_it_is_back(server, tmp_path):
    """F9: a publisher is told no in a sentence, the idle worker waits, and both go on within ten seconds."""
    cli = installed(server.url, tmp_path / "home")
    with raw_vendor() as vendor:
        job = job_at(cli, vendor)
        events = publish(cli, 1, "before")
        with cli.start("run", job) as worker:
            eventually(lambda: "✓" in worker.out, what="the first delivery")
            server.stop()
            refused = cli("publish", "hud.hearing.created", '{"case_id": "lost", "date": "2024-09-02"}', "--id", "lost")
            assert refused.returncode == 1
            assert refused.stderr.startswith("error: The queue's database did not answer")
            assert "Traceback" not in refused.stderr
            eventually(lambda: worker.err.count("looking again") >= 2, what="two looks")
            server.start()
            back = time.monotonic()
            events += publish(cli, 3, "after")
            eventually(lambda: vendor.facts[1:] == ["after-0", "after-1", "after-2"], within=BACK, what="the rest")
            assert time.monotonic() - back < BACK
            eventually(lambda: cli.status()["waiting"] == 0, what="an empty queue")
            assert worker.returncode is None
    unaccepted = Published(message_id="lost", fact="lost", returned=False)
    assert violations(read(cli.url, "court", [*events, unaccepted], vendor, faults=1)) == []


@pytest.mark.timeout(100)
def test_a_receipt_that_comes_while_the_database_is_away_is_stored_when_it_is_back(server, tmp_path):
    """F9: the vendor says yes to a database that is gone; the worker keeps it, and sends nothing else meanwhile."""
    cli = installed(server.url, tmp_path / "home")
    with raw_vendor() as vendor:
        job = job_at(cli, vendor)
        held = vendor.behave("read", 1)
        events = publish(cli, 3)
        with cli.start("run", job) as worker:
            vendor.wait_for(held)
            server.stop()
            held.go.set()
            started = time.monotonic()
            eventually(lambda: time.monotonic() - started > 2, what="two seconds without a database")
            assert len(vendor.arrivals) == 1
            server.start()
            eventually(lambda: len(vendor.facts) == len(events), within=BACK, what="the rest")
            eventually(lambda: cli.status()["waiting"] == 0, what="an empty queue")
            assert worker.returncode is None
    history = read(cli.url, "court", events, vendor, faults=1)
    assert violations(history) == []
    assert len(vendor.arrivals) <= len(events) + 1


@pytest.mark.timeout(120)
def test_a_database_that_crashes_again_and_again_loses_and_doubles_nothing(server, tmp_path):
    """F9: wherever in a hand-off it falls, each crash costs at most one repeat and no send is without its intent."""
    chance, crashes = random.Random(9), 4
    cli = installed(server.url, tmp_path / "home")
    with raw_vendor() as vendor:
        job = job_at(cli, vendor)
        events = publish(cli, 60)
        with cli.start("run", job, "--until-settled", "--timeout", "90") as worker:
            for _ in range(crashes):
                enough = len(vendor.arrivals) + chance.randint(2, 8)
                eventually(lambda enough=enough: len(vendor.arrivals) >= enough, every=0.0005, what=f"arrival {enough}")
                time.sleep(chance.uniform(0, 0.02))
                server.stop()
                server.start()
            assert worker.wait() == 0, worker.out + worker.err
    assert vendor.facts == [event.fact for event in events]
    assert violations(read(cli.url, "court", events, vendor, faults=crashes)) == []
