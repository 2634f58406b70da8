"""Other ways to hand a payment to the gateway: Airflow's own HttpHook, and aiohttp by hand."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import uuid
from typing import Any

import aiohttp
from airflow.providers.http.hooks.http import HttpHook

CONNECTION = "bench_payments"


def call(number: int) -> tuple[str, bytes, dict[str, str]]:
    """One payment, with a key of its own, as our adapter sends one: its path, body and headers."""
    case = f"HUD-22-{number}"
    body = json.dumps({"amountCents": 1250, "caseNumber": case}).encode()
    return f"v1/cases/{case}/payments", body, {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}


class LoopedHook:
    """Airflow's HttpHook called in a loop, as a task that sends one payment after the other does it."""

    name = "Airflow's HttpHook"

    def __init__(self, origin: str) -> None:
        os.environ[f"AIRFLOW_CONN_{CONNECTION.upper()}"] = json.dumps({"conn_type": "http", "host": origin})
        logging.getLogger("airflow").setLevel(logging.ERROR)

    def send(self, count: int) -> None:
        """One after the other."""
        hook = HttpHook(method="POST", http_conn_id=CONNECTION)
        for number in range(count):
            path, body, headers = call(number)
            expect(hook.run(path, data=body, headers=headers).json())

    def close(self) -> None:
        """Nothing to give back: each call closes its own session."""


class HandAiohttp:
    """A payment by hand over aiohttp, eight calls at a time."""

    name = "hand + aiohttp, 8 at a time"

    def __init__(self, origin: str) -> None:
        self.origin = origin

    def send(self, count: int) -> None:
        """Eight loops share the numbers."""
        asyncio.run(self._send(count))

    async def _send(self, count: int) -> None:
        numbers = iter(range(count))

        async def loop(session: aiohttp.ClientSession) -> None:
            for number in numbers:
                path, body, headers = call(number)
                async with session.post(f"{self.origin}/{path}", data=body, headers=headers) as answer:
                    expect(await answer.json())

        async with aiohttp.ClientSession() as session:
            await asyncio.gather(*(loop(session) for _ in range(8)))

    def close(self) -> None:
        """Every run closes its own session."""


def expect(answer: dict[str, Any]) -> None:
    """Fail on anything but the gateway's yes."""
    if answer.get("status") not in ("ACCEPTED", "DUPLICATE") or not answer.get("id"):
        raise RuntimeError("the gateway did not accept")
