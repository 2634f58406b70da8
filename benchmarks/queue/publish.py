"""Publishing, one at a time and a hundred at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.compare import by_turns
from benchmarks.ours import Ours
from benchmarks.peers.pgmq_queue import Pgmq
from benchmarks.peers.pgqueuer_queue import PgQueuer
from benchmarks.peers.procrastinate_queue import Procrastinate
from benchmarks.peers.raw_queue import RawPsycopg, RawSqlAlchemy

if TYPE_CHECKING:
    from benchmarks.bench import Bench
    from benchmarks.compare import Contender

SINGLE = 500
BATCHED = 4000


def everyone(bench: Bench) -> list[Contender]:
    """Every contender on a database of its own, warm."""
    database = bench.server.database
    contenders: list[Contender] = [
        RawPsycopg(database("raw")),
        RawSqlAlchemy(database("alchemy")),
        Pgmq(database("pgmq")),
        PgQueuer(database("pgqueuer")),
        Procrastinate(database("procrastinate")),
        Procrastinate(database("lock"), lock=True),
        Ours(database("ours")),
    ]
    for contender in contenders:
        contender.publish(100)
        contender.consume(100)
    return contenders


def single(bench: Bench) -> None:
    """Publish one event a call."""
    contenders = everyone(bench)
    bench.say("publishing one by one")
    costs = by_turns(bench, contenders, lambda contender, count: contender.publish(count), count=bench.count(SINGLE))
    bench.costs("Publish, one a call", costs, anchor="procrastinate")
    ours, theirs = costs[Ours.name], costs["procrastinate"]
    bench.keep(
        "1-publish-single",
        {
            "rate of procrastinate's": ours.rate / theirs.rate,
            "CPU of procrastinate's": ours.cpu_each / theirs.cpu_each,
        },
    )
    for contender in contenders:
        contender.close()


def batches(bench: Bench) -> None:
    """Publish a hundred events a call."""
    contenders = everyone(bench)
    bench.say("publishing in batches of 100")
    costs = by_turns(
        bench, contenders, lambda contender, count: contender.publish_batches(count), count=bench.count(BATCHED)
    )
    bench.costs("Publish, 100 a call", costs, anchor="procrastinate")
    ours = costs[Ours.name].rate
    bench.keep(
        "2-publish-batch",
        {
            "rate of procrastinate's batch": ours / costs["procrastinate"].rate,
            "rate of procrastinate's with lock": ours / costs["procrastinate with lock"].rate,
            "rate of a raw insert's": ours / costs[RawSqlAlchemy.name].rate,
        },
    )
    for contender in contenders:
        contender.close()
