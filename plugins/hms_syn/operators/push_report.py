"""What a push run reports: counts of all it has done, and the newest receipts; never a payload."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hms_syn import settings

if TYPE_CHECKING:
    from hms_syn.store.sql_store import SqlStore

COUNTED = ("delivered", "dead_letter", "in_doubt", "pending")


def report_of(store: SqlStore, owner: str) -> dict[str, Any]:
    """Return counts and receipts of every try of a run: counts of all, receipts up to ``[hms_syn] acks_in_xcom``."""
    from hms_syn.store import board  # noqa: PLC0415 - SQLAlchemy is not needed to parse a DAG

    rows = store.settled_by(owner, limit=int(settings.get("acks_in_xcom")))
    latest = {row["message_id"]: row for row in rows}
    acks = [
        {
            "id": row["message_id"],
            "state": row["state"],
            "attempt": row["attempt"],
            "receipt": row["reference"],
            "code": row["code"] or None,
        }
        for row in latest.values()
    ]
    counts = store.look(lambda connection: board.counted_by(connection, owner))
    return {**{state: counts.get(state, 0) for state in COUNTED}, "acks": acks}


def state_of(store: SqlStore, job: str, message_id: str) -> str:
    """Return where one message stands at one job."""
    [message] = store.trace(message_id)
    return next((str(row["state"]) for row in message["deliveries"] if row["job"] == job), "kept")
