"""A thousand vendors every 30 s from one process: the trigger's own coroutine, before a server on Node.js."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.peers.listening import listening

from benchmarks.child import Child
from benchmarks.meter import own_cpu
from hms_syn.store.sql_store import SqlStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.bench import Bench

ENDPOINTS = 1000
INTERVAL = 30.0
WARM = 40.0
"""Seconds until the files are read and every vendor has been asked once."""
WINDOW = 90.0
MICRO = 1_000_000
JOB = """job:
  name: "vendor {number}"
  push_adapter: rest.json.v1
  source_topic: "bench.{number}"
  target_endpoint: "{origin}/v{number}"
  allow_private: ["127.0.0.0/8"]
  heartbeat: {{interval: 30s, request: {{path: "/v{number}/health"}}}}
"""


def thousand(bench: Bench) -> None:
    """Let the process beat, and compare when each vendor was asked with when it was its turn."""
    database = bench.server.database("heart")
    store = SqlStore(database.url)
    store.create()
    window = max(INTERVAL, WINDOW * bench.scale)
    bench.say(f"{ENDPOINTS} vendors every {INTERVAL:.0f} s, for {WARM + window:.0f} s")
    with (
        tempfile.TemporaryDirectory(prefix="hms-syn-bench-") as folder,
        listening(["node", str(Path(__file__).with_name("vendors.mjs"))]) as origin,
    ):
        for number in range(ENDPOINTS):
            Path(folder, f"v{number}.yaml").write_text(JOB.format(number=number, origin=origin), encoding="utf-8")
        beat = Child(heart, url=database.url, folder=folder, window=window).go().answer()
        with urllib.request.urlopen(f"{origin}/told", timeout=30) as answer:  # noqa: S310 - our own server
            asked = json.loads(answer.read())
    places = dict(database.run("SELECT endpoint, next_ping_at % every FROM hms_syn_vendor"))
    late = sorted(
        (at - places[f"{origin}{path.removesuffix('/health')}"]) % (INTERVAL * MICRO) / MICRO
        for path, times in asked.items()
        for at in times
        if beat["began"] <= at / MICRO < beat["ended"]
    )
    p99 = statistics.quantiles(late, n=100)[-1]
    core = 100 * beat["cpu"] / (beat["ended"] - beat["began"])
    rows = [("pings", f"{len(late):,}"), ("wanted", f"{ENDPOINTS * (beat['ended'] - beat['began']) / INTERVAL:,.0f}")]
    rows += [("late, median s", f"{statistics.median(late):.3f}"), ("late, p99 s", f"{p99:.3f}")]
    bench.table("A heart of a thousand vendors", ("", ""), [*rows, ("CPU, % of a core", f"{core:.1f}")])
    bench.keep("19-heartbeat", {"late, p99": p99, "share of a core": core})
    store.close()


def heart(*, url: str, folder: str, window: float) -> Callable[[], Any]:
    """Prepare a process that pings; its answer is what it used of its CPU once it was warm."""
    os.environ["AIRFLOW_CONN_HMS_SYN_DB"] = json.dumps({"conn_type": "generic", "extra": {"url": url}})
    os.environ["AIRFLOW__HMS_SYN__JOBS_FOLDER"] = folder
    from hms_syn.triggers.pings import Pings  # noqa: PLC0415 - Airflow reads its environment when it is imported

    async def beat() -> None:
        async for _ in Pings().run():
            pass

    async def measured() -> dict[str, float]:
        beating = asyncio.create_task(beat())
        await asyncio.sleep(WARM)
        cpu, began = own_cpu(), time.time()
        await asyncio.sleep(window)
        used, ended = own_cpu() - cpu, time.time()
        beating.cancel()
        return {"cpu": used, "began": began, "ended": ended}

    return lambda: asyncio.run(measured())
