"""What a piece of work costs: seconds, and CPU of the client and the server together."""

from __future__ import annotations

import statistics
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

MICRO = 1_000_000


@dataclass(slots=True)
class Cost:
    """What so many messages took."""

    messages: int
    seconds: float = 0.0
    cpu: float = 0.0

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.messages / self.seconds

    @property
    def cpu_each(self) -> float:
        """Microseconds of CPU a message."""
        return self.cpu / self.messages * MICRO


@contextmanager
def metered(messages: int, server_cpu: Callable[[], float] = lambda: 0.0) -> Iterator[Cost]:
    """Measure the block: this process, its children and the server."""
    cost = Cost(messages)
    server, own, started = server_cpu(), own_cpu(), time.perf_counter()
    yield cost
    cost.seconds = time.perf_counter() - started
    cost.cpu = own_cpu() - own + server_cpu() - server


def own_cpu() -> float:
    """Seconds of CPU this process has used, with the children it has waited for."""
    times = psutil.Process().cpu_times()
    return time.process_time() + times.children_user + times.children_system


def median(costs: Sequence[Cost]) -> Cost:
    """The typical round: medians of the rate and of the CPU, each by itself."""
    messages = sum(cost.messages for cost in costs)
    return Cost(
        messages,
        seconds=messages / statistics.median(cost.rate for cost in costs),
        cpu=statistics.median(cost.cpu_each for cost in costs) * messages / MICRO,
    )


def tree_cpu(pid: int) -> float:
    """Seconds of CPU that a process has used, with all its children, and those that have ended and were waited for."""
    process = psutil.Process(pid)
    used = 0.0
    for each in [process, *process.children(recursive=True)]:
        try:
            times = each.cpu_times()
        except psutil.NoSuchProcess:  # counted as its parent's from now on
            continue
        used += times.user + times.system + times.children_user + times.children_system
    return used
