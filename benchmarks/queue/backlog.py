"""What a claim and a drain's memory cost at a backlog of a thousand and of a million."""

from __future__ import annotations

import resource
import statistics
from typing import TYPE_CHECKING, Any

from benchmarks.child import Child
from benchmarks.ours import Ours
from benchmarks.peers.procrastinate_queue import Procrastinate
from benchmarks.server import Database

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.bench import Bench

SMALL = 1_000
LARGE = 1_000_000
CLAIMS = 300
WARM = 50
MANY = 10
"""Messages an ordering key has where there are many keys."""


def claims(bench: Bench) -> None:
    """Time claims at both backlogs, with many keys and with one; ours alone and warm, then procrastinate's."""
    large = bench.count(LARGE)
    ours: dict[tuple[int, bool], float] = {}
    theirs: dict[bool, float] = {}
    memory: dict[int, float] = {}
    for many in (True, False):
        for backlog in (SMALL, large):
            keys = backlog // MANY if many else 1
            bench.say(f"claims at a backlog of {backlog:,} on {keys:,} key(s)")
            queue = filled(bench, backlog, keys)
            ours[backlog, many] = milliseconds(queue.claims, CLAIMS)
            if many:
                memory[backlog] = Child(drained, folder=queue.database.folder, name=queue.database.name).go().answer()
            queue.close()
            bench.server.drop(queue.database)
        peer = Procrastinate(bench.server.database("procrastinate"))
        peer.fill(large, locks=large // MANY if many else 1)
        theirs[many] = milliseconds(peer.claims, 10, warm=2)
        peer.close()
        bench.server.drop(peer.database)
    bench.table(
        f"Claim, median ms, and peak memory of a fresh drain, MB ({large:,} instead of 1M)"
        if large != LARGE
        else "Claim, median ms, and peak memory of a fresh drain, MB",
        ("", "1k", "1M", "ratio", "procrastinate at 1M"),
        [
            _row("many keys", ours[SMALL, True], ours[large, True], theirs[True]),
            _row("one key", ours[SMALL, False], ours[large, False], theirs[False]),
            _row("memory", memory[SMALL], memory[large]),
        ],
    )
    bench.keep(
        "7-backlog",
        {
            "many keys: 1M over 1k": ours[large, True] / ours[SMALL, True],
            "one key: 1M over 1k": ours[large, False] / ours[SMALL, False],
            "faster than procrastinate, many locks": theirs[True] / ours[large, True],
            "faster than procrastinate, one lock": theirs[False] / ours[large, False],
            "memory: 1M over 1k": memory[large] / memory[SMALL],
        },
    )


def blocked(bench: Bench) -> None:
    """Time claims while half of the backlog waits under one key, and while a tenth of the keys back off."""
    backlog = bench.count(LARGE // 10)
    keys = backlog // MANY
    found = {}
    for name, half, lanes in (
        ("nothing blocked", False, "false"),
        ("half under one key", True, "ordering_key = 'judge-hot'"),
        ("a tenth of keys backing off", False, "id % 10 = 0"),
    ):
        bench.say(f"claims with {name}")
        queue = filled(bench, backlog, keys)
        if half:
            queue.gather("id % 2 = 0", into="judge-hot")
        queue.block(lanes)
        found[name] = milliseconds(queue.claims, CLAIMS)
        queue.close()
        bench.server.drop(queue.database)
    free = found.pop("nothing blocked")
    bench.table(
        f"Claim at a backlog of {backlog:,}, median ms",
        ("", "ms", "ratio"),
        [
            ("nothing blocked", f"{free:.2f}", "1.00"),
            *((n, f"{ms:.2f}", f"{ms / free:.2f}") for n, ms in found.items()),
        ],
    )
    bench.keep("8-blocked-keys", {name: value / free for name, value in found.items()})


def filled(bench: Bench, backlog: int, keys: int) -> Ours:
    """Make a queue with a backlog."""
    queue = Ours(bench.server.database("ours"))
    queue.fill(backlog, keys=keys)
    return queue


def milliseconds(claims: Callable[[int], list[float]], count: int, *, warm: int = WARM) -> float:
    """Return the median of so many claims, after some that are not counted."""
    return statistics.median(claims(count + warm)[warm:]) * 1000


def drained(*, folder: str, name: str) -> Callable[[], Any]:
    """Prepare a fresh drain; its answer is the most memory it ever had, in MB."""
    queue = Ours(Database(folder, name), fresh=False)

    def run() -> float:
        queue.drain(most=300).run()
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    return run


def _row(name: str, small: float, large: float, peer: float | None = None) -> tuple[str, ...]:
    theirs = "" if peer is None else f"{peer:.2f} (x{peer / large:.0f})"
    return name, f"{small:.2f}", f"{large:.2f}", f"{large / small:.2f}", theirs
