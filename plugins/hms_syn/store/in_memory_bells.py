"""The in-memory store's lanes and bells: who drains a job, and when its doorbell rings."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from hms_syn.domain.delivery import Delivery

NEVER = float("-inf")


@dataclass(slots=True)
class Lane:
    """The open deliveries of one (job, ordering key), with their lease."""

    id: int
    ready_at: float
    owner: str | None = None
    fence: int = 0
    reserved_until: float = NEVER
    queue: list[Delivery] = field(default_factory=list)


@dataclass(slots=True)
class Bell:
    """A job's drain and doorbell."""

    drain_owner: str | None = None
    drain_until: float = NEVER
    rung_at: float = NEVER
    ring_wait: float = 0.0
    ring_cap: float = 60.0


class InMemoryBells:
    """The part of the port ``Store`` that decides who works on what, and when."""

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._jobs: dict[str, Bell] = {}
        self._lanes: dict[tuple[str, str], Lane] = {}

    def take_drain(self, job: str, *, owner: str, seconds: float) -> bool:
        with self._lock:
            bell, now = self._jobs.get(job), self._clock()
            if bell is None or (bell.drain_until >= now and bell.drain_owner != owner):
                return False
            bell.drain_owner, bell.drain_until, bell.rung_at, bell.ring_wait = owner, now + seconds, NEVER, 0.0
            for (lane_job, _key), lane in self._lanes.items():
                if lane_job == job and lane.owner == owner:
                    lane.ready_at = now
            return True

    def keep_drain(self, job: str, *, owner: str, seconds: float) -> bool:
        with self._lock:
            bell = self._jobs[job]
            if bell.drain_owner != owner:
                return False
            bell.drain_until = self._clock() + seconds
            return True

    def end_drain(self, job: str, *, owner: str) -> None:
        with self._lock:
            if self._jobs[job].drain_owner == owner:
                self._jobs[job].drain_owner, self._jobs[job].drain_until = None, NEVER

    def is_paused(self, job: str) -> bool:
        del job  # there is no switch in memory
        return False

    def next_due(self, job: str, *, unreserved: bool = False) -> float | None:
        with self._lock:
            now = self._clock()
            lanes = [lane for key, lane in self._lanes.items() if key[0] == job and lane.ready_at < math.inf]
            return min(
                (lane.ready_at - now for lane in lanes if not unreserved or lane.reserved_until < now), default=None
            )

    def reserve(self, job: str, *, grace: float) -> None:
        with self._lock:
            for key, lane in self._lanes.items():
                if key[0] == job and lane.ready_at > self._clock():
                    lane.reserved_until = lane.ready_at + grace

    def ring(self) -> list[str]:
        with self._lock:
            now = self._clock()
            due = sorted(
                {key[0] for key, lane in self._lanes.items() if lane.ready_at <= now and lane.reserved_until < now}
            )
            rung = [
                job
                for job in due
                if self._jobs[job].drain_until < now and self._jobs[job].rung_at + self._jobs[job].ring_wait < now
            ]
            for job in rung:
                bell = self._jobs[job]
                bell.rung_at, bell.ring_wait = now, min(bell.ring_wait * 2 or 10.0, bell.ring_cap)
            return rung

    def rearm(self, job: str) -> None:
        with self._lock:
            self._jobs[job].rung_at, self._jobs[job].ring_wait = NEVER, 0.0
