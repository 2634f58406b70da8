"""Publishers and workers as the fault tests use them: real processes, and what they publish as the judge wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.harness.history import Published

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness.cli import Cli

PUBLISHER = """\
import sys
from hms_a2a import Bus
bus = Bus("hud")
size = int(sys.argv[3]) if len(sys.argv) > 3 else 0
for number in range(int(sys.argv[1])):
    name = f"{sys.argv[2]}-{number}"
    fact = name.ljust(size, "x")
    bus.publish_topic("hud.hearing.created", {"case_id": fact, "date": "2024-09-02"}, message_id=name)
    print(name, flush=True)
"""
"""Publishes so many hearings, and says of each when it has been accepted."""

KEEPS_ON = """\
import itertools, sys, time
from hms_a2a import Bus
from hms_syn.errors import StoreUnavailable
bus = Bus("hud")
for number in itertools.count():
    name = f"{sys.argv[1]}-{number}"
    while True:
        try:
            bus.publish_topic("hud.hearing.created", {"case_id": name, "date": "2024-09-02"}, message_id=name)
        except StoreUnavailable:
            time.sleep(0.1)
        else:
            break
    print(name, flush=True)
    time.sleep(float(sys.argv[2]))
"""
"""Publishes for ever, each hearing until it is told yes, with so many seconds in between."""

HANG_UP = """\
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
"""SQL by which PostgreSQL ends every connection to a database but one."""


def publish(cli: Cli, count: int, name: str = "case", *, size: int = 0) -> list[Published]:
    """Publish so many hearings from one program, in order."""
    done = cli.python(PUBLISHER, str(count), name, str(size))
    assert done.stdout.split() == [f"{name}-{number}" for number in range(count)], done.stderr
    return published(count, name, size=size)


def published(count: int, name: str = "case", *, size: int = 0, returned: bool = True) -> list[Published]:
    """Return what that program publishes."""
    names = [f"{name}-{number}" for number in range(count)]
    return [Published(message_id=one, fact=one.ljust(size, "x"), returned=returned) for one in names]


def settle(cli: Cli, job: Path, *, within: float = 60) -> None:
    """Work until no message is open."""
    done = cli("run", job, "--until-settled", "--timeout", str(within), timeout=within + 30)
    assert done.returncode == 0, done.stdout + done.stderr


def told_by(said: str, name: str) -> list[Published]:
    """Return what a publisher that keeps on has published by its own words, and the one it may have had in hand."""
    told = said.split("\n")[:-1]
    next_one = f"{name}-{len(told)}"
    return [
        *(Published(message_id=one, fact=one, lane=name) for one in told),
        Published(message_id=next_one, fact=next_one, lane=name, returned=False),
    ]
