"""The disk is full: a publisher is told no, nothing accepted is lost, and work goes on by itself when there is room."""

from __future__ import annotations

import time

import pytest
from tests.faults.conftest import installed
from tests.harness.cli import SCRIPT
from tests.harness.courts import court
from tests.harness.history import read, violations
from tests.harness.publishers import publish
from tests.harness.rooms import limited, small_disk
from tests.harness.waiting import eventually

HEARING = '{{"case_id": "{0}", "date": "2024-09-02"}}'
BACK = 10.0
"""Seconds within which work goes on once there is room."""


@pytest.mark.timeout(100)
@pytest.mark.parametrize("room", [small_disk, limited], ids=["a full disk", "files that may not grow"])
def test_on_a_full_disk_nothing_is_accepted_or_forgotten_and_room_is_enough_to_go_on(tmp_path, room):
    """F11: publish fails in a sentence, no send is without its intent, and the same worker goes on within seconds."""
    with room(tmp_path / "disk") as disk, court(tmp_path, "--delay", "0.2", "--behave", "slow") as vendor:
        cli = installed(f"sqlite:///{disk.folder}/queue.db", tmp_path / "home")
        job = cli.listening(cli.job(vendor.endpoint))
        events = publish(cli, 12)
        with cli.start("run", job) as worker:
            vendor.wait_for(3, worker)
            disk.fill(worker)
            refused = [
                cli("publish", "hud.hearing.created", HEARING.format(name), "--id", name) for name in ("no-1", "no-2")
            ]
            held_up = vendor.arrivals()
            time.sleep(1)
            assert vendor.arrivals() - held_up <= 1
            disk.free()
            freed = time.monotonic()
            events += publish(cli, 2, "after")
            eventually(lambda: vendor.cases()[12:] == ["after-0", "after-1"], what="the rest")
            assert time.monotonic() - freed < BACK
            eventually(lambda: cli.status()["waiting"] == 0, what="an empty queue")
            assert worker.returncode is None
        received = vendor.received()
        history = read(cli.url, "court", events, received, faults=1)
    assert [(done.returncode, done.stdout) for done in refused] == [(1, ""), (1, "")]
    assert all(done.stderr.startswith("error: The queue's database did not answer") for done in refused)
    assert [hearing["case_id"] for hearing in received["hearings"]] == [event.fact for event in events]
    assert violations(history) == []


@pytest.mark.timeout(60)
def test_a_worker_whose_log_cannot_be_written_goes_on_delivering(cli, tmp_path):
    """F11: what it cannot say it leaves unsaid; the receipt is stored all the same."""
    with court(tmp_path) as vendor:
        job = cli.listening(cli.job(vendor.endpoint))
        events = publish(cli, 5)
        done = cli.execute(["sh", "-c", f"exec {SCRIPT} run {job} --until-settled >/dev/full 2>&1"], timeout=30)
        received = vendor.received()
    assert violations(read(cli.url, "court", events, received)) == []
    assert done.returncode == 0


@pytest.mark.timeout(60)
def test_a_disk_of_two_megabytes_is_enough_for_a_hundred_hearings(tmp_path):
    """F11: what a database keeps beside its file to survive a crash does not fill the disk while there is room."""
    with small_disk(tmp_path / "disk", size="2m") as disk, court(tmp_path) as vendor:
        cli = installed(f"sqlite:///{disk.folder}/queue.db", tmp_path / "home")
        job = cli.listening(cli.job(vendor.endpoint))
        with cli.start("run", job) as worker:
            events = [event for number in range(10) for event in publish(cli, 10, f"round{number}")]
            eventually(lambda: cli.status()["waiting"] == 0, what="an empty queue")
            assert worker.returncode is None
        history = read(cli.url, "court", events, vendor.received())
    assert violations(history) == []
