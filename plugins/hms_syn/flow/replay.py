"""Replaying to a job what was published before it was there: events that nobody took, or that only others did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hms_syn.domain.topic_event import OURS, event_of
from hms_syn.errors import UnknownJob
from hms_syn.flow.publish import route

if TYPE_CHECKING:
    from collections.abc import Callable

    from hms_syn.ports import Act, Route, Store

PAGE = 500


def replay_to(  # noqa: PLR0913 - what, to whom, by whom
    store: Store,
    enqueue: Callable[[str, Route, Act], bool],
    *,
    job: str,
    pattern: str,
    since: str,
    act: Act,
    limit: int | None = None,
) -> list[str]:
    """Queue for a job, in the order of the bus, what matches a pattern and was published since; return the ids.

    What the job has or had already is left alone, so that a second call does nothing more, or goes on after ``limit``.
    ``since`` is an ISO 8601 time, or empty for everything.

    :raises UnknownJob: no such job
    """
    _, subscriptions = store.subscriptions(again=True)
    taker = next((one for one in subscriptions if one.job == job), None)
    if taker is None:
        raise UnknownJob(f"No job is called '{job}'; 'hms-syn status' lists those there are")
    queued: list[str] = []
    after = 0
    while rows := store.read(pattern, after=after, limit=PAGE):
        after = rows[-1]["seq"]
        for row in rows:
            if row["published_at"] < since or (row["agency"] == OURS and row["topic"].startswith(f"syn.{job}.")):
                continue
            event = event_of(row)
            way = route(event, [taker.taking(row["topic"])]).routes[0]
            if enqueue(event.message_id, way, act):
                queued.append(event.message_id)
            if len(queued) == limit:
                return queued
    return queued
