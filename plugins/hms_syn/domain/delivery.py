"""A message on its way to one job: its states, and the one table of moves between them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from hms_syn import errors
from hms_syn.domain import trace_context

if TYPE_CHECKING:
    from collections.abc import Mapping


class State(str, Enum):
    """Where a delivery stands. The first three are open; nothing open is ever pruned."""

    PENDING = "pending"
    IN_FLIGHT = "in_flight"
    IN_DOUBT = "in_doubt"
    DELIVERED = "delivered"
    DEAD_LETTER = "dead_letter"
    DISCARDED = "discarded"


class Outcome(str, Enum):
    """How one attempt ended."""

    ACKED = "acked"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    NOT_SENT = "not_sent"
    STALE = "stale"


MOVES: Mapping[State, frozenset[State]] = {
    State.PENDING: frozenset({State.IN_FLIGHT, State.DISCARDED}),
    State.IN_FLIGHT: frozenset({State.PENDING, State.IN_DOUBT, State.DELIVERED, State.DEAD_LETTER}),
    State.IN_DOUBT: frozenset({State.PENDING, State.DELIVERED, State.DEAD_LETTER, State.DISCARDED}),
    State.DELIVERED: frozenset(),
    State.DEAD_LETTER: frozenset({State.PENDING, State.DISCARDED}),
    State.DISCARDED: frozenset(),
}
"""Allowed next states. What leaves a closed state is an officer's act, and is audited as one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message for one job, as a worker holds it under a lease.

    ``attempt`` counts the attempts made before this one; ``idempotency_key`` is a UUID, the same on every attempt.
    ``endpoint`` is where it was accepted for. ``state`` is how it was found: ``in_flight`` says that a worker was lost
    while it sent. ``lost`` says that this attempt has no outcome on record: the worker has not come back, too late, to
    note one. ``traceparent`` is the message's place in its trace (W3C Trace Context), ``span`` that of this attempt
    where OpenTelemetry has given it one.
    """

    id: int
    message_id: str
    job: str
    topic: str
    ordering_key: str
    idempotency_key: str
    attempt: int
    payload: Mapping[str, Any]
    published_at: str
    endpoint: str = ""
    state: State = State.PENDING
    lost: bool = False
    traceparent: str = ""
    span: str = ""

    @property
    def meta(self) -> Mapping[str, Any]:
        """The facts about the message that are not its payload."""
        return {
            "message_id": self.message_id,
            "job": self.job,
            "topic": self.topic,
            "ordering_key": self.ordering_key,
            "idempotency_key": self.idempotency_key,
            "published_at": self.published_at,
        }

    @property
    def trace_id(self) -> str:
        """The trace the message belongs to, 32 hex digits."""
        return self.traceparent[3:35]

    @property
    def trace_header(self) -> Mapping[str, str]:
        """The header by which HTTP carries the trace, another one on each attempt; empty where there is no trace.

        It goes beside the message and is no part of it: what is mapped stays the same on every attempt.
        """
        if self.span:
            return {trace_context.HEADER: self.span}
        place = trace_context.read(self.traceparent)
        if place is None:
            return {}
        return {trace_context.HEADER: str(trace_context.of_attempt(place, self.idempotency_key, self.attempt + 1))}


def outcome_of(error: errors.SynError) -> Outcome:
    """The outcome an attempt ended with, decided by the error's branch and never by its text."""
    if isinstance(error, errors.Refused):
        return Outcome.REFUSED
    if isinstance(error, errors.StaleLease):
        return Outcome.STALE
    if isinstance(error, errors.NotSent | errors.StoodStill | errors.StoreUnavailable | errors.NeedsOfficer):
        return Outcome.NOT_SENT
    return Outcome.UNKNOWN
