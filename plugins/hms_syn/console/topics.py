"""The bus over HTTP: what ``hms_a2a.Bus`` does, for programs that are not in Python or not beside the database."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Request, Response

from hms_syn.console.access import RightsDep, json_from_here
from hms_syn.console.store import StoreDep
from hms_syn.domain import topics as patterns
from hms_syn.domain import trace_context
from hms_syn.domain.json_objects import json_object
from hms_syn.domain.topic_event import OURS, new_event
from hms_syn.errors import InvalidEvent
from hms_syn.flow.publish import publish

router = APIRouter(tags=["bus"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What is published: a JSON object, with an id of your own if a repeat must be known as one."""

    payload: dict[str, Any]
    message_id: str | None = None
    ordering_key: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


async def nothing_twice(request: Request) -> None:
    """Refuse a body in which a key stands twice: two programs could read it as two payloads (RFC 8259, 4).

    :raises InvalidEvent: one does
    """
    json_object((await request.body()).decode("utf-8", "replace"))


@router.post(
    "/topics/{topic}/messages",
    status_code=201,
    dependencies=[Depends(json_from_here), Depends(nothing_twice)],
    responses={200: {"description": "It is published already, with this payload."}},
)
def post(
    topic: Annotated[str, Path(max_length=200)],
    fact: Fact,
    rights: RightsDep,
    store: StoreDep,
    response: Response,
    traceparent: Annotated[str | None, Header(description="W3C Trace Context; the body's own counts before it")] = None,
) -> dict[str, str]:
    """Publish a fact, durable when this answers: 201, or 200 for a repeat; 409 for a known id with another payload.

    The agency on the record is the Airflow user. It needs the right to edit the DAG of every job that takes the topic;
    for a topic that nobody takes, of all DAGs. The request's ``traceparent`` is the message's, unless its ``headers``
    have one; one that is not valid is left out.
    """
    agency = str(rights.user.get_name())
    if agency == OURS:
        raise InvalidEvent(f"agency: '{OURS}' is the queue's own name; log in as another user")
    event = new_event(
        topic,
        fact.payload,
        agency=agency,
        message_id=fact.message_id,
        ordering_key=fact.ordering_key,
        headers=_traced(fact.headers, traceparent),
    )
    _, subscriptions = store.subscriptions(again=True)
    takers = [one.job for one in subscriptions if any(patterns.matches(pattern, topic) for pattern in one.topics)]
    wanted: list[str | None] = [*takers] or [None]
    for job in wanted:
        rights.need("PUT", job)
    if not publish(store, [event])[0]:
        response.status_code = 200
    return {"message_id": event.message_id}


def _traced(headers: dict[str, str], traceparent: str | None) -> dict[str, str]:
    own = trace_context.kept(headers)
    return own if traceparent is None or trace_context.HEADER in own else {**own, trace_context.HEADER: traceparent}
