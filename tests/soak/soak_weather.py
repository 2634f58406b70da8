"""Minutes of bad weather: everything that may happen to a job happens to it, again and again, while it works."""

from __future__ import annotations

import random
import signal
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, text
from tests.harness.courts import CourtProcess, court
from tests.harness.endings import SPOILT, verdict
from tests.harness.pace import Backoff
from tests.harness.publishers import HANG_UP, KEEPS_ON, told_by

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness.cli import Cli
    from tests.harness.history import Published

WORKERS, PUBLISHERS = 2, 2
BETWEEN = "0.25"
"""Seconds between two events of a publisher."""
DECIDED = ("fault_client", "refuse")
"""Modes in which the court says no for good: what it does then is another test's."""


@pytest.mark.timeout(7200)
def test_minutes_of_bad_weather_lose_nothing(cli, tmp_path, request, closing_line):
    """F1, F4, F10, F16, F19, F20, F26, F33: at the end every event was accepted once, in its publisher's order."""
    seed, minutes = request.config.getoption("seed"), request.config.getoption("minutes")
    with court(tmp_path, "--delay", "0.2") as vendor:
        job = cli.listening(cli.job(vendor.endpoint))
        weather = Weather(cli, job, vendor, random.Random(f"{seed} {cli.url.partition(':')[0]}"))
        with weather.stack:
            weather.blow(60 * minutes)
        vendor.behave("ok")
        figures = verdict(
            cli, job, weather.events, vendor, faults=weather.faults, pauses=weather.pauses, backoff=Backoff()
        )
    happened = ", ".join(f"{count} of {name}" for name, count in sorted(weather.happened.items()))
    closing_line(f"{minutes:g} minutes, {happened}, {figures}")


class Weather:
    """Two workers, two publishers, a court, and what happens to them."""

    def __init__(self, cli: Cli, job: Path, vendor: CourtProcess, chance: random.Random) -> None:
        self._cli, self._job, self._vendor, self._chance = cli, job, vendor, chance
        self._engine = create_engine(cli.url)
        self.stack = ExitStack()
        self.stack.callback(self._engine.dispose)
        self._workers: list[Any] = []
        self._publishers: list[tuple[str, Any]] = []
        self.events: list[Published] = []
        self.pauses: list[tuple[float, float]] = []
        self.happened: dict[str, int] = {}
        self.faults = 0

    def blow(self, seconds: float) -> None:
        """Let things happen for so long, then let the publishers come to their end."""
        for _ in range(WORKERS):
            self._start_worker()
        for number in range(PUBLISHERS):
            self._start_publisher(f"p{number}")
        happenings = [self._kill_worker, self._stop_worker, self._kill_publisher, self._pause, self._misbehave]
        happenings += [self._misbehave, self._close_court]
        if self._engine.dialect.name == "postgresql":
            happenings += [self._hang_up] * 2
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(self._chance.uniform(0.2, 1.5))
            happening = self._chance.choice(happenings)
            name = happening.__name__.strip("_").replace("_", " ")
            self.happened[name] = self.happened.get(name, 0) + 1
            happening()
        for name, publisher in self._publishers:
            publisher.kill()
            self.events += told_by(publisher.out, name)
        for worker in self._workers:
            worker.signal(signal.SIGTERM)
            assert worker.wait() == 0, worker.err

    def _start_worker(self) -> None:
        self._workers.append(self.stack.enter_context(self._cli.start("run", self._job)))

    def _start_publisher(self, name: str) -> None:
        program = self.stack.enter_context(self._cli.python_started(KEEPS_ON, name, BETWEEN))
        self._publishers.append((name, program))

    def _kill_worker(self) -> None:
        worker = self._workers.pop(self._chance.randrange(WORKERS))
        assert worker.returncode is None, worker.out + worker.err
        worker.kill()
        self.faults += 1
        self._start_worker()

    def _stop_worker(self) -> None:
        worker = self._chance.choice(self._workers)
        worker.signal(signal.SIGSTOP)
        time.sleep(self._chance.uniform(0.5, 3))
        worker.signal(signal.SIGCONT)
        self.faults += 1

    def _kill_publisher(self) -> None:
        name, publisher = self._publishers.pop(self._chance.randrange(PUBLISHERS))
        assert publisher.returncode is None, publisher.err
        publisher.kill()
        self.events += told_by(publisher.out, name)
        self._start_publisher(f"{name.partition('.')[0]}.{len(self.events)}")

    def _pause(self) -> None:
        why = ("court", "--reason", "weather", "--by", "soak")
        assert self._cli("pause", *why).returncode == 0
        start = time.time()
        time.sleep(self._chance.uniform(0.5, 2))
        self.pauses.append((start, time.time()))
        assert self._cli("resume", *why).returncode == 0

    def _misbehave(self) -> None:
        modes = [one.partition(":")[0] for one in SPOILT if not one.startswith(DECIDED)]
        self._vendor.behave(self._chance.choice(["slow", *modes]), self._chance.randint(1, 4))

    def _close_court(self) -> None:
        self._vendor.stop()
        self.faults += WORKERS
        time.sleep(self._chance.uniform(0.1, 1))
        self._vendor.start()

    def _hang_up(self) -> None:
        with self._engine.connect() as connection:
            cut = len(connection.execute(text(HANG_UP)).all())
        self.faults += cut
