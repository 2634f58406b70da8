"""Why nothing moves, and how a job's switch stands, in words for an officer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hms_syn.domain import durations
from hms_syn.store import maintenance
from hms_syn.store.statements import SECOND, in_words, micros, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Row

    from hms_syn.domain.incident import Incident


PARKED = "parked, for its job file is gone: put the file back, or retire the job (hms-syn retire)"


def switch(job: Row[Any]) -> Mapping[str, Any]:
    """Say how a job's switch stands; what was switched in Airflow this second has no name yet."""
    paused = bool(job.paused)
    since = job.switched_at or None
    return {
        "paused": paused,
        "paused_by": job.paused_by,
        "paused_reason": job.paused_reason,
        "paused_until": shown(job.paused_until),
        "paused_at": shown(since) if paused else None,
        "paused_s": round((job.now - since) / SECOND, 1) if paused and since else None,
        "resumed_at": None if paused else shown(since),
    }


def watched(job: Row[Any], on: Sequence[Incident]) -> Mapping[str, Any]:
    """Say what is wrong with a job or its vendor, and until when maintenance holds it."""
    return {
        "maintenance_until": shown(maintenance.over_at(job.maintenance, job.now)),
        "incidents": [
            {"kind": one.trouble.kind, "since": shown(micros(one.opened_at))}
            for one in on
            if one.trouble.job == job.job or one.trouble.endpoint == job.endpoint
        ],
    }


def cause(head: Row[Any], job: Row[Any]) -> str:
    """Return the one word for why nothing moves: a cause of ``hms_syn_head_v``, or ``maintenance``."""
    return head.cause if maintenance.over_at(job.maintenance, job.now) is None else "maintenance"


def nothing_moves(head: Row[Any], job: Row[Any], vendor: Mapping[str, Any]) -> str:
    """Answer "why is nothing moving?" with the head of line: its message, its key, the cause, the next try."""
    over = maintenance.over_at(job.maintenance, job.now)
    if over is not None:
        return f"maintenance until {in_words(over)}"
    if head.cause == "paused":
        until = f" until {str(shown(job.paused_until))[:19]}Z" if job.paused_until else ""
        return f"paused{until} by {job.paused_by}: {job.paused_reason}" if job.paused_by else "paused"
    who = f"{head.message_id} (key {head.ordering_key})" if head.ordering_key else head.message_id
    at = f"at attempt {head.attempts}"
    wait = f"next try in {durations.in_words(max(0, round(head.wait_s)))}" if head.wait_s is not None else ""
    return {
        "idle": "nothing waits",
        "off": PARKED if job.is_parked else "switched off in its file",
        "sending": f"sending {who}",
        "worker_lost": f"{who} lost its worker; the next one takes over",
        "in_doubt": f"{who} is in doubt: "
        + (f"the vendor is asked for it; {wait}" if wait else "ask the vendor, then hms-syn resolve"),
        "endpoint_changed": f"{who} was accepted for another target_endpoint; "
        f"hms-syn replay --job {head.job} --code endpoint_changed sends all of them to the new one",
        "blocked": f"{who}: {head.code or 'held'} {at} blocks its line: hms-syn replay or discard",
        "vendor_offline": f"the vendor is offline since {str(vendor['since'])[:19]}Z ({vendor['code']}); {wait}, "
        "or as soon as it answers",
        "vendor_rests": f"the vendor is left alone after {head.failures} failure(s) in a row; {wait}",
        "backing_off": f"{who}: {head.code} {at}; {wait}",
        "paced": f"the vendor's rate limit; {wait}",
        "due": "waiting for a worker",
    }[head.cause]
