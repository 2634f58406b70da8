"""A plan as an object for programs, and one message of it as lines for people."""

from __future__ import annotations

import base64
import difflib
from typing import TYPE_CHECKING, Any

from hms_syn.domain.ack import printable
from hms_syn.flow.side_by_side import Verdict
from hms_syn.plans.legible import legible

if TYPE_CHECKING:
    from hms_syn.flow.side_by_side import Compared, Shown
    from hms_syn.plans.plan import Plan


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
        "left_behind": [{"job": one["job"], "waiting": one["waiting"]} for one in plan.left_behind],
        "simulation": None
        if simulation is None
        else {
            "since": plan.since,
            "events": simulation.events,
            **{verdict.value: simulation.counts[verdict] for verdict in Verdict},
            "first": [_compared(one) for one in simulation.first],
        },
    }


def lines_of(one: Compared) -> list[str]:
    """Return what a message comes to: the lines that differ, or those of its bytes, or why there are none."""
    if one.verdict is Verdict.DIFFERS and one.old is not None and one.new is not None:
        return _difference(one.old, one.new)
    shown = one.new or one.old
    error = one.hidden or (shown.error if shown is not None else None)
    return [] if shown is None else _lines(shown) if error is None else [printable(f"{error.code}: {error}")]


def _lines(shown: Shown) -> list[str]:
    return [*(printable(line) for line in shown.where.splitlines()), *legible(shown.body)]


def _difference(old: Shown, new: Shown) -> list[str]:
    """Return the lines that differ; where only the spelling of bytes does, such as a blank, the bytes themselves."""
    before, after = _lines(old), _lines(new)
    if before == after:
        before, after = [repr(old.body)], [repr(new.body)]
    return list(difflib.unified_diff(before, after, "now", "then", lineterm=""))


def facts_of(one: Compared) -> dict[str, Any]:
    """Return which message was compared, and the verdict."""
    message = one.message
    return {
        "message_id": message.message_id,
        "topic": message.topic,
        "ordering_key": message.ordering_key,
        "state": message.state.value,
        "verdict": one.verdict.value,
    }


def _compared(one: Compared) -> dict[str, Any]:
    return {
        **facts_of(one),
        "endpoint": one.message.endpoint,
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
