"""One run: its server, how long it may take, and what it has found so far."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks.goals import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.meter import Cost
    from benchmarks.server import Server


@dataclass(slots=True)
class Table:
    """What the contenders of one comparison took, beside each other."""

    title: str
    head: tuple[str, ...]
    rows: list[tuple[str, ...]]

    def lines(self) -> list[str]:
        """Align the columns for a terminal."""
        rows = [self.head, *self.rows]
        widths = [max(len(row[column]) for row in rows) for column in range(len(self.head))]
        return [
            self.title,
            *(
                "  " + "  ".join([row[0].ljust(widths[0]), *(map(str.rjust, row[1:], widths[1:]))]).rstrip()
                for row in rows
            ),
        ]


@dataclass(slots=True)
class Bench:
    """What every experiment is given. ``scale`` shortens counts and backlogs; ``rounds`` is how often each is run."""

    server: Server
    rounds: int
    scale: float
    tables: list[Table] = field(default_factory=list)
    measured: dict[str, dict[str, float]] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    def say(self, text: str) -> None:
        """Tell how far the run is."""
        print(f"[{time.monotonic() - self.began:5.0f} s] {text}", flush=True)

    def count(self, full: int, *, least: int = 100) -> int:
        """So many messages as this run takes for ``full`` ones; always whole batches."""
        return max(least, int(full * self.scale) // 100 * 100)

    def keep(self, goal: str, values: dict[str, float]) -> None:
        """Keep what was measured for a goal, by its bounds' words."""
        known = {bound.what for bound in BY_NAME[goal].bounds}
        if strange := set(values) - known:
            raise KeyError(f"{goal} has no bound {strange}")
        self.measured.setdefault(goal, {}).update(values)

    def costs(self, title: str, costs: dict[str, Cost], anchor: str) -> None:
        """Keep a comparison as a table: rate, its ratio, CPU, its ratio."""
        base = costs[anchor]
        self.table(
            title,
            ("", "msg/s", "ratio", "CPU µs", "ratio"),
            [
                (
                    name,
                    f"{cost.rate:,.0f}",
                    f"{cost.rate / base.rate:.2f}",
                    f"{cost.cpu_each:,.0f}",
                    f"{cost.cpu_each / base.cpu_each:.2f}",
                )
                for name, cost in costs.items()
            ],
        )

    def table(self, title: str, head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
        """Keep a table and show it."""
        table = Table(title, head, list(rows))
        self.tables.append(table)
        print("\n".join(table.lines()), flush=True)
