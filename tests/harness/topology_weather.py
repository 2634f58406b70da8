"""What happens to a whole deployment in bad weather: vendors fail, job files are edited, processes are killed."""

from __future__ import annotations

import json
import os
import random
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from tests.harness.history import Published
from tests.harness.three_vendors import JOBS, KEEPS_ON, lane
from tests.harness.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.harness.topology import Topology

ROOT = Path(__file__).parents[2]
PUBLISHERS = 2
PATIENCE = 180
"""Seconds until something is called lost: others may be using this machine."""
COMMON = ("slow", "slow", "http_503", "reset", "drop", "truncated", "silent", "garbage", "empty_200", "refuse")
MODES = {
    "court": (*COMMON, "http_500_html", "fault_server", "drip"),
    "payments": (*COMMON, "http_429", "http_429", "http_500", "http_500_after", "token_expired", "token_503", "down"),
    "hospital": (*COMMON, "http_429", "http_429", "http_500", "http_500_after", "down"),
}
FOURTH = "fourth_sync"
"""A job that comes and goes."""


class Weather:
    """Publishers at a steady rate, and what happens meanwhile; all of it follows from the seed, but for its moments."""

    def __init__(self, topology: Topology, seed: int, *, pause: float) -> None:
        self._topology, self._pause = topology, pause
        self._vendors, self._people = random.Random(f"{seed} vendors"), random.Random(f"{seed} people")
        self._over = threading.Event()
        self._jobs = topology.home / "jobs"
        self._token = topology.log_in()
        self._sound = {job: (self._jobs / f"{job}.yaml").read_text(encoding="utf-8") for job in JOBS}
        self.happened: dict[str, int] = {}
        self.killed: list[str] = []
        self.faults = 0
        self.pauses: list[tuple[float, float]] = []
        self.published: list[Published] = []

    def blow(self, seconds: float, kills: Sequence[str] = ()) -> None:
        """Let things happen for so long, with the kills spread over it; raise what went wrong meanwhile."""
        for number in range(PUBLISHERS):
            self._publish(number)
        turns = [(seconds * (place + 1) / (len(kills) + 1), name) for place, name in enumerate(kills)]
        with ThreadPoolExecutor(3) as pool:
            going = [pool.submit(each) for each in (self._vendors_turn, self._peoples_turn)]
            began = time.monotonic()
            try:
                while (now := time.monotonic() - began) < seconds and not any(one.done() for one in going):
                    self._topology.check()
                    if turns and now >= turns[0][0]:
                        self._kill(turns.pop(0)[1])
                    time.sleep(0.5)
            finally:
                self._over.set()
            for one in going:
                one.result()
        for number in range(PUBLISHERS):
            self._hush(number)

    def clear_up(self) -> None:
        """Let every vendor behave from now on."""
        for vendor in JOBS.values():
            self._behave(vendor, "ok")

    def _publish(self, number: int) -> None:
        program = [sys.executable, "-c", KEEPS_ON, str(number), str(PUBLISHERS), str(self._pause)]
        path = os.pathsep.join([str(ROOT), str(ROOT / "plugins")])
        self._topology.start_beside(f"publisher-{number + 1}", program, PYTHONPATH=path)

    def _hush(self, number: int) -> None:
        """End a publisher; what it was told is there, and one more may be."""
        name = f"publisher-{number + 1}"
        self._topology.kill(name)
        told = [line for line in self._topology.log(name).split() if line.isdigit()]
        following = int(told[-1]) + PUBLISHERS if told else number
        for one in (*map(int, told), following):
            fact = f"{one:05}"
            self.published.append(Published(message_id=fact, fact=fact, lane=lane(one), returned=one != following))

    def _count(self, what: str) -> None:
        self.happened[what] = self.happened.get(what, 0) + 1

    def _vendors_turn(self) -> None:
        chance = self._vendors
        while not self._over.wait(chance.uniform(1, 4)):
            vendor = chance.choice([*JOBS.values()])
            if chance.random() < 0.05:
                self._close(vendor)
                continue
            mode = chance.choice(MODES[vendor])
            self._behave(vendor, mode, None if mode == "down" else chance.randint(1, 4 if mode != "refuse" else 1))
            self._count(mode)
            if mode == "down":
                self._over.wait(chance.uniform(2, 8))
                self._behave(vendor, "ok")

    def _behave(self, vendor: str, mode: str, times: int | None = None) -> None:
        assert self._topology.call(vendor, "POST", "/behave", {"mode": mode, "times": times}), (vendor, mode)

    def _close(self, vendor: str) -> None:
        """Refuse connections for a while; a request that was at the vendor, and one on a kept connection, are lost."""
        self._count("connection refused")
        self._topology.kill(vendor)
        self.faults += 2
        self._over.wait(self._vendors.uniform(0.5, 5))
        self._topology.open(vendor)
        eventually(lambda: self._topology.call(vendor, "GET", "/behave"), within=PATIENCE, every=0.1, what=vendor)

    def _peoples_turn(self) -> None:
        chance = self._people
        acts = [
            self._edit,
            self._edit,
            self._comment,
            self._break_and_mend,
            self._add_and_remove,
            self._pause_and_resume,
        ]
        while not self._over.wait(chance.uniform(3, 12)):
            act = chance.choice(acts)
            self._count(act.__name__.strip("_").replace("_", " "))
            act(chance.choice([*JOBS]))

    def _edit(self, job: str) -> None:
        self._write(job, self._sound[job].replace("job:\n", f'job:\n  description: "edit {time.time():.0f}"\n', 1))

    def _comment(self, job: str) -> None:
        self._write(job, self._sound[job] + f"# looked at again, {time.time():.0f}\n")

    def _break_and_mend(self, job: str) -> None:
        """Make a mistake, see Airflow tell of it, and take it back."""
        self._write(job, self._sound[job].replace("job:\n", "job:\n  no_such_key: true\n", 1))
        self._until(lambda: "no_such_key" in json.dumps(self._import_errors()), "the mistake is told of")
        self._write(job, self._sound[job])
        self._until(lambda: self._import_errors() == [], "the mistake is forgotten")

    def _add_and_remove(self, _job: str) -> None:
        self._write(FOURTH, self._sound["state_payments_sync"].replace("hud.eviction.ordered", "hud.nothing.happened"))
        self._until(lambda: not self._fourth().get("is_stale", True), "the new job has a DAG")
        (self._jobs / f"{FOURTH}.yaml").unlink()
        self._until(lambda: self._fourth().get("is_stale", True), "its DAG is gone")

    def _pause_and_resume(self, job: str) -> None:
        why = (job, "--reason", "weather", "--by", "soak")
        done = self._topology.hms_syn("pause", *why)
        assert done.returncode == 0, done.stderr
        start = time.time()
        self._over.wait(self._people.uniform(2, 6))
        if JOBS[job] == "court":
            self.pauses.append((start, time.time()))
        done = self._topology.hms_syn("resume", *why)
        assert done.returncode == 0, done.stderr

    def _kill(self, name: str) -> None:
        """Lose a container, and have it back, as with Docker; what it was sending to each vendor is in doubt."""
        self.killed.append(name)
        self._topology.kill(name)
        self.faults += 1
        time.sleep(1)
        self._topology.start_one(name)

    def _until(self, look, what: str) -> None:
        eventually(look, within=PATIENCE, every=0.5, what=what)

    def _fourth(self) -> dict[str, object]:
        return self._topology.call("api-server", "GET", f"/api/v2/dags/syn.{FOURTH}.push", token=self._token)

    def _import_errors(self) -> list[object]:
        told = self._topology.call("api-server", "GET", "/api/v2/importErrors", token=self._token)
        return told.get("import_errors", [{}])

    def _write(self, job: str, text: str) -> None:
        """Put a file in its place whole, as an editor does."""
        beside = self._jobs / f".{job}.new"
        beside.write_text(text, encoding="utf-8")
        beside.replace(self._jobs / f"{job}.yaml")
