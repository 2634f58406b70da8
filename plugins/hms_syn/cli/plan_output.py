"""How a plan is printed for people."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hms_syn.domain.ack import printable
from hms_syn.flow.side_by_side import Verdict
from hms_syn.job_files import fileless
from hms_syn.job_files.report import counted
from hms_syn.plans.as_object import lines_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hms_syn.flow.side_by_side import Compared
    from hms_syn.plans.plan import DagChange, Plan

MOST_LINES = 80
"""Of one message; a program gets all."""
WORDS: Mapping[Verdict, str] = {
    Verdict.SAME: "the same",
    Verdict.DIFFERS: "would differ",
    Verdict.REFUSED: "would be refused",
    Verdict.ACCEPTED: "could be sent, which it cannot now",
    Verdict.TAKEN: "would be taken",
    Verdict.LEFT: "would not be sent any more",
    Verdict.UNKNOWN: "cannot be shown",
}


def as_text(plan: Plan) -> Iterator[str]:
    """Yield a plan's lines; what a file or message holds cannot move the cursor."""
    against = f"against {plan.against}" if plan.against else "a new job"
    yield printable(f"{plan.job}: {'what would change' if plan.changes else 'nothing would change'}, {against}")
    if plan.fields:
        yield "\nKeys"
        yield from _keys(plan)
    if plan.dags:
        yield "\nDAGs"
        for dag in plan.dags:
            yield from _dag(dag)
    if plan.left_behind:
        yield "\nLeft behind"
        yield from (printable(f"  {one['job']}: {fileless.sentence(one)}") for one in plan.left_behind)
    yield from _messages(plan)
    if plan.simulation is not None:
        yield f"\nOf the last {plan.since}: {counted(plan.simulation.events, 'event')}"
        for verdict, words in WORDS.items():
            if plan.simulation.counts[verdict]:
                yield f"  {plan.simulation.counts[verdict]} {words}"
        for one in plan.simulation.first:
            yield from _message(one)


def _keys(plan: Plan) -> Iterator[str]:
    for change in plan.fields:
        yield _changed(change.key, change.old, change.new)
        if change.key in plan.means:
            yield printable(f"      {plan.means[change.key]}")


def _messages(plan: Plan) -> Iterator[str]:
    yield ""
    if plan.messages is None:
        yield printable(f"Waiting messages were not looked at. {plan.unseen}")
    elif plan.messages:
        yield "The example" if plan.is_example else "Next messages"
    else:
        yield "No message waits." if plan.asked else "No message was asked for."
    for one in plan.messages or ():
        yield from _message(one)
        if one.message.endpoint not in ("", plan.endpoint):
            yield printable(f"      It was accepted for {one.message.endpoint}, and would wait for an officer.")


def _message(one: Compared) -> Iterator[str]:
    size = f", {counted(len(one.new.body), 'byte')}" if one.new is not None and one.new.error is None else ""
    yield printable(f"  {one.message.message_id} {one.message.topic}: {WORDS[one.verdict]}{size}")
    lines = lines_of(one)
    yield from (f"    {line}" for line in lines[:MOST_LINES])
    if len(lines) > MOST_LINES:
        yield f"    … {len(lines) - MOST_LINES} more lines; --json has all"


def _dag(dag: DagChange) -> Iterator[str]:
    if dag.old is None or dag.new is None:
        facts = dag.new or dag.old or {}
        yield printable(f"  {'+' if dag.old is None else '-'} {dag.dag_id}")
        if dag.new is not None:
            yield from (printable(f"      {name}: {_value(value)}") for name, value in facts.items())
        return
    yield printable(f"  ~ {dag.dag_id}")
    for name, value in dag.new.items():
        if dag.old[name] != value:
            yield printable(f"      {name}: {_value(dag.old[name])} → {_value(value)}")


def _changed(key: str, old: Any, new: Any) -> str:
    if old is None:
        return printable(f"  + {key}: {_value(new)}")
    if new is None:
        return printable(f"  - {key}: {_value(old)}")
    return printable(f"  ~ {key}: {_value(old)} → {_value(new)}")


def _value(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
