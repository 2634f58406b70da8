"""The store without a database: for tests and simulations, and the shortest statement of what the port means."""

from __future__ import annotations

import itertools
import json
import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hms_syn.domain import audit_entry, topics
from hms_syn.domain.audit_entry import AuditEntry
from hms_syn.domain.delivery import Delivery, Outcome, State
from hms_syn.errors import PayloadConflict, StaleLease
from hms_syn.ports import Claim, RegistryChanged, Subscription
from hms_syn.store.audit_trail import columns
from hms_syn.store.in_memory_bells import NEVER, Bell, Lane
from hms_syn.store.in_memory_board import InMemoryBoard
from hms_syn.store.statements import moment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hms_syn.domain.ack import Ack
    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.ports import Ending, RoutedEvent


class InMemoryStore(InMemoryBoard):
    """The port ``Store`` in dictionaries under one lock. ``clock`` is the store's clock."""

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__(clock=clock)
        self._ids = itertools.count(1)
        self._version = 1
        self._subscriptions: dict[str, Subscription] = {}
        self._audit: list[dict[str, Any]] = []
        self._tips: dict[str | None, str] = {}
        self._cursors: dict[str, str] = {}
        self._pins: dict[tuple[str, str], bytes] = {}

    def register(self, job: JobSpec) -> bool:
        with self._lock:
            wanted = Subscription(
                job=job.id,
                topics=job.source_topics if job.push else (),
                ordering_key=job.push.ordering_key if job.push else None,
                schema=job.push.schema if job.push else None,
            )
            if self._subscriptions.get(job.id) == wanted:
                return False
            self._subscriptions[job.id] = wanted
            self._jobs.setdefault(job.id, Bell(ring_cap=job.push.sweep if job.push else 60.0))
            self._version += 1
            return True

    def subscriptions(self, *, again: bool = False) -> tuple[int, list[Subscription]]:
        del again  # always fresh
        with self._lock:
            return self._version, list(self._subscriptions.values())

    def publish(
        self, version: int, events: Sequence[RoutedEvent], *, connection: Any = None, repeats: str = "refuse"
    ) -> list[bool]:
        if connection is not None:
            raise NotImplementedError("there is no transaction to join in memory")
        with self._lock:
            if version != self._version:
                raise RegistryChanged
            if repeats == "refuse":
                self._refuse_conflicts(events)
            return [self._accept(routed) for routed in events]

    def _refuse_conflicts(self, events: Sequence[RoutedEvent]) -> None:
        known = {message_id: (row["topic"], row["body"]) for message_id, row in self._events.items()}
        for routed in events:
            content = (routed.event.topic, routed.event.body)
            if known.setdefault(routed.event.message_id, content) != content:
                raise PayloadConflict

    def _accept(self, routed: RoutedEvent) -> bool:
        event = routed.event
        if event.message_id in self._events:
            return False
        at = moment()
        self._events[event.message_id] = {
            "seq": len(self._events) + 1,
            "message_id": event.message_id,
            "topic": event.topic,
            "agency": event.agency,
            "ordering_key": event.ordering_key,
            "body": event.body,
            "headers": json.loads(event.headers),
            "published_at": at,
            "published": self._clock(),
        }
        published = {"topic": event.topic, "commitment": event.commitment}
        self._note(event.agency, "published", message_id=event.message_id, detail=published)
        for route in routed.routes:
            lane = self._lanes.setdefault(
                (route.job, route.ordering_key), Lane(id=next(self._ids), ready_at=self._clock())
            )
            lane.queue.append(
                Delivery(
                    id=next(self._ids),
                    message_id=event.message_id,
                    job=route.job,
                    topic=event.topic,
                    ordering_key=route.ordering_key,
                    idempotency_key=route.idempotency_key,
                    attempt=0,
                    payload=json.loads(event.body),
                    published_at=at,
                )
            )
            self._note(event.agency, "queued", message_id=event.message_id, job=route.job)
        return True

    def read(self, pattern: str, *, after: int, limit: int) -> list[Mapping[str, Any]]:
        with self._lock:
            found = [
                {
                    **{name: row[name] for name in row if name not in ("body", "published")},
                    "payload": json.loads(row["body"]),
                }
                for row in self._events.values()
                if row["seq"] > after and topics.matches(pattern, row["topic"])
            ]
            return list(found[:limit])

    def pop(self, job: str, *, owner: str, lease: float, window: int) -> Claim | None:
        with self._lock:
            now = self._clock()
            due = [
                (lane.ready_at, lane.id, key)
                for key, lane in self._lanes.items()
                if key[0] == job and lane.ready_at <= now
            ]
            if not due:
                return None
            key = min(due)[2]
            lane = self._lanes[key]
            lane.ready_at, lane.owner, lane.fence, lane.reserved_until = now + lease, owner, lane.fence + 1, NEVER
            return Claim(
                lane=lane.id,
                job=job,
                ordering_key=key[1],
                owner=owner,
                fence=lane.fence,
                deliveries=tuple(lane.queue[:window]),
            )

    def _held(self, claim: Claim, *, lease: float | None = None) -> Lane:
        lane = self._lanes.get((claim.job, claim.ordering_key))
        if lane is None or (lane.id, lane.fence, lane.owner) != (claim.lane, claim.fence, claim.owner):
            raise StaleLease
        if lease is not None:
            lane.ready_at = self._clock() + lease
        return lane

    def begin(self, claim: Claim, delivery: Delivery, *, lease: float) -> int:
        with self._lock:
            lane = self._held(claim, lease=lease)
            for lost in self._close(delivery, Outcome.UNKNOWN, "worker_lost", ""):
                self._note_on(claim, delivery, "unknown", lost, code="worker_lost")
            number = len(self._attempts[delivery.id]) + 1
            self._attempts[delivery.id].append(
                {
                    "job": claim.job,
                    "message_id": delivery.message_id,
                    "attempt": number,
                    "owner": claim.owner,
                    "outcome": None,
                    "code": "",
                    "note": "",
                    "took_s": None,
                    "delivery": delivery.id,
                }
            )
            lane.queue[0] = replace(lane.queue[0], attempt=number, unsettled=True)
            self._note_on(claim, delivery, "attempt", number, fence=claim.fence)
            return number

    def ack(
        self, claim: Claim, delivery: Delivery, attempt: int, ack: Ack, *, announce: tuple[int, RoutedEvent]
    ) -> None:
        with self._lock:
            self._current(announce[0])
            self._held(claim)
            self._close(delivery, Outcome.ACKED, "", "")
            self._archive(claim, delivery, attempt, State.DELIVERED, reference=ack.reference, status=ack.status)
            self._note_on(claim, delivery, "acked", attempt)
            self._note_on(claim, delivery, "delivered", attempt, reference=ack.reference, status=ack.status)
            self._accept(announce[1])

    def set_aside(
        self, claim: Claim, delivery: Delivery, attempt: int, ending: Ending, *, announce: tuple[int, RoutedEvent]
    ) -> None:
        with self._lock:
            self._current(announce[0])
            self._held(claim)
            self._close(delivery, ending.outcome, ending.code, ending.note)
            self._archive(claim, delivery, attempt, State.DEAD_LETTER, code=ending.code)
            self._note_on(claim, delivery, ending.outcome.value, attempt, code=ending.code)
            self._note_on(claim, delivery, "dead_letter", attempt, code=ending.code)
            self._accept(announce[1])

    def retry(self, claim: Claim, delivery: Delivery, attempt: int, ending: Ending, *, delay: float) -> None:
        with self._lock:
            lane = self._held(claim)
            lane.ready_at, lane.owner = self._clock() + delay, None
            lane.queue[0] = replace(lane.queue[0], unsettled=False)
            self._close(delivery, ending.outcome, ending.code, ending.note)
            self._note_on(claim, delivery, ending.outcome.value, attempt, code=ending.code, wait_s=round(delay, 3))

    def doubt(
        self, claim: Claim, delivery: Delivery, attempt: int, ending: Ending, *, announce: tuple[int, RoutedEvent]
    ) -> None:
        with self._lock:
            self._current(announce[0])
            lane = self._held(claim)
            lane.ready_at, lane.owner = math.inf, None
            lane.queue[0] = replace(lane.queue[0], unsettled=False)
            self._close(delivery, ending.outcome, ending.code, ending.note)
            self._note_on(claim, delivery, ending.outcome.value, attempt, code=ending.code)
            self._note_on(claim, delivery, "in_doubt", attempt, code=ending.code)
            self._accept(announce[1])

    def release(self, claim: Claim) -> None:
        with self._lock:
            lane = self._lanes.get((claim.job, claim.ordering_key))
            if lane is None or (lane.fence, lane.owner) != (claim.fence, claim.owner):
                return
            if lane.queue:
                lane.ready_at, lane.owner = self._clock(), None
            else:
                del self._lanes[claim.job, claim.ordering_key]

    def note_stale(self, claim: Claim, delivery: Delivery, attempt: int) -> None:
        with self._lock:
            for row in self._attempts[delivery.id]:
                if row["attempt"] == attempt and row["outcome"] is None:
                    row["outcome"] = "stale"
            self._note_on(claim, delivery, "stale", attempt, fence=claim.fence)

    def cursor(self, job: str) -> str | None:
        return self._cursors.get(job)

    def accept_page(self, job: str, version: int, events: Sequence[RoutedEvent], *, cursor: str | None) -> int:
        with self._lock:
            new = sum(self.publish(version, events, repeats="skip"))
            if cursor is not None:
                self._cursors[job] = cursor
            if new:
                self._note("hms-syn", "pulled", job=job, detail={"new": new, "seen": len(events)})
            return new

    def pinned(self, job: str, name: str) -> bytes | None:
        return self._pins.get((job, name))

    def pin(self, job: str, name: str, body: bytes) -> None:
        self._pins[job, name] = body

    def audit_rows(self, *, after: int = 0, limit: int = 1000) -> list[Mapping[str, Any]]:
        with self._lock:
            return list(self._audit[after : after + limit])

    def _current(self, version: int) -> None:
        if version != self._version:
            raise RegistryChanged

    def _close(self, delivery: Delivery, outcome: Outcome, code: str, note: str) -> list[int]:
        still_open = [row for row in self._attempts[delivery.id] if row["outcome"] is None]
        for row in still_open:
            row.update(outcome=outcome.value, code=code, note=note)
        return [row["attempt"] for row in still_open]

    def _archive(self, claim: Claim, delivery: Delivery, attempt: int, state: State, **facts: str) -> None:
        queue = self._lanes[claim.job, claim.ordering_key].queue
        if not queue or queue[0].id != delivery.id:
            raise StaleLease
        queue.pop(0)
        self._closed[delivery.id] = {
            "message_id": delivery.message_id,
            "job": claim.job,
            "state": state.value,
            "attempts": attempt,
            **facts,
        }

    def _note_on(self, claim: Claim, delivery: Delivery, event: str, attempt: int, **detail: Any) -> None:
        shown = {name: value for name, value in detail.items() if value not in (None, "")}
        self._note(claim.owner, event, message_id=delivery.message_id, job=claim.job, attempt=attempt, detail=shown)

    def _note(self, actor: str, event: str, **facts: Any) -> None:
        entry = AuditEntry(at=moment(), actor=actor, event=event, **facts)
        row = audit_entry.chain([entry], self._tips.get(entry.message_id) if entry.message_id else None)[0]
        self._tips[entry.message_id] = row.hash
        self._audit.append({"seq": len(self._audit) + 1, **columns(row)})
