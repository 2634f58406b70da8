"""Which experiment measures which goals, in the order in which they are run."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

from benchmarks.console import board
from benchmarks.delivery import contract, pulling, rest, soap
from benchmarks.goals import GOALS
from benchmarks.heartbeat import pings
from benchmarks.jobs import alive, thousand
from benchmarks.queue import audit, backlog, churn, consume, idle, in_batches, publish, race, together

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.bench import Bench
    from benchmarks.goals import Goal

EXPERIMENTS: dict[str, Callable[[Bench], None]] = {
    "1-publish-single": publish.single,
    "2-publish-batch": publish.batches,
    "3-four-publishers": together.publish,
    "4-consume": consume.one_by_one,
    "5-consume-batch": in_batches.consume,
    "6-audit-cost": audit.share,
    "7-backlog": backlog.claims,
    "8-blocked-keys": backlog.blocked,
    "9-churn": churn.churn,
    "10-race": race.race,
    "11-idle-latency": idle.latency,
    "12-soap-single": soap.single,
    "13-soap-eight": soap.eight,
    "15-wsdl-once": contract.once,
    "16-rest-eight": rest.eight,
    "17-pull": pulling.pages,
    "18-token-once": rest.one_token,
    "19-heartbeat": pings.thousand,
    "20-board": board.pages,
    "21-parse": thousand.parsing,
    "22-one-dag": thousand.one_dag,
    "23-lint": thousand.linting,
    "24-alive": alive.living,
}


def chosen(words: str) -> list[Goal]:
    """Return the goals that are meant: a part, or the beginnings of names; everything when nothing is said."""
    asked = [word.strip() for word in words.split(",") if word.strip()]
    return [
        goal
        for goal in GOALS
        if not asked or any(goal.part == word or f"{goal.name}-".startswith(f"{word}-") for word in asked)
    ]


def run(bench: Bench, goals: Sequence[Goal]) -> None:
    """Run each experiment; one that breaks is told and leaves its goal missed."""
    for goal in goals:
        experiment = EXPERIMENTS.get(goal.name)
        if experiment is None:
            continue
        try:
            experiment(bench)
        except Exception:  # noqa: BLE001 - the other goals are still worth measuring
            traceback.print_exc()
            bench.say(f"{goal.name} could not be measured")
