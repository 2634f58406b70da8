"""``hms-syn trace``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hms_syn import wiring
from hms_syn.cli.output import as_json, next_step, remark
from hms_syn.domain.ack import printable
from hms_syn.domain.durations import in_words

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping


def run(arguments: argparse.Namespace) -> int:
    """Print every hop of the messages found; exit 1 when none is."""
    messages = wiring.open_store_that_is_there().trace(arguments.key)
    if arguments.json:
        as_json(messages)
    elif messages:
        for message in messages:
            _show(message)
    else:
        remark(f"error: no message has the id, key, receipt or value '{arguments.key}'")
        next_step("hms-syn status")
    return 0 if messages else 1


def _show(message: Mapping[str, Any]) -> None:
    print(f"{message['topic']}  {message['message_id']}  from {message['agency']}")
    print(f"  trace {message['trace_id']}")
    took = {(row["job"], row["attempt"]): row for row in message["attempts"]}
    for hop in message["hops"]:
        job = f"{hop['job']} " if hop["job"] else ""
        attempt = took.get((hop["job"], hop["attempt"]))
        print(f"  {hop['at'][:23]}Z  {hop['event']:<11} {job}{printable(_detail(hop, attempt))}".rstrip())
    for delivery in message["deliveries"]:
        receipt = f"  receipt {delivery['reference']}" if delivery.get("reference") else ""
        print(
            f"  = {delivery['state']} to {delivery['job']} after {delivery['attempts']} attempt(s){printable(receipt)}"
        )
    if not message["deliveries"]:
        print("  = kept; no job takes this topic")


def _detail(hop: Mapping[str, Any], attempt: Mapping[str, Any] | None) -> str:
    """Return what is worth reading of a hop; a commitment is for machines."""
    parts = [f"attempt {hop['attempt']}"] if hop["event"] == "attempt" else []
    detail = hop["detail"]
    parts += [str(detail[name]) for name in ("reference", "status", "code") if detail.get(name)]
    if hop["event"] in ("acked", "refused", "unknown", "not_sent") and attempt and attempt["took_s"] is not None:
        parts.append(f"({attempt['took_s']:.2f} s)")
    if attempt and attempt["note"] and hop["event"] in ("refused", "unknown", "not_sent"):
        parts.append(attempt["note"])
    if hop["event"] == "pulled":
        parts.append(f"the vendor speaks of it in {detail['event']}, by its {detail['by']}")
    if hop["event"] == "erased":
        parts.append(f"by {hop['actor']}: {detail.get('reason', '')}")
    if "wait_s" in detail:
        parts.append(f"next try in {in_words(round(detail['wait_s']))}")
    return " ".join(parts)
