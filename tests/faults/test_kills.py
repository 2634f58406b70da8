"""kill -9 and SIGSTOP, again and again: nothing is lost, nothing is made up, and every hand-off can be proved."""

from __future__ import annotations

import random
import signal
import sys
import time
from contextlib import closing

import pytest
from sqlalchemy import text
from tests.faults.conftest import installed
from tests.harness.courts import court
from tests.harness.history import read, violations
from tests.harness.publishers import HANG_UP, PUBLISHER, publish, settle
from tests.harness.waiting import eventually

from hms_syn.store.sql_store import SqlStore

DELTAS = (0.0, 0.001, 0.002, 0.005, 0.010, 0.020, 0.050)
"""Seconds between an arrival and the kill: the answer, its reading and its storing all fall in between."""
LEASE = 1.5
MESSAGES = 60


def misbehaved(received):
    """How many answers the court spoilt by itself."""
    return sum(arrival["outcome"].startswith(("drop:", "silent:")) for arrival in received["arrivals"])


@pytest.mark.timeout(150)
@pytest.mark.parametrize(
    ("mode", "deltas"),
    [
        ("ok", (*DELTAS, None)),
        ("slow", (*DELTAS[::2], None)),
        ("drop", (0.005,)),
        ("silent", (0.05,)),
    ],
)
def test_a_sender_killed_at_any_moment_loses_nothing(cli, tmp_path, mode, deltas):
    """F4, F5, F6: after each kill the next worker goes on; all is accepted, and repeats are no more than the faults."""
    chance = random.Random(f"{mode} {cli.url.partition(':')[0]}")
    with court(tmp_path, "--delay", "0.03") as vendor:
        job = cli.listening(cli.job(vendor.endpoint))
        events = publish(cli, MESSAGES if mode == "ok" else 8 * len(deltas))
        for delta in deltas:
            if mode != "ok":
                vendor.behave(mode, 2 if mode == "drop" else 1 if mode == "silent" else None)
            with cli.start("run", job, "--until-settled", "--timeout", "60") as worker:
                vendor.wait_for(vendor.arrivals() + chance.randint(1, 3 if mode in ("ok", "slow") else 1), worker)
                time.sleep(chance.uniform(0, 0.1) if delta is None else delta)
                worker.kill()
        vendor.behave("ok")
        settle(cli, job)
        received = vendor.received()
    history = read(cli.url, "court", events, received, faults=len(deltas) + misbehaved(received))
    assert violations(history) == []
    assert {row["state"] for row in history.deliveries} == {"delivered"}
    assert len(received["hearings"]) == len(events)
    assert len(received["arrivals"]) - len(events) <= len(deltas) + misbehaved(received)


@pytest.mark.timeout(100)
def test_recovery_can_be_killed_too(cli, tmp_path):
    """F38: five kills in a row, some before the lane was free: still one hearing, and no more repeats than kills."""
    chance = random.Random(5)
    with court(tmp_path, "--delay", "0.05", "--behave", "slow") as vendor:
        job = cli.listening(cli.job(vendor.endpoint))
        events = publish(cli, 3)
        for number in range(5):
            with cli.start("run", job) as worker:
                if number % 2:
                    time.sleep(chance.uniform(0.2, 1.2))  # while it starts, or waits for the lease
                else:
                    vendor.wait_for(vendor.arrivals() + 1, worker)
                worker.kill()
        vendor.behave("ok")
        settle(cli, job)
        received = vendor.received()
    assert vendor_cases(received) == [event.fact for event in events]
    assert violations(read(cli.url, "court", events, received, faults=5)) == []


def vendor_cases(received):
    return [hearing["case_id"] for hearing in received["hearings"]]


@pytest.mark.timeout(60)
def test_the_work_of_a_killed_sender_is_taken_over_within_its_lease(cli, tmp_path):
    """F15: a worker that is already there waits for the lease and no longer, also after a kill between messages."""
    with court(tmp_path, "--delay", "0.05", "--behave", "slow") as vendor:  # or all is done before the kill
        job = cli.listening(cli.job(vendor.endpoint))
        with cli.start("run", job) as dying, cli.start("run", job) as heir:
            eventually(lambda: dying.out and heir.out, what="both listen")
            events = publish(cli, 40)
            eventually(lambda: dying.out.count("✓") + heir.out.count("✓") >= 3, every=0.001, what="three deliveries")
            one, other = (dying, heir) if dying.out.count("✓") else (heir, dying)
            one.kill()
            eventually(lambda: len(vendor.cases()) == 40 and other.out.count("✓"), within=LEASE + 20, what="the rest")
            eventually(lambda: cli.status()["waiting"] == 0)
        received = vendor.received()
    assert violations(read(cli.url, "court", events, received, faults=1)) == []


@pytest.mark.timeout(60)
def test_a_stopped_sender_that_comes_back_changes_nothing(cli, tmp_path):
    """F16: stopped for three leases, it finds its lane taken over: its late result is refused, on the record."""
    with court(tmp_path, "--delay", "0.3") as vendor:
        job = cli.listening(cli.job(vendor.endpoint, push={"timeout": "1s", "lease": "1s"}))
        events = publish(cli, 3)
        vendor.behave("slow", 1)
        with cli.start("run", job) as zombie:
            vendor.wait_for(1, zombie)
            zombie.signal(signal.SIGSTOP)
            stopped = time.monotonic()
            settle(cli, job)
            eventually(lambda: time.monotonic() - stopped > 3, what="three leases")
            zombie.signal(signal.SIGCONT)
            eventually(lambda: "stale" in zombie.out, what="the late result")
            assert "set aside" not in zombie.out
        received = vendor.received()
    history = read(cli.url, "court", events, received, faults=1)
    assert violations(history) == []
    noted = [(row["message_id"], row["attempt"]) for row in history.audit if row["event"] == "stale"]
    assert noted == [("case-0", 1)]
    assert vendor_cases(received) == [event.fact for event in events]
    assert len(received["arrivals"]) == len(events) + 1


@pytest.mark.timeout(100)
def test_a_sender_stopped_at_any_moment_sends_at_most_one_stale_message(cli, tmp_path):
    """F16: wherever the pause falls, at most one arrival per pause comes too late."""
    chance = random.Random(cli.url.partition(":")[0])
    pauses = 1
    with court(tmp_path) as vendor:
        job = cli.listening(cli.job(vendor.endpoint, push={"timeout": "500ms", "lease": "500ms"}))
        events = []
        for number in range(pauses):
            events += publish(cli, 20, f"round{number}")
            with cli.start("run", job) as zombie, cli.start("run", job, "--timeout", "60") as heir:
                vendor.wait_for(vendor.arrivals() + chance.randint(2, 5), zombie)
                time.sleep(chance.uniform(0, 0.02))
                zombie.signal(signal.SIGSTOP)  # inside a transaction, it holds up the heir as long as it is stopped
                stopped = time.monotonic()
                eventually(lambda at=stopped: time.monotonic() - at > 1.5, what="three leases")
                zombie.signal(signal.SIGCONT)
                eventually(lambda events=events: len(vendor.cases()) == len(events), what="every hearing")
                eventually(lambda: cli.status()["waiting"] == 0, what="an empty queue")
                for worker in (zombie, heir):
                    worker.signal(signal.SIGTERM)
                    assert worker.wait() == 0, worker.err
        received = vendor.received()
    assert vendor_cases(received) == [event.fact for event in events]
    assert violations(read(cli.url, "court", events, received, faults=pauses)) == []


@pytest.mark.timeout(100)
def test_a_database_that_hangs_up_loses_nothing(postgres_url, tmp_path):
    """F10: connections are cut again and again while a worker sends: it goes on by itself, and the record is whole."""
    cli = installed(postgres_url, tmp_path / "home")
    cuts = 0
    with court(tmp_path) as vendor, closing(SqlStore(postgres_url)) as store:
        job = cli.listening(cli.job(vendor.endpoint))
        events = publish(cli, 40)
        with cli.start("run", job, "--until-settled", "--timeout", "60") as worker:
            vendor.wait_for(1, worker)
            while cuts < 10 and worker.returncode is None:
                with store.engine.begin() as connection:
                    cuts += len(connection.execute(text(HANG_UP)).all())
                time.sleep(0.05)
            assert worker.wait() == 0, worker.out + worker.err
        received = vendor.received()
    assert cuts
    assert vendor_cases(received) == [event.fact for event in events]
    assert violations(read(cli.url, "court", events, received, faults=cuts)) == []


@pytest.mark.timeout(100)
def test_a_killed_publisher_leaves_whole_events_or_none(cli):
    """F1, F2: what it had been told is there, at most one more is, each complete; publishing all again adds no copy."""
    chance = random.Random(7)
    rounds = 3
    job = cli.listening(cli.job("http://127.0.0.1:9/soap"))
    for number in range(rounds):
        with cli.started([*python(PUBLISHER), "100000", f"round{number}"]) as publisher:
            eventually(lambda: publisher.out.count("\n") >= 2, every=0.0005, what="two events")
            time.sleep(chance.uniform(0, 0.03))
            publisher.kill()
            told = publisher.out.split()
        whole = stored(cli, f"round{number}-")
        assert told == [f"round{number}-{index}" for index in range(len(told))]
        assert set(told) <= whole.keys()
        assert len(whole) <= len(told) + 1
        assert set(whole.values()) == {(1, 1, "published queued")}
        again = cli.python(PUBLISHER, str(len(told) + 2), f"round{number}")
        assert again.returncode == 0, again.stderr
        assert set(stored(cli, f"round{number}-").values()) == {(1, 1, "published queued")}
    assert job.exists()
    assert cli("audit", "verify").returncode == 0


def python(program):
    return [sys.executable, "-c", program]


def stored(cli, prefix):
    """Each event with this prefix: how many rows it has on the bus and in the queue, and its audit trail."""
    with closing(SqlStore(cli.url)) as store, store.engine.connect() as connection:
        rows = {
            name: connection.execute(text(f"SELECT message_id FROM {table} ORDER BY 1")).scalars().all()
            for name, table in (("bus", "hms_syn_event"), ("queue", "hms_syn_delivery_v"))
        }
        audit = connection.execute(text("SELECT message_id, event FROM hms_syn_audit_v ORDER BY seq")).all()
    ids = {found for found in [*rows["bus"], *rows["queue"], *(row[0] for row in audit)] if found.startswith(prefix)}
    trail = {one: " ".join(event for found, event in audit if found == one) for one in ids}
    return {one: (rows["bus"].count(one), rows["queue"].count(one), trail[one]) for one in ids}


def test_an_id_published_by_two_programs_at_once_is_one_message(cli):
    """F2: two publishers race with the same ids and payloads: each id is stored once and both are told yes."""
    cli.listening(cli.job("http://127.0.0.1:9/soap"))
    command = [*python(PUBLISHER), "30", "race"]
    with cli.started(command) as one, cli.started(command) as other:
        assert (one.wait(), other.wait()) == (0, 0), one.err + other.err
    assert set(stored(cli, "race-").values()) == {(1, 1, "published queued")}
    assert len(stored(cli, "race-")) == 30
    assert cli.status()["waiting"] == 30
