"""SOAP calls to a node-soap court: one at a time, and eight at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.peers.node import node_court

from benchmarks.compare import by_turns
from benchmarks.ours_vendor import OurThreads, OurVendor
from benchmarks.peers.soap_clients import HandAiohttp, HandHttpClient, HandRequests, ReusedZeep

if TYPE_CHECKING:
    from benchmarks.bench import Bench
    from benchmarks.meter import Cost

CALLS = 600
WARM = 50


def single(bench: Bench) -> None:
    """One call after the other."""
    costs = _measured(bench, "SOAP, one at a time", [HandHttpClient, HandRequests, ReusedZeep, OurVendor])
    ours = costs[OurVendor.name].rate
    bench.keep("12-soap-single", {"rate of a hand-written loop's": ours / costs[HandRequests.name].rate})


def eight(bench: Bench) -> None:
    """Eight ordering keys in flight."""
    costs = _measured(bench, "SOAP, eight at a time", [ReusedZeep, HandAiohttp, OurThreads])
    ours = costs[OurThreads.name].rate
    bench.keep(
        "13-soap-eight",
        {
            "rate of a reused zeep client's": ours / costs[ReusedZeep.name].rate,
            "rate of hand-written aiohttp's": ours / costs[HandAiohttp.name].rate,
        },
    )


def _measured(bench: Bench, title: str, kinds: list[Any]) -> dict[str, Cost]:
    with node_court() as origin:
        clients = [kind(origin) for kind in kinds]
        for client in clients:
            client.send(WARM)
        bench.say(title)
        costs = by_turns(bench, clients, lambda client, count: client.send(count), count=bench.count(CALLS))
        for client in clients:
            client.close()
    bench.costs(f"{title} (CPU of the client alone)", costs, anchor=kinds[1].name)
    return costs
