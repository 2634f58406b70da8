"""What one attempt came to, and what the bus is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hms_syn.domain.ack import RECEIPT_CHARS, printable
from hms_syn.domain.topic_event import OUR_IDS, OURS, new_event
from hms_syn.domain.trace_context import HEADER

if TYPE_CHECKING:
    from hms_syn.domain.delivery import Delivery, Outcome
    from hms_syn.domain.topic_event import TopicEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOff:
    """What one attempt came to: the log line of a push.

    ``wait`` is the seconds until the next try; ``held`` says that an officer must act before anything goes on in its
    line.
    """

    message_id: str
    attempt: int
    outcome: Outcome
    reference: str = ""
    code: str = ""
    note: str = ""
    seconds: float = 0.0
    wait: float | None = None
    held: bool = False
    trace_id: str = ""

    def fields(self, job: str) -> dict[str, str | int]:
        """Return the facts for machines, under names that stay: of a log line, or of ``hms-syn run --json``.

        ``ms`` is how long the vendor took. Neither a payload nor a vendor's words are among them, but its receipt.
        """
        return {
            "job": job,
            "message_id": self.message_id,
            "attempt": self.attempt,
            "outcome": self.outcome.value,
            "code": self.code,
            "ms": round(self.seconds * 1000),
            "receipt": printable(self.reference)[:RECEIPT_CHARS],
            "trace_id": self.trace_id,
        }


def announcement(delivery: Delivery, what: str, *, again: int | None = None, **facts: str | int) -> TopicEvent:
    """Return the bus event that says what became of a delivery: ids, codes and the receipt, never the payload.

    It belongs to the message's trace.

    ``again`` tells apart what may happen to one delivery more than once: a replayed message may be set aside again.
    """
    return new_event(
        f"syn.{delivery.job}.{what}",
        {
            "message_id": delivery.message_id,
            "job": delivery.job,
            "topic": delivery.topic,
            "ordering_key": delivery.ordering_key,
            "idempotency_key": delivery.idempotency_key,
            **facts,
        },
        agency=OURS,
        headers={HEADER: delivery.traceparent} if delivery.traceparent else None,
        message_id=f"{OUR_IDS}{delivery.idempotency_key}:{what}" + ("" if again is None else f":{again}"),
    )
