"""How many slots, triggers, connections, cores and gigabytes so many jobs need: arithmetic on the unit costs."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

UNITS = Path(__file__).with_name("units.json")
PAGE = UNITS.parents[2] / "docs" / "scale.md"
JOBS = (10, 1_000, 10_000)
DAY, YEAR = 86_400, 365
MARK = re.compile(r"(<!-- (\w+): python -m benchmarks\.scale -->\n).*?(<!-- end -->)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Load:
    """What each job has to do. Each of a day's ``bursts`` starts a run; ``peak`` is the busiest hour by the mean."""

    messages: int = 500
    bursts: int = 100
    burst_s: float = 2.0
    linger_s: float = 15.0
    peak: float = 4.0
    ping_every_s: float = 30.0
    looks_a_second: float = 4.0
    triggerers: int = 2
    api_servers: int = 2


def read(file: Path) -> dict[str, Any]:
    """Return the unit costs."""
    units: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return units


def message_bytes(units: dict[str, Any], dialect: str = "postgresql", *tables: str) -> int:
    """Return what one delivered message leaves in these tables, or in all, with their indexes."""
    left = units["at_rest"][dialect]
    return sum(left[name]["table"] + left[name]["indexes"] for name in tables or left)


def needs(units: dict[str, Any], jobs: int, load: Load) -> dict[str, str]:
    """Return what a deployment of so many jobs needs, each as people read it."""
    a_day = jobs * load.messages
    runs = jobs * load.bursts / DAY
    slots = math.ceil(runs * (load.burst_s + load.linger_s) * load.peak)
    each = units["connections"]
    connections = slots * each["worker"] + load.triggerers * each["triggerer"] + load.api_servers * each["publisher"]
    looks = load.looks_a_second * units["look_cpu_ms"][str(jobs)] / 1000 * load.triggerers
    pings = jobs / load.ping_every_s * units["ping_cpu_ms"] / 1000
    return {
        "messages a day": f"{a_day:,}",
        "task slots for pushes, at the peak": f"{slots:,}",
        "triggers": f"{jobs + 1:,}",
        "connections of the queue's, at the peak": f"{connections:,}",
        "cores: the doorbells' looks": f"{looks:.2f}",
        "cores: pings": f"{pings:.2f}",
        "cores: Airflow's runs, at the peak": f"{runs * load.peak * units['run_cpu_s']:.1f}",
        "PostgreSQL, a year": _size(a_day * YEAR * message_bytes(units)),
        "of it the audit trail": _size(a_day * YEAR * message_bytes(units, "postgresql", "audit", "chain")),
    }


def page(text: str, units: dict[str, Any]) -> str:
    """Return the page with its tables made anew."""
    made = {"needs": _needs(units), "rest": _rest(units), "costs": _costs(units)}
    return MARK.sub(lambda found: found[1] + made[found[2]] + found[3], text)


def _needs(units: dict[str, Any]) -> str:
    columns = [needs(units, jobs, Load()) for jobs in JOBS]
    head = [f"{jobs:,} jobs" for jobs in JOBS]
    return _table(["", *head], [[name, *(column[name] for column in columns)] for name in columns[0]])


def _rest(units: dict[str, Any]) -> str:
    lines = []
    postgresql, sqlite = units["at_rest"]["postgresql"], units["at_rest"]["sqlite"]
    for name, left in postgresql.items():
        other = sqlite[name]
        lines.append(
            [
                f"`hms_syn_{name}`",
                f"{left['rows']:g}",
                *(str(side[part]) for side in (left, other) for part in ("table", "indexes")),
            ]
        )
    totals = [
        sum(left[part] for left in side.values()) for side in (postgresql, sqlite) for part in ("table", "indexes")
    ]
    lines.append(["together", f"{sum(left['rows'] for left in postgresql.values()):g}", *map(str, totals)])
    return _table(["table", "rows", "PostgreSQL, table", "indexes", "SQLite, table", "indexes"], lines)


def _costs(units: dict[str, Any]) -> str:
    each, looks = units["connections"], units["look_cpu_ms"]
    return _table(
        ["what", "costs"],
        [
            ["a task that pushes", f"{each['worker']} connections, one slot while it sends and for `linger` after"],
            ["a triggerer", f"{each['triggerer']} connections, whatever the number of jobs"],
            ["a process that publishes", f"{each['publisher']} connections"],
            [
                "one look of the doorbell, CPU of both sides",
                ", ".join(f"{looks[str(jobs)]:g} ms at {jobs:,} jobs" for jobs in JOBS),
            ],
            ["one ping over HTTP", f"{units['ping_cpu_ms']:g} ms of CPU"],
            ["one run in Airflow", f"{units['run_cpu_s']:g} s of CPU over all of Airflow's processes"],
        ],
    )


def _table(head: list[str], lines: list[list[str]]) -> str:
    rule = ["---", *["---:" for _ in head[1:]]]
    return "".join(f"| {' | '.join(line)} |\n" for line in [head, rule, *lines])


def _size(count: float) -> str:
    return f"{count / 1e9:,.0f} GB" if count >= 1e10 else f"{count / 1e9:,.1f} GB"
