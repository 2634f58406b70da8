"""The in-memory store's looks: what became of messages and runs."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from hms_syn.store.in_memory_bells import InMemoryBells

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class InMemoryBoard(InMemoryBells):
    """The part of the port ``Store`` that shows."""

    def __init__(self, *, clock: Callable[[], float]) -> None:
        super().__init__(clock=clock)
        self._events: dict[str, Mapping[str, Any]] = {}
        self._closed: dict[int, dict[str, Any]] = {}
        self._attempts: dict[int, list[dict[str, Any]]] = defaultdict(list)

    def settled_by(self, owner: str, *, limit: int) -> list[Mapping[str, Any]]:
        with self._lock:
            rows = [row for rows in self._attempts.values() for row in rows if row["owner"] == owner]
            report: list[Mapping[str, Any]] = [
                {
                    **{name: row[name] for name in ("message_id", "job", "attempt", "outcome", "code")},
                    "state": self._closed.get(row["delivery"], {}).get("state", "pending"),
                    "reference": self._closed.get(row["delivery"], {}).get("reference"),
                    "status": self._closed.get(row["delivery"], {}).get("status"),
                }
                for row in rows
            ]
            return report[-limit:]

    def status(self) -> list[Mapping[str, Any]]:
        with self._lock:
            return [self._job_status(job) for job in sorted(self._jobs)]

    def _job_status(self, job: str) -> Mapping[str, Any]:
        closed = [row["state"] for row in self._closed.values() if row["job"] == job]
        waiting = [delivery for key, lane in self._lanes.items() if key[0] == job for delivery in lane.queue]
        return {
            "job": job,
            "waiting": len(waiting),
            "delivered": closed.count("delivered"),
            "dead_letters": closed.count("dead_letter"),
        }

    def trace(self, key: str) -> list[Mapping[str, Any]]:
        with self._lock:
            return [
                {"message_id": message_id, "seq": row["seq"], "deliveries": self._deliveries_of(message_id)}
                for message_id, row in self._events.items()
                if key in (message_id, row["ordering_key"]) or key in json.loads(row["body"]).values()
            ]

    def _deliveries_of(self, message_id: str) -> list[Mapping[str, Any]]:
        waiting = [
            {"job": delivery.job, "state": "pending", "attempts": delivery.attempt}
            for lane in self._lanes.values()
            for delivery in lane.queue
            if delivery.message_id == message_id
        ]
        return waiting + [row for row in self._closed.values() if row["message_id"] == message_id]
