"""How a long test ends: everything is drained, and every judge is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.harness.history import read, violations
from tests.harness.publishers import settle

from hms_syn.sandbox.court_manners import MODES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.harness.cli import Cli
    from tests.harness.courts import CourtProcess
    from tests.harness.history import Published

SPOILT = tuple(f"{mode}: " for mode in MODES if mode not in ("ok", "slow"))


def verdict(
    cli: Cli, job: Path, events: Sequence[Published], vendor: CourtProcess, *, faults: int, **facts: Any
) -> str:
    """Drain the queue, ask the judge, ``reconcile`` and ``audit verify``, and return the figures in a line.

    What the court spoilt by itself counts as a fault each.
    """
    settle(cli, job, within=600)
    received = vendor.received()
    spoilt = sum(arrival["outcome"].startswith(SPOILT) for arrival in received["arrivals"])
    history = read(cli.url, "court", events, received, faults=faults + spoilt, **facts)
    assert violations(history) == []
    assert {row["state"] for row in history.deliveries} == {"delivered"}
    for judge in (("reconcile",), ("audit", "verify")):
        done = cli(*judge)
        assert done.returncode == 0, done.stdout + done.stderr
    return (
        f"{len(history.deliveries)} messages, 0 lost, {len(received['arrivals']) - len(history.deliveries)} repeats, "
        f"{spoilt} answers spoilt, {len(history.attempts)} attempts, {len(history.audit)} audit rows, 0 violations"
    )
