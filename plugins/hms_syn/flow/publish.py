"""Publishing: check an event against the jobs that take it, plan its lanes and keys, store it before returning."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, Any

from jmespath.exceptions import JMESPathError

from hms_syn.domain import expressions, topics
from hms_syn.domain.topic_event import OURS
from hms_syn.errors import InvalidEvent, StoreUnavailable
from hms_syn.flow import payload_check, spans
from hms_syn.ports import RegistryChanged, Route, RoutedEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    from hms_syn.domain.topic_event import TopicEvent
    from hms_syn.ports import Store, Subscription

    Result = TypeVar("Result")

REGISTRY_TRIES = 10
MAX_KEY = 200


def publish(store: Store, events: Sequence[TopicEvent], *, connection: Any = None) -> list[bool]:
    """Store events durably, each with a delivery for every job that takes its topic; True for each that is new.

    With ``connection`` they join the caller's transaction and are durable when it commits.

    :raises InvalidEvent: a job's schema refuses a payload · :raises PayloadConflict: a known id, another payload
    """
    with spans.publishing(events):
        return planned(store, events, lambda version, routed: store.publish(version, routed, connection=connection))


def planned(
    store: Store, events: Sequence[TopicEvent], act: Callable[[int, list[RoutedEvent]], Result], *, check: bool = True
) -> Result:
    """Plan events against the registry and act on the plan; plan again when a job was registered meanwhile."""
    again = False
    for _ in range(REGISTRY_TRIES):
        version, subscriptions = store.subscriptions(again=again)
        try:
            return act(version, [route(event, subscriptions, check=check) for event in events])
        except RegistryChanged:
            again = True
    raise StoreUnavailable("Jobs kept being registered while publishing; publish again")


def route(event: TopicEvent, subscriptions: Sequence[Subscription], *, check: bool = True) -> RoutedEvent:
    """Say which jobs take an event, in which lane it waits for each, and under which key their vendors see it."""
    takers = [
        taker
        for taker in subscriptions
        if any(topics.matches(topic, event.topic) for topic in taker.topics) and not _is_own_echo(event, taker)
    ]
    if check:
        for taker in takers:
            _check_schema(event, taker)
    return RoutedEvent(
        event=event,
        routes=tuple(
            Route(
                job=taker.job,
                ordering_key=_lane(event, taker),
                idempotency_key=idempotency_key(taker.job, event.message_id),
                endpoint=taker.endpoint,
                epoch=taker.epoch,
            )
            for taker in takers
        ),
    )


def idempotency_key(job: str, message_id: str) -> str:
    """Return the UUID a vendor sees for a message: one per (message, job), the same on every attempt and for ever."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"urn:hms-syn:{job}:{message_id}"))


def _lane(event: TopicEvent, taker: Subscription) -> str:
    """Return the ordering key: what the job's expression finds in the payload, or one lane for the whole job.

    An expression that does not fit this payload finds nothing: it must not keep another job's receipt from being
    stored, which is announced in the same transaction.
    """
    if taker.ordering_key is None:
        return ""
    data = {**event.payload, "_meta": {"ordering_key": event.ordering_key, "topic": event.topic}}
    try:
        found = expressions.compiled(taker.ordering_key).search(data)
    except JMESPathError:
        found = None
    text = "" if found is None else str(found)
    is_storable = len(text) <= MAX_KEY and "\0" not in text  # PostgreSQL's text holds no NUL
    return text if is_storable else hashlib.sha256(text.encode()).hexdigest()


def _is_own_echo(event: TopicEvent, taker: Subscription) -> bool:
    """Return whether the bus tells of this job's own deliveries: taking those, it would feed on itself for ever."""
    return event.agency == OURS and event.topic.startswith(f"syn.{taker.job}.")


def _check_schema(event: TopicEvent, taker: Subscription) -> None:
    if taker.schema is not None and (fault := payload_check.fault(taker.schema, event.payload)) is not None:
        raise InvalidEvent(f"{fault} of job {taker.job}'s schema")
