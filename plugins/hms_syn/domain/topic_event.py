"""A fact on the bus: what an agency published, in the one byte form that is stored, hashed and compared."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import secrets
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import rfc8785

from hms_syn.domain import canonical_json, trace_context
from hms_syn.errors import InvalidEvent

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_PAYLOAD_BYTES = 1024 * 1024
TOPIC = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
OURS = "hms-syn"
"""The agency that tells of deliveries; nobody else speaks in its name."""
OUR_IDS = "syn:"
IDENTIFIER = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,198}[\x21-\x7e])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicEvent:
    """One event, checked and in canonical form.

    ``body`` is the payload as RFC 8785 canonical JSON. ``salt`` makes the ``commitment`` in the audit trail useless
    for guessing a short payload.
    """

    topic: str
    message_id: str
    agency: str
    body: str
    payload: Mapping[str, Any]
    ordering_key: str | None = None
    headers: str = "{}"
    salt: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)

    @property
    def columns(self) -> dict[str, str | None]:
        """The event as it is stored: everything but what its body says again."""
        return {
            "message_id": self.message_id,
            "topic": self.topic,
            "agency": self.agency,
            "ordering_key": self.ordering_key,
            "body": self.body,
            "headers": self.headers,
            "salt": self.salt,
        }

    @property
    def trace(self) -> trace_context.TraceContext:
        """The place in a trace below which this event's spans hang: its publisher's, or one made from its id."""
        return trace_context.of_message(self.message_id, self.headers)

    def within(self, trace: trace_context.TraceContext) -> TopicEvent:
        """Return the same event as part of a trace."""
        headers = {**json.loads(self.headers), trace_context.HEADER: str(trace)}
        return dataclasses.replace(self, headers=canonical(headers, what="headers"))

    @property
    def commitment(self) -> str:
        """Hex SHA-256 over salt and body: proves the payload later without showing it now."""
        return hashlib.sha256(bytes.fromhex(self.salt) + self.body.encode()).hexdigest()


def event_of(row: Mapping[str, Any]) -> TopicEvent:
    """Return the event that a row of the bus holds, in the form in which it was published."""
    return new_event(
        row["topic"],
        row["payload"],
        agency=row["agency"],
        message_id=row["message_id"],
        ordering_key=row["ordering_key"],
    )


def new_event(
    topic: str,
    payload: Mapping[str, Any],
    *,
    agency: str,
    message_id: str | None = None,
    ordering_key: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> TopicEvent:
    """Check what a publisher gave and put it into canonical form.

    A ``traceparent`` among the headers that is not valid (W3C Trace Context) is left out: a trace is no reason to
    refuse a fact.

    :raises InvalidEvent: naming the field at fault, never its value
    """
    if not TOPIC.fullmatch(topic):
        raise InvalidEvent("topic: use letters, digits, '.', '_' and '-', at most 200 of them")
    for name, value in (("message_id", message_id), ("ordering_key", ordering_key)):
        if value is not None and not IDENTIFIER.fullmatch(value):
            raise InvalidEvent(f"{name}: use 1 to 200 printable ASCII characters")
    if message_id is not None and message_id.startswith(OUR_IDS) and agency != OURS:
        raise InvalidEvent(f"message_id: ids that begin with '{OUR_IDS}' are the queue's own; use another")
    if not isinstance(payload, dict):
        raise InvalidEvent("payload: give a JSON object, e.g. {'case_id': 'HUD-22-109'}")
    body = canonical(payload, what="payload")
    if len(body.encode()) > MAX_PAYLOAD_BYTES:
        raise InvalidEvent(f"payload: larger than {MAX_PAYLOAD_BYTES} bytes; publish a reference to the document")
    return TopicEvent(
        topic=topic,
        message_id=message_id if message_id is not None else str(uuid.uuid4()),
        agency=agency,
        body=body,
        payload=payload,
        ordering_key=ordering_key,
        headers=canonical(trace_context.kept(headers), what="headers") if headers else "{}",
    )


def canonical(value: Any, *, what: str) -> str:
    """RFC 8785 canonical JSON text of a value.

    :raises InvalidEvent: for anything JSON cannot hold exactly (NaN, integers beyond 2**53, lone surrogates, dates)
    """
    try:
        return canonical_json.dumps(value)
    except (rfc8785.CanonicalizationError, RecursionError, UnicodeError) as error:
        reason = {
            "IntegerDomainError": "an integer beyond 2**53 cannot travel as JSON exactly; send it as text",
            "FloatDomainError": "NaN and infinity are not JSON",
        }.get(type(error).__name__, "only JSON values: objects with text keys, lists, text, numbers, true, false, null")
        raise InvalidEvent(f"{what}: {reason}") from None
