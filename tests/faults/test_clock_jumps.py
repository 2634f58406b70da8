"""Clocks that jump. On PostgreSQL the database's clock decides, and a worker's own may say what it likes.

On SQLite the database is the machine, so its clock is the machine's: a jump is a jump for every lease and every wait.
Forward, a lease may end too soon: one repeat at most, under the same key, and the late answer changes nothing. Back,
what waits waits longer, until the clock is right again. Nothing is ever lost.
"""

from __future__ import annotations

import signal
import time

import pytest
from tests.faults.conftest import installed
from tests.harness.cli import QUICK, Cli
from tests.harness.clocks import DAY, HOUR, Clock
from tests.harness.courts import court
from tests.harness.history import read, violations
from tests.harness.pace import Backoff
from tests.harness.publishers import publish
from tests.harness.raw import contract, raw_vendor
from tests.harness.waiting import eventually

JUMPS = (HOUR, -HOUR, DAY, -DAY)
LEASE = 4.0


def job_at(cli, vendor):
    """The court's job with its contract in a file, and a lease longer than a vendor may take."""
    push = {"timeout": "3s", "lease": f"{LEASE:g}s", "request": {"wsdl": contract(cli.home)}}
    return cli.listening(cli.job(vendor.endpoint, push=push))


def empty(cli):
    """Whether nothing waits, as the command says it by the installation's own clock."""
    return cli.json("status")[0]["waiting"] == 0


@pytest.mark.timeout(60)
@pytest.mark.parametrize("jump", JUMPS)
def test_a_jump_while_a_message_is_at_the_vendor_neither_loses_nor_repeats_it(cli, tmp_path, jump):
    """F12: the answer is stored, the next messages follow at once, and the record stays in order."""
    clock = Clock(tmp_path)
    with raw_vendor() as vendor:
        job = job_at(clock.give(cli), vendor)
        events = publish(cli, 4)
        held = vendor.behave("read", 1)
        with cli.start("run", job, "--until-settled", "--timeout", "30") as worker:
            vendor.wait_for(held)
            clock.jump(jump)
            held.go.set()
            assert worker.wait() == 0, worker.out + worker.err
    assert len(vendor.arrivals) == len(events)
    assert violations(read(cli.url, "court", events, vendor)) == []
    assert cli("audit", "verify").returncode == 0


@pytest.mark.timeout(60)
@pytest.mark.parametrize("jump", [HOUR, -DAY])
def test_on_postgresql_a_worker_with_a_wrong_clock_takes_over_at_the_lease_and_no_sooner(postgres_url, tmp_path, jump):
    """F12: ahead of the time it lets the other finish, and behind the time it still takes a dead one's work."""
    cli = installed(postgres_url, tmp_path / "home")
    wrong = Clock(tmp_path, jump).give(Cli(tmp_path / "home", url=postgres_url))
    with raw_vendor() as vendor:
        job = job_at(cli, vendor)
        held = vendor.behave("read", 1)
        with wrong.start("run", job) as heir, cli.start("run", job) as first:
            eventually(lambda: heir.out and first.out, what="both listen")
            heir.signal(signal.SIGSTOP)  # so that the first gets it
            events = publish(cli, 2)
            vendor.wait_for(held)
            taken = time.monotonic()
            heir.signal(signal.SIGCONT)
            eventually(lambda: time.monotonic() - taken > LEASE / 2, what="half a lease")
            assert len(vendor.arrivals) == 1
            first.kill()
            eventually(lambda: len(vendor.facts) == len(events), within=LEASE + 10, what="the rest")
            eventually(lambda: cli.status()["waiting"] == 0, what="an empty queue")
    assert violations(read(cli.url, "court", events, vendor, faults=1)) == []


@pytest.mark.timeout(60)
@pytest.mark.parametrize("jump", [DAY, -DAY])
def test_on_postgresql_a_jump_neither_skips_nor_stretches_a_back_off(postgres_url, tmp_path, jump):
    """F12: the wait after each failure is the job's own, whatever the worker's clock shows meanwhile."""
    clock = Clock(tmp_path)
    cli = clock.give(installed(postgres_url, tmp_path / "home"))
    with court(tmp_path) as vendor:
        retry = {**QUICK["retry"], "initial_delay": "1s", "max_delay": "1s"}
        job = cli.listening(cli.job(vendor.endpoint, retry=retry))
        events = publish(cli, 1)
        vendor.behave("reset", 3)
        with cli.start("run", job, "--until-settled", "--timeout", "30") as worker:
            eventually(lambda: "unknown" in worker.out, what="the first failure")
            clock.jump(jump)
            assert worker.wait() == 0, worker.out + worker.err
        received = vendor.received()
    history = read(cli.url, "court", events, received, faults=3, backoff=Backoff(initial=1, longest=1, late=3))
    assert violations(history) == []


@pytest.mark.timeout(60)
@pytest.mark.parametrize("jump", [DAY])
def test_on_sqlite_a_jump_forward_costs_at_most_one_repeat(tmp_path, jump):
    """F12: a lease that ends too soon is taken over; the first worker's answer comes too late and changes nothing."""
    clock = Clock(tmp_path)
    cli = clock.give(installed(f"sqlite:///{tmp_path}/queue.db", tmp_path / "home"))
    with raw_vendor() as vendor:
        job = job_at(cli, vendor)
        held = vendor.behave("read", 1)
        with cli.start("run", job) as one, cli.start("run", job) as other:
            eventually(lambda: one.out and other.out, what="both listen")
            events = publish(cli, 3)
            vendor.wait_for(held)
            clock.jump(jump)
            eventually(lambda: len(vendor.facts) == len(events), what="the rest")
            held.go.set()
            eventually(lambda: "stale" in one.out + other.out, what="the late answer")
            eventually(lambda: empty(cli), every=0.5, what="an empty queue")
    assert len(vendor.arrivals) == len(events) + 1
    assert violations(read(cli.url, "court", events, vendor, faults=1)) == []


@pytest.mark.timeout(60)
@pytest.mark.parametrize("jump", [-HOUR])
def test_on_sqlite_a_jump_back_delays_what_waits_until_the_clock_is_right_again(tmp_path, jump):
    """F12: a dead worker's message is kept, nothing overtakes it, and it is the first to go when the clock is back."""
    clock = Clock(tmp_path)
    cli = clock.give(installed(f"sqlite:///{tmp_path}/queue.db", tmp_path / "home"))
    with raw_vendor() as vendor:
        job = job_at(cli, vendor)
        held = vendor.behave("read", 1)
        events = publish(cli, 2)
        with cli.start("run", job) as dying:
            vendor.wait_for(held)
            dying.kill()
        clock.jump(jump)
        events += publish(cli, 1, "later")
        with cli.start("run", job) as heir:
            eventually(lambda: heir.out, what="the heir listens")
            time.sleep(LEASE / 2)
            assert len(vendor.arrivals) == 1
            clock.jump(0)
            eventually(lambda: len(vendor.facts) == len(events), within=LEASE + 10, what="every hearing")
            eventually(lambda: empty(cli), every=0.5, what="an empty queue")
    assert violations(read(cli.url, "court", events, vendor, faults=1)) == []
