"""The trace a message belongs to: one id from publication over each call of a vendor to what the vendor says later.

The form is W3C Trace Context, level 1 (https://www.w3.org/TR/trace-context-1/). A publisher's own ``traceparent`` is
kept among the event's headers. Without one the ids follow from the message's id, so every reader finds the same ones
and nothing is stored.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

HEADER = "traceparent"
SAMPLED = "01"
_FORM = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-[\x20-\x7e]*)?")
_NONE = re.compile("0+")


@dataclass(frozen=True, slots=True)
class TraceContext:
    """A place in a trace: the trace's id, the span that anything new hangs below, and the flags, all in hex."""

    trace_id: str
    span_id: str
    flags: str = SAMPLED

    def __str__(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"

    def below(self, span_id: str) -> TraceContext:
        """Return the place of a span in the same trace."""
        return TraceContext(self.trace_id, span_id, self.flags)


def read(text: str) -> TraceContext | None:
    """Return what a ``traceparent`` says, or None where it is not a valid one (section 3.2.2).

    A later version than 00 is read as far as 00 reaches; only the flag ``sampled`` is known, and only that is kept.

    >>> str(read("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"))
    '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    >>> read("00-00000000000000000000000000000000-00f067aa0ba902b7-01")
    """
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    version, trace_id, span_id, flags, more = found.groups()
    if (
        version == "ff"
        or (version == "00" and more is not None)
        or _NONE.fullmatch(trace_id)
        or _NONE.fullmatch(span_id)
    ):
        return None
    return TraceContext(trace_id, span_id, f"{int(flags, 16) & 1:02x}")


def kept(headers: Mapping[str, str]) -> dict[str, str]:
    """Return a publisher's headers with one valid ``traceparent``, or with none; its name is in lower case."""
    given = [(name, value) for name, value in headers.items() if _is_ours(name)]
    if not given:
        return dict(headers)
    context = read(given[0][1]) if len(given) == 1 and isinstance(given[0][1], str) else None
    others = {name: value for name, value in headers.items() if not _is_ours(name)}
    return {**others, HEADER: str(context)} if context else others


def alone(headers: str) -> str:
    """Return an event's stored headers with its ``traceparent`` alone, which is no secret; empty where it has none."""
    context = json.loads(headers).get(HEADER) if HEADER in headers else None
    return json.dumps({HEADER: context}) if context else ""


def _is_ours(name: object) -> bool:
    return isinstance(name, str) and name.lower() == HEADER


def of_message(message_id: str, headers: str = "{}") -> TraceContext:
    """Return the place below which a message's spans hang, from its id and its headers as they are stored."""
    if HEADER in headers:
        try:
            context = read(json.loads(headers)[HEADER])
        except (ValueError, TypeError, KeyError):  # not as this release writes it
            context = None
        if context is not None:
            return context
    digest = hashlib.sha256(f"hms-syn trace {message_id}".encode()).hexdigest()
    return TraceContext(digest[:32], digest[32:48])


def of_attempt(message: TraceContext, idempotency_key: str, attempt: int) -> TraceContext:
    """Return the place of one attempt: the same however often it is asked for, and another one for each attempt."""
    return message.below(hashlib.sha256(f"hms-syn attempt {idempotency_key} {attempt}".encode()).hexdigest()[:16])
