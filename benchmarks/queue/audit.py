"""What the chained audit trail costs: the same queue with it and without."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.compare import by_turns
from benchmarks.ours import Ours
from benchmarks.ours_unaudited import Unaudited

if TYPE_CHECKING:
    from benchmarks.bench import Bench

COUNT = 1000


def share(bench: Bench) -> None:
    """Publish and consume with the trail and without."""
    queues = [Ours(bench.server.database("ours")), Unaudited(bench.server.database("unaudited"))]
    for queue in queues:
        queue.publish(100)
        queue.consume(100)
    bench.say("publishing and consuming with and without audit")
    count = bench.count(COUNT, least=500)
    found = {}
    for what, act, before in (
        ("publish", lambda queue, number: queue.publish(number), lambda _queue, _number: None),
        ("consume", lambda queue, number: queue.consume(number), lambda queue, number: queue.publish(number)),
    ):
        costs = by_turns(bench, queues, act, count=count, before=before)
        bench.costs(f"Audit: {what}", costs, anchor=Unaudited.name)
        found[f"share of {what}'s CPU"] = 100 * (1 - costs[Unaudited.name].cpu_each / costs[Ours.name].cpu_each)
        if what == "publish":
            for queue in queues:
                queue.consume(count * bench.rounds)
    bench.keep("6-audit-cost", found)
    for queue in queues:
        queue.close()
