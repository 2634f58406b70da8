"""What we want to be true, side by side with the peers; a ratio each, because absolute rates belong to machines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Bound:
    """One number that is measured, and how it must compare with the wanted one."""

    what: str
    sense: str
    wanted: float
    unit: str = "x"

    def holds(self, measured: float) -> bool:
        """Return whether the measured number is good enough."""
        return measured >= self.wanted if self.sense == "≥" else measured <= self.wanted

    def __str__(self) -> str:
        return f"{self.what} {self.sense} {shown(self.wanted, self.unit)}"


@dataclass(frozen=True, slots=True)
class Goal:
    """One promise: all of its bounds hold in one run."""

    name: str
    part: str
    promise: str
    bounds: tuple[Bound, ...]

    def verdict(self, measured: Mapping[str, float]) -> str:
        """Say what was measured, what was wanted, and whether that is met; what was not measured is missed."""
        return (
            f"goal {self.name}: measured {', '.join(self.found(measured))}, wanted {', '.join(map(str, self.bounds))}: "
            f"{'met' if self.is_met(measured) else 'missed'}"
        )

    def found(self, measured: Mapping[str, float]) -> list[str]:
        """Say each bound's measured number; a dash where there is none."""
        return [
            f"{bound.what} {shown(measured[bound.what], bound.unit) if bound.what in measured else '-'}"
            for bound in self.bounds
        ]

    def is_met(self, measured: Mapping[str, float]) -> bool:
        """Return whether every bound was measured and holds."""
        return all(bound.what in measured and bound.holds(measured[bound.what]) for bound in self.bounds)


def shown(value: float, unit: str) -> str:
    """Write a number with its unit, short."""
    digits = 0 if value == int(value) or abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{unit if unit == 'x' else ''}{value:.{digits}f}{'' if unit in ('x', '') else ' ' + unit}"


GOALS = (
    Goal(
        "1-publish-single",
        "queue",
        "Publishing one event, with its delivery and its audit rows in one transaction, beats procrastinate's defer.",
        (Bound("rate of procrastinate's", "≥", 1.25), Bound("CPU of procrastinate's", "≤", 0.85)),
    ),
    Goal(
        "2-publish-batch",
        "queue",
        "Publishing in batches of 100 stays near a plain insert.",
        (
            Bound("rate of procrastinate's batch", "≥", 3),
            Bound("rate of procrastinate's with lock", "≥", 2.5),
            Bound("rate of a raw insert's", "≥", 0.3),
        ),
    ),
    Goal(
        "3-four-publishers",
        "queue",
        "Four publishers at a time do not wait for each other, not even on one ordering key.",
        (
            Bound("100 keys: rate of procrastinate's", "≥", 1.2),
            Bound("one key: rate of procrastinate's", "≥", 1.05),
            Bound("one key: rate of a locked lane's", "≥", 1.4),
        ),
    ),
    Goal(
        "4-consume",
        "queue",
        "Consuming with one commit a message, audited and in order by key, beats procrastinate with its lock.",
        (Bound("rate of procrastinate's", "≥", 2.25), Bound("CPU of procrastinate's", "≤", 0.45)),
    ),
    Goal(
        "5-consume-batch",
        "queue",
        "A vendor that takes a hundred at a time gets them at the speed of a raw batch loop's order.",
        (Bound("rate of procrastinate's", "≥", 15), Bound("rate of a raw loop's", "≥", 0.35)),
    ),
    Goal(
        "6-audit-cost",
        "queue",
        "The chained audit trail costs little, because it rides in the same statement.",
        (Bound("share of consume's CPU", "≤", 15, "%"), Bound("share of publish's CPU", "≤", 20, "%")),
    ),
    Goal(
        "7-backlog",
        "queue",
        "A claim costs the same at a backlog of a million as at a thousand, and a drain the same memory.",
        (
            Bound("many keys: 1M over 1k", "≤", 1.2),
            Bound("one key: 1M over 1k", "≤", 1.2),
            Bound("faster than procrastinate, many locks", "≥", 10),
            Bound("faster than procrastinate, one lock", "≥", 100),
            Bound("memory: 1M over 1k", "≤", 1.05),
        ),
    ),
    Goal(
        "8-blocked-keys",
        "queue",
        "A blocked key blocks itself only: a claim hardly sees it.",
        (Bound("half under one key", "≤", 1.3), Bound("a tenth of keys backing off", "≤", 1.3)),
    ),
    Goal(
        "9-churn",
        "queue",
        "A claim stays quick after a million acks, and while somebody's old snapshot keeps the dead rows.",
        (
            Bound("after 1M acks, no vacuum", "≤", 3),
            Bound("after vacuum", "≤", 1.5),
            Bound("pinned snapshot, one key", "≤", 2),
        ),
    ),
    Goal(
        "10-race",
        "queue",
        "Three publishers and two workers racing for the same keys lose nothing, strand nothing, reorder nothing.",
        (
            Bound("lost", "≤", 0, ""),
            Bound("stuck", "≤", 0, ""),
            Bound("out of order", "≤", 0, ""),
            Bound("broken links", "≤", 0, ""),
        ),
    ),
    Goal(
        "11-idle-latency",
        "queue",
        "On an idle system the vendor hears of an event as soon as procrastinate's listening worker would.",
        (Bound("median of procrastinate's", "≤", 1.1), Bound("p95", "≤", 25, "ms")),
    ),
    Goal(
        "12-soap-single",
        "delivery",
        "SOAP through the WSDL's own types, one at a time, is no slower than a hand-written envelope over requests.",
        (Bound("rate of a hand-written loop's", "≥", 1),),
    ),
    Goal(
        "13-soap-eight",
        "delivery",
        "Eight ordering keys in flight make good use of one process.",
        (Bound("rate of a reused zeep client's", "≥", 2.2), Bound("rate of hand-written aiohttp's", "≥", 0.3)),
    ),
    Goal(
        "15-wsdl-once",
        "delivery",
        "A WSDL is parsed once a process; the second call costs what any later one does.",
        (Bound("parses", "≤", 1, ""), Bound("second call's CPU of a later one's", "≤", 1.1)),
    ),
    Goal(
        "16-rest-eight",
        "delivery",
        "REST with eight ordering keys in flight leaves Airflow's HttpHook behind and stays near a bare client.",
        (Bound("rate of an HttpHook loop's", "≥", 3), Bound("rate of hand-written aiohttp's", "≥", 0.7)),
    ),
    Goal(
        "17-pull",
        "delivery",
        "Pulling 100,000 records in pages of 1,000 uses the memory of one page, and keeps up with any vendor.",
        (
            Bound("records a second", "≥", 5000, ""),
            Bound("rate of a COPY's", "≥", 0.03),
            Bound("memory: 100k over 1k", "≤", 1.1),
        ),
    ),
    Goal(
        "18-token-once",
        "delivery",
        "A token is fetched once a process, however many adapters begin at one moment.",
        (Bound("tokens asked for", "≤", 1, ""),),
    ),
    Goal(
        "19-heartbeat",
        "heartbeat",
        "A thousand vendors are pinged every 30 s by one process, each in its turn, for a quarter of a core.",
        (Bound("late, p99", "≤", 1, "s"), Bound("share of a core", "≤", 25, "%")),
    ),
    Goal(
        "20-board",
        "console",
        "A page of the board is there at once, with 1,000 jobs and a million messages delivered.",
        (Bound("p95", "≤", 300, "ms"),),
    ),
    Goal(
        "21-parse",
        "jobs",
        "1,000 files become 2,000 DAGs for less than dag-factory takes for 1,000, and little more than Airflow itself.",
        (Bound("CPU of dag-factory's", "≤", 65, "%"), Bound("CPU of the same without YAML", "≤", 1.25)),
    ),
    Goal(
        "22-one-dag",
        "jobs",
        "A task that begins, forked from its executor, pays for its own job, not for a thousand.",
        (Bound("CPU of dag-factory's whole parse", "≤", 2, "%"),),
    ),
    Goal(
        "23-lint", "jobs", "A thousand job files are checked before a commit in passing.", (Bound("CPU", "≤", 3, "s"),)
    ),
    Goal(
        "24-alive",
        "jobs",
        "A thousand jobs in a real Airflow: all there, any of them served, nothing taken while they wait, edits seen.",
        (
            Bound("DAGs missing", "≤", 0, ""),
            Bound("publish to delivered, median", "≤", 1.5, "s"),
            Bound("idle, our part of a core", "≤", 10, "%"),
            Bound("worker slots held", "≤", 0, ""),
            Bound("versions of a DAG", "≤", 1, ""),
            Bound("dropped file", "≤", 10, "s"),
            Bound("changed file", "≤", 10, "s"),
            Bound("broken file", "≤", 10, "s"),
        ),
    ),
)
BY_NAME = {goal.name: goal for goal in GOALS}
