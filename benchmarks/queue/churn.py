"""What a claim costs after a million messages have come and gone, and while an old snapshot keeps their rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from benchmarks.queue.backlog import CLAIMS, filled, milliseconds

if TYPE_CHECKING:
    from benchmarks.bench import Bench
    from benchmarks.ours import Ours

STANDING = 2_000
KEYS = 100
ACKS = 1_000_000
PINNED_ACKS = 100_000
PATIENCE = 150
"""Seconds after which the pinned lane is measured with the acks there are by then."""


def churn(bench: Bench) -> None:
    """Time claims fresh, after the churn, after a vacuum, and on one lane with a pinned snapshot."""
    acks, pinned_acks = bench.count(ACKS), bench.count(PINNED_ACKS)
    queue = filled(bench, STANDING, KEYS)
    queue.keep_dead_rows()
    fresh = milliseconds(queue.claims, CLAIMS)
    bench.say(f"{acks:,} messages come and go")
    queue.churn(acks)
    after = milliseconds(queue.claims, CLAIMS)
    queue.vacuum()
    vacuumed = milliseconds(queue.claims, CLAIMS)
    queue.close()
    bench.server.drop(queue.database)
    bench.say(f"{pinned_acks:,} acks on one key under an old snapshot")
    before_pin, pinned, done = _pinned(bench, pinned_acks)
    rows = [
        ("fresh, 100 keys", f"{fresh:.2f}", "1.00"),
        (f"after {acks:,} acks, no vacuum", f"{after:.2f}", f"{after / fresh:.2f}"),
        ("after vacuum", f"{vacuumed:.2f}", f"{vacuumed / fresh:.2f}"),
        ("fresh, one key", f"{before_pin:.2f}", "1.00"),
        (f"after {done:,} acks, snapshot pinned", f"{pinned:.2f}", f"{pinned / before_pin:.2f}"),
    ]
    bench.table("Claim after churn, median ms", ("", "ms", "ratio"), rows)
    bench.keep(
        "9-churn",
        {
            "after 1M acks, no vacuum": after / fresh,
            "after vacuum": vacuumed / fresh,
            "pinned snapshot, one key": pinned / before_pin,
        },
    )


def _pinned(bench: Bench, acks: int) -> tuple[float, float, int]:
    """Send ``acks`` messages of one key through a real drain while another transaction sees the past."""
    queue: Ours = filled(bench, acks + 10 * CLAIMS, 1)
    queue.keep_dead_rows()
    with psycopg.connect(queue.database.conninfo) as holder:
        fresh = milliseconds(queue.claims, CLAIMS)
        holder.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        holder.execute("SELECT count(*) FROM hms_syn_lane")
        done = queue.drain(most=acks, seconds=PATIENCE).run()
        pinned = milliseconds(queue.claims, CLAIMS)
        holder.rollback()
    queue.close()
    bench.server.drop(queue.database)
    return fresh, pinned, done
