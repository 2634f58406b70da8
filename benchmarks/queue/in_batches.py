"""Consuming a hundred at a time: one call of the vendor, one commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.compare import by_turns
from benchmarks.ours import NotBuilt, Ours
from benchmarks.peers.pgmq_queue import Pgmq
from benchmarks.peers.procrastinate_queue import Procrastinate
from benchmarks.peers.raw_queue import RawPsycopg

if TYPE_CHECKING:
    from benchmarks.bench import Bench
    from benchmarks.compare import Contender

COUNT = 2000


def consume(bench: Bench) -> None:
    """Compare with batch loops, and with procrastinate, which has none."""
    database = bench.server.database
    ours = Ours(database("ours"))
    queues = [RawPsycopg(database("raw")), Pgmq(database("pgmq")), Procrastinate(database("procrastinate")), ours]
    try:
        ours.consume_batches(0)
    except NotBuilt as missing:
        bench.say(f"HMS-SYN has not built {missing}")
        queues.remove(ours)
    for queue in queues:
        queue.publish_batches(100)
        _act(queue, 100)
    costs = by_turns(
        bench, queues, _act, count=bench.count(COUNT), before=lambda queue, count: queue.publish_batches(count)
    )
    bench.costs("Consume, 100 at a time", costs, anchor="procrastinate")
    if ours in queues:
        rate = costs[Ours.name].rate
        bench.keep(
            "5-consume-batch",
            {
                "rate of procrastinate's": rate / costs["procrastinate"].rate,
                "rate of a raw loop's": rate / costs[RawPsycopg.name].rate,
            },
        )
    for queue in queues:
        queue.close()


def _act(queue: Contender, count: int) -> None:
    getattr(queue, "consume_batches", queue.consume)(count)
