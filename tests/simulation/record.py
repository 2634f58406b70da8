"""What is committed, read past all of our code: the public views, and the lanes and gates behind them."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite3

    from tests.simulation.database import Database

    Place = tuple[str, str]

OUTCOMES = ("acked", "refused", "unknown", "not_sent", "stale")
CLOSED = ("delivered", "dead_letter", "discarded")


@dataclass
class Record:
    """The tables as they stand after one commit, and the audit rows that are new with it.

    ``deliveries``, ``attempts`` and ``events`` are by (job, message id).
    """

    deliveries: dict[Place, sqlite3.Row] = field(default_factory=dict)
    attempts: dict[Place, list[sqlite3.Row]] = field(default_factory=dict)
    lanes: dict[int, sqlite3.Row] = field(default_factory=dict)
    gates: dict[str, sqlite3.Row] = field(default_factory=dict)
    published: set[str] = field(default_factory=set)
    events: dict[Place, list[dict[str, Any]]] = field(default_factory=dict)
    fresh: list[dict[str, Any]] = field(default_factory=list)
    last: int = 0
    doubles: list[str] = field(default_factory=list)

    def next(self, database: Database) -> Record:
        """Read what is committed now."""
        deliveries = database.rows("SELECT * FROM hms_syn_delivery_v")
        attempts: dict[Place, list[sqlite3.Row]] = defaultdict(list)
        for row in database.rows("SELECT * FROM hms_syn_attempt_v"):
            attempts[row["job"], row["message_id"]].append(row)
        fresh = [
            dict(row) for row in database.rows("SELECT * FROM hms_syn_audit_v WHERE seq > ? ORDER BY seq", self.last)
        ]
        events = dict(self.events)
        for row in fresh:
            row["said"] = json.loads(row["body"])
            if row["job"] and row["message_id"]:
                place = (row["job"], row["message_id"])
                events[place] = [*events.get(place, ()), row]
        by_place = {(row["job"], row["message_id"]): row for row in deliveries}
        return Record(
            deliveries=by_place,
            attempts=attempts,
            lanes={row["id"]: row for row in database.rows("SELECT * FROM hms_syn_lane")},
            gates={row["endpoint"]: row for row in database.rows("SELECT * FROM hms_syn_gate")},
            published=self.published | {row["message_id"] for row in fresh if row["event"] == "published"},
            events=events,
            fresh=fresh,
            last=fresh[-1]["seq"] if fresh else self.last,
            doubles=[row["message_id"] for row in deliveries] if len(by_place) != len(deliveries) else [],
        )

    @property
    def touched(self) -> list[Place]:
        """Places that the newest rows speak of, in order."""
        return list(
            dict.fromkeys((row["job"], row["message_id"]) for row in self.fresh if row["job"] and row["message_id"])
        )
