"""What one attempt came to, and what the bus is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hms_syn.domain.topic_event import OUR_IDS, OURS, new_event

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


def announcement(delivery: Delivery, what: str, *, again: int | None = None, **facts: str | int) -> TopicEvent:
    """Return the bus event that says what became of a delivery: ids, codes and the receipt, never the payload.

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
        message_id=f"{OUR_IDS}{delivery.idempotency_key}:{what}" + ("" if again is None else f":{again}"),
    )
