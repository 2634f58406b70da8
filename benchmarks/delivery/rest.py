"""Payments over REST to a gateway on Node.js, eight at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.harness.gateways import gateway
from tests.peers.node import node_payments

from benchmarks.child import Child
from benchmarks.compare import by_turns
from benchmarks.ours_payments import OurPayments, behind_a_token
from benchmarks.peers.rest_clients import HandAiohttp, LoopedHook

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.bench import Bench

CALLS = 2400
WARM = 80


def eight(bench: Bench) -> None:
    """Eight ordering keys in flight, beside a loop of Airflow's hook and a hand-written concurrent client."""
    title = "REST, eight at a time"
    with node_payments() as origin:
        clients = [LoopedHook(origin), HandAiohttp(origin), OurPayments(origin)]
        for client in clients:
            client.send(WARM)
        bench.say(title)
        count = bench.count(CALLS) // 8 * 8
        costs = by_turns(bench, clients, lambda client, calls: client.send(calls), count=count)
        for client in clients:
            client.close()
    bench.costs(f"{title} (CPU of the client alone)", costs, anchor=HandAiohttp.name)
    ours = costs[OurPayments.name].rate
    bench.keep(
        "16-rest-eight",
        {
            "rate of an HttpHook loop's": ours / costs[LoopedHook.name].rate,
            "rate of hand-written aiohttp's": ours / costs[HandAiohttp.name].rate,
        },
    )


def one_token(bench: Bench) -> None:
    """Let eight adapters of a fresh process begin at one moment, before oauthlib's own server of tokens."""
    bench.say("a token for eight adapters")
    with gateway() as vendor:
        Child(payments, origin=vendor.origin).go().answer()
        bench.keep("18-token-once", {"tokens asked for": vendor.asked})


def payments(*, origin: str) -> Callable[[], Any]:
    """Prepare a process that sends ``WARM`` payments."""
    ours = OurPayments(origin, behind_a_token)

    def run() -> None:
        ours.send(WARM)
        ours.close()

    return run
