"""Four publishers at a time, each a process, on a hundred ordering keys and on one."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

from benchmarks.child import Child, timed
from benchmarks.meter import Cost, median
from benchmarks.ours import Ours
from benchmarks.ours_locked import Locked
from benchmarks.peers.procrastinate_queue import Procrastinate
from benchmarks.server import Database
from benchmarks.workload import KEYS

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.bench import Bench

PUBLISHERS = 4
COUNT = 500
KINDS: dict[str, Any] = {"procrastinate": Procrastinate, Locked.name: Locked, Ours.name: Ours}


def publisher(*, kind: str, folder: str, name: str, count: int, keys: int) -> Callable[[], Any]:
    """Prepare one publisher on tables that are there already."""
    contender = KINDS[kind](Database(folder, name), fresh=False)
    contender.publish(5, keys=keys)
    return timed(lambda: contender.publish(count, keys=keys))


def publish(bench: Bench) -> None:
    """Run four publishers of each kind by turns."""
    ours: dict[int, dict[str, Cost]] = {}
    for keys in (KEYS, 1):
        bench.say(f"four publishers on {keys} ordering key(s)")
        ours[keys] = _round_robin(bench, keys)
        bench.costs(f"Four publishers, {keys} ordering key(s)", ours[keys], anchor="procrastinate")
    many, one = ours[KEYS], ours[1]
    bench.keep(
        "3-four-publishers",
        {
            "100 keys: rate of procrastinate's": many[Ours.name].rate / many["procrastinate"].rate,
            "one key: rate of procrastinate's": one[Ours.name].rate / one["procrastinate"].rate,
            "one key: rate of a locked lane's": one[Ours.name].rate / one[Locked.name].rate,
        },
    )


def _round_robin(bench: Bench, keys: int) -> dict[str, Cost]:
    databases = {name: bench.server.database("four") for name in KINDS}
    for name, kind in KINDS.items():
        kind(databases[name]).close()
    costs: dict[str, list[Cost]] = {name: [] for name in KINDS}
    for _ in range(bench.rounds):
        for name, database in databases.items():
            costs[name].append(_together(bench, name, database, keys))
    return {name: median(found) for name, found in costs.items()}


def _together(bench: Bench, kind: str, database: Database, keys: int) -> Cost:
    count = bench.count(COUNT)
    children = [
        Child(publisher, kind=kind, folder=database.folder, name=database.name, count=count, keys=keys)
        for _ in range(PUBLISHERS)
    ]
    before = bench.server.cpu()
    for child in children:
        child.go()
    answers = [child.answer() for child in children]
    cost = Cost(count * PUBLISHERS)
    cost.seconds = max(answer["ended"] for answer in answers) - statistics.mean(answer["began"] for answer in answers)
    cost.cpu = sum(answer["cpu"] for answer in answers) + bench.server.cpu() - before
    return cost
