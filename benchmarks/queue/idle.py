"""From an agency's publish to the vendor's answer while nothing else happens: a warm worker in another process."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

from benchmarks.child import Child
from benchmarks.ours import Ours
from benchmarks.peers.procrastinate_queue import Procrastinate
from benchmarks.queue.race import told_to_stop
from benchmarks.server import Database

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.bench import Bench

EVENTS = 100
GAP = 0.11
"""Seconds between events: nothing waits when the next one comes, and no poll keeps step with it."""


def latency(bench: Bench) -> None:
    """Publish now to one, now to the other, and compare how long their workers took to answer."""
    ours, theirs = Ours(bench.server.database("ours")), Procrastinate(bench.server.database("procrastinate"))
    workers = {
        queue.name: Child(prepare, folder=queue.database.folder, name=queue.database.name).go()
        for queue, prepare in ((ours, our_worker), (theirs, their_worker))
    }
    bench.say("publishing into idle queues")
    time.sleep(2)
    sent: dict[str, dict[str, float]] = {name: {} for name in workers}
    for number in range(bench.count(EVENTS) + 5):
        for queue in (ours, theirs):
            time.sleep(GAP)
            sent[queue.name][f"HUD-22-{number}"] = time.monotonic()
            queue.publish_named(number)
    time.sleep(1)
    took = {}
    for name, child in workers.items():
        heard = child.stop().answer()
        took[name] = sorted((heard[case] - at) * 1000 for case, at in list(sent[name].items())[5:])
    rows = [(name, f"{statistics.median(times):.1f}", f"{_p95(times):.1f}") for name, times in took.items()]
    bench.table("Publish to vendor's answer, idle, ms", ("", "median", "p95"), rows)
    bench.keep(
        "11-idle-latency",
        {
            "median of procrastinate's": statistics.median(took[ours.name]) / statistics.median(took[theirs.name]),
            "p95": _p95(took[ours.name]),
        },
    )
    ours.close()
    theirs.close()


def our_worker(*, folder: str, name: str) -> Callable[[], Any]:
    """Prepare a warm worker of ours; its answer says when its vendor heard of each case."""
    queue = Ours(Database(folder, name), fresh=False)

    def run() -> dict[str, float]:
        queue.linger(told_to_stop())
        return {case: at for case, _, at in queue.vendor.heard}

    return run


def their_worker(*, folder: str, name: str) -> Callable[[], Any]:
    """Prepare procrastinate's worker, which LISTENs."""
    queue = Procrastinate(Database(folder, name), fresh=False)

    def run() -> dict[str, float]:
        queue.linger(told_to_stop())
        return queue.heard

    return run


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]
