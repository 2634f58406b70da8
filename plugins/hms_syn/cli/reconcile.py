"""``hms-syn reconcile``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hms_syn import wiring
from hms_syn.cli.output import as_json, remark, table
from hms_syn.flow.reconcile import differences
from hms_syn.store.desk import Desk

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

COLUMNS = {
    "job": "JOB",
    "accepted": "ACCEPTED",
    "delivered": "DELIVERED",
    "open": "OPEN",
    "in_doubt": "IN DOUBT",
    "dead_letter": "SET ASIDE",
    "discarded": "DISCARDED",
    "agrees": "AGREES",
}


TOPICS = {"topic": "TOPIC", "published": "PUBLISHED", "kept": "KEPT", "agrees": "AGREES"}


def run(arguments: argparse.Namespace) -> int:
    """Print both sides of every job and topic; exit 1 when any differ."""
    desk = Desk(wiring.open_store_that_is_there())
    jobs = list(desk.reconcile(arguments.job))
    topics = desk.reconcile_bus() if arguments.job is None else []
    if arguments.job is None:
        jobs.append(_total(jobs))
    if arguments.json:
        as_json({"jobs": jobs, "topics": topics})
    else:
        table(jobs, COLUMNS)
        if topics:
            print()
            table(topics, TOPICS)
        for wrong in differences([*jobs[: None if arguments.job else -1], *topics]):
            remark(f"error: {wrong}")
    return 0 if all(row["agrees"] for row in [*jobs, *topics]) else 1


def _total(jobs: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    numbers = [name for name in COLUMNS if name not in ("job", "agrees")]
    total = {name: sum(row[name] for row in jobs) for name in numbers}
    return {"job": "in total", **total, "agrees": all(row["agrees"] for row in jobs)}
