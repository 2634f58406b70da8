"""How often a process parses a WSDL, and what the second call costs."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

from tests.peers.node import node_court
from zeep.wsdl import wsdl

from benchmarks.child import Child
from benchmarks.ours_vendor import adapter, hearing

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.bench import Bench

PROCESSES = 9
ADAPTERS = 8
CALLS = 60


def once(bench: Bench) -> None:
    """Look at fresh processes, each with eight adapters of one job."""
    bench.say("first, second and later calls of fresh processes")
    with node_court() as origin:
        answers = [Child(calls, origin=origin).go().answer() for _ in range(max(3, int(PROCESSES * bench.scale)))]
    typical = {name: statistics.median(answer[name] for answer in answers) for name in answers[0]}
    bench.table(
        "A fresh process, client CPU µs a call",
        ("", "µs"),
        [(name, f"{typical[name]:,.0f}") for name in ("first call", "second call", "later call")]
        + [("WSDLs parsed by 8 adapters", f"{typical['parses']:.0f}")],
    )
    bench.keep(
        "15-wsdl-once",
        {
            "parses": typical["parses"],
            "second call's CPU of a later one's": typical["second call"] / typical["later call"],
        },
    )


def calls(*, origin: str) -> Callable[[], Any]:
    """Prepare a process; its answer is the CPU of its calls and how many WSDLs were parsed."""
    parsed = 0
    whole = wsdl.Document.__init__

    def counted(self: wsdl.Document, *arguments: Any, **named: Any) -> None:
        nonlocal parsed
        parsed += 1
        whole(self, *arguments, **named)

    wsdl.Document.__init__ = counted

    def run() -> dict[str, float]:
        vendor = adapter(origin)
        took = [_cpu(lambda number=number: vendor.send(hearing(number))) for number in range(CALLS)]
        for number in range(ADAPTERS - 1):
            another = adapter(origin)
            another.send(hearing(CALLS + number))
            another.close()
        vendor.close()
        return {
            "first call": took[0],
            "second call": took[1],
            "later call": statistics.median(took[CALLS // 2 :]),
            "parses": parsed,
        }

    return run


def _cpu(call: Callable[[], Any]) -> float:
    began = time.process_time()
    call()
    return (time.process_time() - began) * 1_000_000
