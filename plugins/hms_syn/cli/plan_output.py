"""How a plan is printed: as lines for people, as an object for programs."""

from __future__ import annotations

import base64
import difflib
import json
from typing import TYPE_CHECKING, Any

from hms_syn.cli.legible import legible
from hms_syn.domain.ack import printable
from hms_syn.flow.side_by_side import Verdict
from hms_syn.job_files.report import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hms_syn.cli.plan import DagChange, Plan
    from hms_syn.flow.side_by_side import Compared, Shown

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


def as_object(plan: Plan) -> dict[str, Any]:
    """Return a plan as JSON, with every byte."""
    simulation = plan.simulation
    return {
        "job": plan.job,
        "file": plan.file,
        "against": plan.against,
        "changes": plan.changes,
        "fields": [
            {"key": one.key, "old": one.old, "new": one.new, "means": plan.means.get(one.key)} for one in plan.fields
        ],
        "dags": [{"dag_id": one.dag_id, "old": one.old, "new": one.new} for one in plan.dags],
        "messages": None if plan.messages is None else [_compared(one) for one in plan.messages],
        "unseen": plan.unseen or None,
        "simulation": None
        if simulation is None
        else {
            "since": plan.since,
            "events": simulation.events,
            **{verdict.value: simulation.counts[verdict] for verdict in Verdict},
            "first": [_compared(one) for one in simulation.first],
        },
    }


def as_text(plan: Plan) -> Iterator[str]:
    """Yield a plan's lines; what a file or message holds cannot move the cursor."""
    against = f"against {plan.against}" if plan.against else "a new job"
    yield printable(f"{plan.job}: {'what would change' if plan.changes else 'nothing would change'}, {against}")
    if plan.fields:
        yield "\nKeys"
        for change in plan.fields:
            yield _changed(change.key, change.old, change.new)
            if change.key in plan.means:
                yield printable(f"      {plan.means[change.key]}")
    if plan.dags:
        yield "\nDAGs"
        for dag in plan.dags:
            yield from _dag(dag)
    yield from _messages(plan)
    if plan.simulation is not None:
        yield f"\nOf the last {plan.since}: {counted(plan.simulation.events, 'event')}"
        for verdict, words in WORDS.items():
            if plan.simulation.counts[verdict]:
                yield f"  {plan.simulation.counts[verdict]} {words}"
        for one in plan.simulation.first:
            yield from _message(one)


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
    if one.verdict is Verdict.DIFFERS and one.old is not None and one.new is not None:
        lines = _difference(one.old, one.new)
    else:
        shown = one.new or one.old
        error = one.hidden or (shown.error if shown is not None else None)
        lines = [] if shown is None else _lines(shown) if error is None else [printable(f"{error.code}: {error}")]
    yield from (f"    {line}" for line in lines[:MOST_LINES])
    if len(lines) > MOST_LINES:
        yield f"    … {len(lines) - MOST_LINES} more lines; --json has all"


def _lines(shown: Shown) -> list[str]:
    return [*(printable(line) for line in shown.where.splitlines()), *legible(shown.body)]


def _difference(old: Shown, new: Shown) -> list[str]:
    """Return the lines that differ; where only the spelling of bytes does, such as a blank, the bytes themselves."""
    before, after = _lines(old), _lines(new)
    if before == after:
        before, after = [repr(old.body)], [repr(new.body)]
    return list(difflib.unified_diff(before, after, "now", "then", lineterm=""))


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


def _compared(one: Compared) -> dict[str, Any]:
    message = one.message
    return {
        "message_id": message.message_id,
        "topic": message.topic,
        "ordering_key": message.ordering_key,
        "state": message.state.value,
        "endpoint": message.endpoint,
        "verdict": one.verdict.value,
        "old": None if one.old is None else _shown(one.old),
        "new": None if one.new is None else _shown(one.new),
    }


def _shown(shown: Shown) -> dict[str, Any]:
    if shown.error is not None:
        return {"code": shown.error.code, "error": str(shown.error)}
    where = {"where": shown.where} if shown.where else {}
    try:
        return {**where, "size": len(shown.body), "text": shown.body.decode()}
    except UnicodeDecodeError:
        return {**where, "size": len(shown.body), "base64": base64.b64encode(shown.body).decode()}
