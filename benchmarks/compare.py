"""Running contenders by turns, so that whatever else the machine does falls on all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from benchmarks.meter import Cost, median, metered
from benchmarks.workload import KEYS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.bench import Bench


class Contender(Protocol):
    """One queue on one database. Each method handles exactly ``count`` messages of the workload."""

    name: str

    def publish(self, count: int, *, keys: int = KEYS) -> None:
        """One message a call, each durable when the call returns."""

    def publish_batches(self, count: int) -> None:
        """One hundred messages a call."""

    def consume(self, count: int) -> None:
        """Everything that waits, which is ``count`` messages."""

    def close(self) -> None:
        """Give the connections back."""


def by_turns(
    bench: Bench,
    contenders: Sequence[Contender],
    act: Callable[[Contender, int], None],
    *,
    count: int,
    before: Callable[[Contender, int], None] = lambda _contender, _count: None,
) -> dict[str, Cost]:
    """Run ``act`` of every contender in each round, and return what the typical round of each took.

    The order turns from round to round; ``before`` is not measured.
    """
    costs: dict[str, list[Cost]] = {contender.name: [] for contender in contenders}
    for number in range(bench.rounds):
        first = number % len(contenders)
        for contender in [*contenders[first:], *contenders[:first]]:
            before(contender, count)
            with metered(count, bench.server.cpu) as cost:
                act(contender, count)
            costs[contender.name].append(cost)
    return {name: median(found) for name, found in costs.items()}
