"""Consuming jobs that do nothing: what is left is the queue's own cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.compare import by_turns
from benchmarks.ours import Ours
from benchmarks.queue.publish import everyone

if TYPE_CHECKING:
    from benchmarks.bench import Bench

COUNT = 2000
"""Twenty messages a key: a lane is claimed as a window, as in a backlog."""


def one_by_one(bench: Bench) -> None:
    """Consume with one commit a message."""
    contenders = everyone(bench)
    bench.say("consuming one by one")
    costs = by_turns(
        bench,
        contenders,
        lambda contender, count: contender.consume(count),
        count=bench.count(COUNT, least=1000),
        before=lambda contender, count: contender.publish(count),
    )
    bench.costs("Consume, one commit a message", costs, anchor="procrastinate with lock")
    ours, theirs = costs[Ours.name], costs["procrastinate with lock"]
    bench.keep(
        "4-consume",
        {
            "rate of procrastinate's": ours.rate / theirs.rate,
            "CPU of procrastinate's": ours.cpu_each / theirs.cpu_each,
        },
    )
    for contender in contenders:
        contender.close()
