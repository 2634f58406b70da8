"""What processes take of a machine while a test goes on: memory by the kernel's own account, and seconds of a core."""

from __future__ import annotations

import statistics
import threading
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import TracebackType

    from typing_extensions import Self

MIB = 1024.0
"""The kernel counts in KiB."""


@dataclass(kw_only=True)
class Life:
    """One process while it was looked at: its component, what it calls itself, and MiB at so many seconds.

    ``mib`` is its proportional set (PSS): what is shared by forking counts in parts, so that a sum is no more than
    there is. ``own`` is what it has written to (anonymous pages, each counted whole): that alone tells whether it
    grows, because its part of what is shared moves whenever another process begins or ends.
    """

    component: str
    title: str
    at: list[float] = field(default_factory=list)
    mib: list[float] = field(default_factory=list)
    own: list[float] = field(default_factory=list)
    cpu: float = 0.0

    def since(self, second: float) -> Life:
        """Return what was seen from this second on."""
        kept = [number for number, at in enumerate(self.at) if at >= second]
        at, mib, own = ([row[number] for number in kept] for row in (self.at, self.mib, self.own))
        return Life(component=self.component, title=self.title, at=at, mib=mib, own=own, cpu=self.cpu)

    @property
    def slope(self) -> float:
        """MiB a minute of its own, by Theil and Sen: the middle of the slopes between any two looks."""
        return slope(self.at, self.own)


def slope(at: Sequence[float], mib: Sequence[float]) -> float:
    """Return MiB a minute over so many looks at these seconds; 0 where there is but one."""
    rises = [(y1 - y0) / (x1 - x0) for (x0, y0), (x1, y1) in combinations(zip(at, mib, strict=True), 2) if x1 > x0]
    return 60 * statistics.median(rises) if rises else 0.0


class Footprint:
    """Looks at components, each a process with all it has started, every few seconds until the ``with`` block ends.

    A component that was killed and started again is one component and several lives.
    """

    def __init__(self, roots: Callable[[], Mapping[str, int]], *, every: float = 5.0) -> None:
        self._roots, self._every = roots, every
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look_on, name="footprint", daemon=True)
        self._began = time.monotonic()
        self.lives: dict[tuple[int, float], Life] = {}
        self.sums: dict[str, Life] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """Look no more; what was seen stays."""
        self._ended.set()
        self._thread.join()

    @property
    def seconds(self) -> float:
        """How long it was looked."""
        return max((life.at[-1] for life in self.sums.values()), default=0.0)

    def lasting(self, after: float) -> list[Life]:
        """Return the processes that were there for half of the time after a warm-up, each from its own warm-up on.

        A process that has just begun grows, and that is no leak.
        """
        lives = [life.since(life.at[0] + after) for life in self.lives.values() if life.at]
        half = (self.seconds - after) / 2
        return [life for life in lives if life.at and life.at[-1] - life.at[0] >= half]

    def _look_on(self) -> None:
        while True:
            self._look()
            if self._ended.wait(self._every):
                return

    def _look(self) -> None:
        at = time.monotonic() - self._began
        sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        for component, process in self._processes():
            with suppress(psutil.Error, OSError, ValueError, IndexError):
                title = " ".join(process.cmdline())
                mib, own = memory(process.pid)
                key = (process.pid, process.create_time())
                life = self.lives.setdefault(key, Life(component=component, title=title))
                life.title = title or life.title
                spent = process.cpu_times()
                total = self.sums.setdefault(component, Life(component=component, title="in all"))
                total.cpu += spent.user + spent.system - life.cpu
                life.cpu = spent.user + spent.system
                life.at.append(at)
                life.mib.append(mib)
                life.own.append(own)
                sums[component] = [sums[component][0] + mib, sums[component][1] + own]
        for component, (mib, own) in sums.items():
            self.sums[component].at.append(at)
            self.sums[component].mib.append(mib)
            self.sums[component].own.append(own)

    def _processes(self) -> Iterator[tuple[str, psutil.Process]]:
        for component, pid in self._roots().items():
            with suppress(psutil.NoSuchProcess):
                root = psutil.Process(pid)
                yield component, root
                for child in root.children(recursive=True):
                    yield component, child


def memory(pid: int) -> tuple[float, float]:
    """Return a process's proportional set and its anonymous pages, in MiB.

    :raises OSError: it is gone
    """
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    pss, own = (int(rollup.partition(f"\n{name}:")[2].split()[0]) / MIB for name in ("Pss", "Anonymous"))
    return pss, own
