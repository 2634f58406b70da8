"""What OpenTelemetry is told of a message on its way, in a process where somebody has switched it on.

Airflow does so with ``[traces] otel_on``, ``opentelemetry-instrument`` for any program. Elsewhere nothing is imported,
made or sent. A span holds ids, codes and the vendor's host; never a payload, an address's path or a vendor's words.
"""

from __future__ import annotations

import dataclasses
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import hms_syn
from hms_syn.domain import endpoints, trace_context
from hms_syn.domain.delivery import outcome_of
from hms_syn.errors import SynError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from opentelemetry.context import Context
    from opentelemetry.trace import Link, Span, Tracer

    from hms_syn.domain.ack import Ack
    from hms_syn.domain.delivery import Delivery
    from hms_syn.domain.topic_event import TopicEvent
    from hms_syn.domain.trace_context import TraceContext

PUBLISH, ATTEMPT = "hms_syn.publish", "hms_syn.attempt"


def caller() -> list[Link]:
    """Return a link to the span this is called in, such as that of Airflow's task; none where there is no span."""
    if _tracer() is None:
        return []
    from opentelemetry import trace  # noqa: PLC0415 - only where somebody has loaded it already

    here = trace.get_current_span().get_span_context()
    return [trace.Link(here)] if here.is_valid else []


@contextmanager
def publishing(events: Sequence[TopicEvent]) -> Iterator[None]:
    """Show the storing of events, each in its own trace."""
    tracer = _tracer()
    if tracer is None:
        yield
        return
    from opentelemetry.trace import SpanKind  # noqa: PLC0415 - only where somebody has loaded it already

    links = caller()
    with ExitStack() as stack:
        for event in events:
            span = tracer.start_span(
                PUBLISH, _below(event.trace), SpanKind.PRODUCER, _facts(message_id=event.message_id), links
            )
            span.set_attributes(_facts(topic=event.topic, agency=event.agency))
            stack.callback(span.end)
        yield


@dataclass(slots=True)
class Attempt:
    """One attempt under way. ``message`` is the delivery as its vendor sees it, with this span's place."""

    message: Delivery
    _span: Span | None = None

    def ended(self, outcome: Ack | SynError) -> None:
        """Say how it ended: the outcome and the code, as in ``hms_syn_attempt_v``."""
        if self._span is None:
            return
        if not isinstance(outcome, SynError):
            self._span.set_attributes(_facts(outcome="acked"))
            return
        from opentelemetry.trace import StatusCode  # noqa: PLC0415 - only where somebody has loaded it already

        self._span.set_attributes(_facts(outcome=outcome_of(outcome).value, code=outcome.code))
        self._span.set_status(StatusCode.ERROR, outcome.code)


@contextmanager
def attempt(delivery: Delivery, number: int, *, within: Sequence[Link] = ()) -> Iterator[Attempt]:
    """Show one call of a vendor, and give the call its place in the message's trace."""
    tracer = _tracer()
    place = None if tracer is None else trace_context.read(delivery.traceparent)
    if tracer is None or place is None:
        yield Attempt(delivery)
        return
    from opentelemetry.trace import SpanKind  # noqa: PLC0415 - only where somebody has loaded it already

    facts = _facts(job=delivery.job, message_id=delivery.message_id, attempt=number, vendor=_host(delivery.endpoint))
    with tracer.start_as_current_span(
        ATTEMPT, _below(place), SpanKind.CLIENT, facts, within, record_exception=False, set_status_on_exception=False
    ) as span:
        seen = span.get_span_context()
        own = trace_context.TraceContext(f"{seen.trace_id:032x}", f"{seen.span_id:016x}", f"{seen.trace_flags & 1:02x}")
        yield Attempt(dataclasses.replace(delivery, span=str(own)), span)


def _tracer() -> Tracer | None:
    """Return a tracer where somebody has set OpenTelemetry's SDK up in this process."""
    if "opentelemetry.sdk.trace" not in sys.modules:
        return None
    from opentelemetry import trace  # noqa: PLC0415 - only where somebody has loaded it already

    if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        return None
    return trace.get_tracer("hms_syn", hms_syn.__version__)


def _below(place: TraceContext) -> Context:
    from opentelemetry import trace  # noqa: PLC0415 - only where somebody has loaded it already
    from opentelemetry.context import Context  # noqa: PLC0415 - as above

    parent = trace.SpanContext(
        int(place.trace_id, 16),
        int(place.span_id, 16),
        is_remote=True,
        trace_flags=trace.TraceFlags(int(place.flags, 16)),
    )
    return trace.set_span_in_context(trace.NonRecordingSpan(parent), Context())


def _facts(**facts: str | int) -> dict[str, Any]:
    return {f"hms_syn.{name}": value for name, value in facts.items() if value != ""}


def _host(endpoint: str) -> str:
    try:
        return endpoints.host(endpoint)
    except ValueError:
        return ""
