"""Publishers that are slow to commit and workers that are quick to drop empty lanes, on the same few keys."""

from __future__ import annotations

import hashlib
import json
import random
import sys
import threading
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from benchmarks.child import Child
from benchmarks.ours import Ours
from benchmarks.server import Database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from benchmarks.bench import Bench

PUBLISHERS, WORKERS, KEYS = 3, 2, 5
EVENTS = 400
SETTLE = 5.0
LEAF = b"\x00"
"""What the contract puts before a body when it is hashed."""


def race(bench: Bench) -> None:
    """Run the race, then count what is lost, stuck, out of order or not linked."""
    count = bench.count(EVENTS)
    database = bench.server.database("race")
    queue = Ours(database)
    bench.say(f"{PUBLISHERS} publishers and {WORKERS} workers race over {KEYS} keys")
    where = {"folder": database.folder, "name": database.name}
    workers = [Child(worker, **where).go() for _ in range(WORKERS)]
    publishers = [Child(publisher, **where, number=number, count=count).go() for number in range(PUBLISHERS)]
    published = {tuple(item) for child in publishers for item in child.answer()}
    time.sleep(SETTLE)
    heard = sorted((at, case, key) for child in workers for case, key, at in child.stop().answer())
    got = {(case, key) for _, case, key in heard}
    counts = queue.counts()
    stuck = sum(number for state, number in counts.items() if state != "delivered")
    found = {
        "lost": float(len(published) - counts.get("delivered", 0) - stuck + len(published - got)),
        "stuck": float(stuck),
        "out of order": float(out_of_order((case, key) for _, case, key in heard)),
        "broken links": float(broken_links(database)),
    }
    bench.table(
        f"Race: {len(published):,} published, {len(heard):,} sent",
        ("", "count"),
        [(name, f"{value:.0f}") for name, value in found.items()],
    )
    bench.keep("10-race", found)
    queue.close()


def publisher(*, folder: str, name: str, number: int, count: int) -> Callable[[], Any]:
    """Prepare a publisher whose transactions stay open for up to 10 ms after the event is in them."""
    queue = Ours(Database(folder, name), fresh=False)
    draw = random.Random(number)

    def run() -> list[tuple[str, str]]:
        sent = []
        for turn in range(count):
            case, key = f"{number}:{turn}", f"judge-{draw.randrange(KEYS)}"
            queue.publish_slowly(case, key, pause=draw.uniform(0, 0.01))
            sent.append((case, key))
        return sent

    return run


def worker(*, folder: str, name: str) -> Callable[[], Any]:
    """Prepare a worker that drains until it is told to stop; its answer is all that its vendor heard."""
    queue = Ours(Database(folder, name), fresh=False)
    queue.drain(most=0).run()

    def run() -> list[tuple[str, str, float]]:
        queue.linger(told_to_stop())
        return queue.vendor.heard

    return run


def told_to_stop() -> Callable[[], bool]:
    """Listen for the parent's last word."""
    said = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.readline(), said.set()), daemon=True).start()
    return said.is_set


def out_of_order(heard: Iterable[tuple[str, str]]) -> int:
    """Count messages that a publisher's later one of the same key had overtaken."""
    last: dict[tuple[str, str], int] = defaultdict(lambda: -1)
    wrong = 0
    for case, key in heard:
        publisher, _, turn = case.partition(":")
        wrong += int(turn) < last[publisher, key]
        last[publisher, key] = max(last[publisher, key], int(turn))
    return wrong


def broken_links(database: Database) -> int:
    """Check the audit trail as the contract says that anyone can: by its view alone."""
    tips: dict[object, object] = {}
    broken = 0
    for message, digest, body in database.run("SELECT message_id, hash, body FROM hms_syn_audit_v ORDER BY seq"):
        whole = hashlib.sha256(LEAF + str(body).encode()).hexdigest() == digest
        if message is not None:
            whole = whole and json.loads(str(body)).get("prev") == tips.get(message)
            tips[message] = digest
        broken += not whole
    return broken
