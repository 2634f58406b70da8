"""What judges memory in a soak: a process that grows is told from one that does not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest
from tests.harness.footprint import Footprint, slope
from tests.harness.waiting import eventually

GROWS = "import time\nkept = []\nwhile True:\n kept.append(bytearray(b'x' * 2**18))\n time.sleep(0.05)"
STAYS = "import time\nkept = bytearray(b'x' * 2**24)\ntime.sleep(60)"
FORKS = "import os, time\nkept = bytearray(b'x' * 2**24)\ntime.sleep(0.5)\nos.fork()\ntime.sleep(60)"


@contextmanager
def running(program):
    process = subprocess.Popen([sys.executable, "-c", program], start_new_session=True)
    try:
        yield process.pid
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # with what it has forked
        process.wait()


def seen(looks, **programs):
    """Look so many times at these programs; return the lives of each."""
    with Footprint(lambda: programs, every=0.1) as footprint:
        eventually(lambda: all(len(life.at) >= looks for life in footprint.sums.values()) and footprint.sums)
    return footprint


def test_a_process_that_grows_is_told_from_one_that_does_not():
    """A quarter of a MiB each twentieth of a second is 300 MiB a minute, less on a busy machine."""
    with running(GROWS) as growing, running(STAYS) as staying:
        footprint = seen(20, growing=growing, staying=staying)
    grown = {life.component: life.slope for life in footprint.lasting(0.5)}
    assert grown["growing"] > 20
    assert abs(grown["staying"]) < 1


def test_what_a_process_shares_with_a_child_is_no_change_of_its_own():
    """Its part of the memory halves when it forks, and all of that memory is still what it has written to."""
    with running(FORKS) as forking:
        footprint = seen(20, forking=forking)
    [parent] = [life for (pid, _), life in footprint.lives.items() if pid == forking]
    assert len(footprint.lives) == 2
    assert max(parent.mib[-3:]) < max(parent.mib) - 4
    assert parent.own[-1] > 16


def test_one_peak_moves_no_slope():
    at = [float(second) for second in range(0, 600, 5)]
    assert slope(at, [100.0 + 500 * (second == 300) for second in at]) == 0
    assert slope(at, [100.0 + second / 60 for second in at]) == pytest.approx(1)
