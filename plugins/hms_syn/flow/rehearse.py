"""Trying a payload without publishing or sending it, against the job's schema, its mapping and the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hms_syn.domain.delivery import Delivery
from hms_syn.domain.topic_event import new_event
from hms_syn.flow.publish import route
from hms_syn.ports import Subscription

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.domain.topic_event import TopicEvent
    from hms_syn.ports import Adapter


def rehearse(job: JobSpec, adapter: Adapter, topic: str, payload: Mapping[str, Any]) -> bytes:
    """Return the body the vendor would get, without credentials; nothing is stored and nothing is sent.

    :raises InvalidEvent: publish would refuse it · :raises UnmappablePayload: it does not fit the vendor's contract
    """
    event = new_event(topic, payload, agency="rehearsal", message_id="rehearsal")
    [delivery] = deliveries(job, event, topics=(topic,))
    return adapter.preview(delivery)


def deliveries(
    job: JobSpec,
    event: TopicEvent,
    *,
    topics: Sequence[str] | None = None,
    published_at: str = "",
    check: bool = True,
) -> list[Delivery]:
    """Return what publishing an event would queue for a job: one delivery, or none where the job does not take it.

    ``topics`` stand in for the job's own.

    :raises InvalidEvent: publish would refuse it; not without ``check``
    """
    push = job.push
    taker = Subscription(
        job=job.id,
        topics=tuple(topics if topics is not None else job.source_topics if push else ()),
        endpoint=job.target_endpoint,
        ordering_key=push.ordering_key if push else None,
        schema=push.schema if push else None,
    )
    return [
        Delivery(
            id=0,
            message_id=event.message_id,
            job=job.id,
            topic=event.topic,
            ordering_key=way.ordering_key,
            idempotency_key=way.idempotency_key,
            attempt=0,
            payload=event.payload,
            published_at=published_at,
            endpoint=way.endpoint,
        )
        for way in route(event, [taker], check=check).routes
    ]
