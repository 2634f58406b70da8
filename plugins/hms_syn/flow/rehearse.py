"""Trying a payload without publishing or sending it, against the job's schema, its mapping and the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hms_syn.domain.delivery import Delivery
from hms_syn.domain.topic_event import new_event
from hms_syn.flow.publish import idempotency_key, route
from hms_syn.ports import Subscription

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.ports import Adapter


def rehearse(job: JobSpec, adapter: Adapter, topic: str, payload: Mapping[str, Any]) -> bytes:
    """Return the body the vendor would get, without credentials; nothing is stored and nothing is sent.

    :raises InvalidEvent: publish would refuse it · :raises UnmappablePayload: it does not fit the vendor's contract
    """
    event = new_event(topic, payload, agency="rehearsal", message_id="rehearsal")
    push = job.push
    taker = Subscription(
        job=job.id,
        topics=(topic,),
        ordering_key=push.ordering_key if push else None,
        schema=push.schema if push else None,
    )
    lane = route(event, [taker]).routes[0].ordering_key
    return adapter.preview(
        Delivery(
            id=0,
            message_id=event.message_id,
            job=job.id,
            topic=topic,
            ordering_key=lane,
            idempotency_key=idempotency_key(job.id, event.message_id),
            attempt=0,
            payload=event.payload,
            published_at="",
        )
    )
