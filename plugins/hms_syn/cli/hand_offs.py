"""Following hand-offs as they happen: one line each, from the audit trail."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from hms_syn.domain.ack import printable
from hms_syn.domain.durations import in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from hms_syn.ports import Store

PAUSE = 0.2
MARKS = {
    "delivered": "✓",
    "dead_letter": "✗",
    "unknown": "…",
    "not_sent": "…",
    "refused": "✗",
    "in_doubt": "?",
    "pulled": "←",
}


def follow(store: Store, jobs: Collection[str], *, until: Callable[[], bool], after: int | None = None) -> None:
    """Print these jobs' hand-offs as they happen until told to stop; where there are several, each with its job."""
    seq = newest(store) if after is None else after
    ended = False
    while not ended:
        ended = until()  # asked before the last look, so that what it waited for is shown too
        rows = store.audit_rows(after=seq, limit=500)
        for row in rows:
            if row["job"] in jobs and row["event"] in MARKS:
                print(line(row, named=len(jobs) > 1), flush=True)
        seq = rows[-1]["seq"] if rows else seq
        if not rows and not ended:
            time.sleep(PAUSE)


def newest(store: Store) -> int:
    """Return the seq of the newest audit row, 0 when there is none."""
    seq = 0
    while rows := store.audit_rows(after=seq, limit=5000):
        seq = rows[-1]["seq"]
    return seq


def line(row: Mapping[str, Any], *, named: bool = False) -> str:
    """Return one hand-off as an officer reads it, with the job's name where that is not clear."""
    detail = json.loads(row["body"]).get("detail", {})
    facts = [f"{detail['new']} new record(s)"] if "new" in detail else []
    facts += [f"as {detail['event']}"] if "event" in detail else []
    facts += [str(detail[name]) for name in ("reference", "status", "code") if detail.get(name)]
    if "wait_s" in detail:
        facts.append(f"next try in {in_words(round(detail['wait_s']))}")
    attempt = f" (attempt {row['attempt']})" if row["attempt"] else ""
    words = " ".join(facts)
    who = row["message_id"] or row["job"]
    job = f"{row['job']} " if named and row["message_id"] else ""
    return printable(f"{MARKS[row['event']]} {row['at'][11:19]} {job}{who} {row['event']} {words}{attempt}")
