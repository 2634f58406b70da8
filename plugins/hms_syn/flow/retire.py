"""Retiring a job whose file is gone: it accepts nothing more, and what it has is given away or given up by a person."""

from __future__ import annotations

import time
from itertools import chain
from typing import TYPE_CHECKING, Any

from hms_syn.domain.delivery import State
from hms_syn.domain.topic_event import event_of
from hms_syn.errors import ActRefused, UnknownJob
from hms_syn.flow.publish import route

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hms_syn.ports import Act, Subscription
    from hms_syn.store.desk import Desk

PAGE = 500
PATIENCE = 10.0
"""Seconds that publications which began before are waited for."""
TICK = 0.05


def retire(
    desk: Desk,
    job: str,
    act: Act,
    *,
    to: str | None = None,
    discard: bool = False,
    patience: float = PATIENCE,
) -> Mapping[str, int]:
    """Take a job out of the register; return how many messages were ``handed_over``, ``known`` there, ``discarded``.

    With ``to`` what waits and was never tried goes to another job, in order, with that job's keys; with ``discard``
    the rest is closed for good. Without them nothing may be left. Cut short, the same call goes on where it ended.

    :raises UnknownJob: no such job · :raises ActRefused: something is left that nobody decided on, or is being sent
    """
    here = desk.left(job)
    if here and to is None and not discard:
        raise ActRefused(
            f"{job}: {here}; put its file back until they are gone, or give what waits to another job (--to JOB), "
            "or give all of it up (--discard)"
        )
    heir = None if to is None else _heir(desk, to, of=job)
    desk.close_job(job)
    _wait_for_publications(desk, patience)
    done = {"handed_over": 0, "known": 0, "discarded": 0}
    if heir is not None:
        for row in _each(lambda after: desk.waiting(job, after=after, limit=PAGE)):
            if row["payload"] is not None and not row["attempts"] and row["state"] == State.PENDING.value:
                way = route(event_of(row), [heir.taking(row["topic"])]).routes[0]
                is_new = desk.hand_over(row["message_id"], way, act, job=job)
                done["handed_over" if is_new else "known"] += 1
    if discard:
        rows = chain(
            _each(lambda after: desk.waiting(job, after=after, limit=PAGE)),
            _each(lambda after: desk.set_aside_of(job, after=after, limit=PAGE)),
        )
        for row in rows:
            desk.discard(row["message_id"], act, job=job)
            done["discarded"] += 1
    still = desk.end_job(job, act)
    if still:
        raise ActRefused(
            f"{job}: {still} that were tried, or set aside; 'hms-syn messages --job {job}' lists them. "
            "It accepts nothing more; resolve or discard them, then retire it again"
        )
    return done


def _wait_for_publications(desk: Desk, patience: float) -> None:
    """Return when what was about to be queued for the job is there to be counted."""
    place, until = desk.last_place(), time.monotonic() + patience
    while not desk.is_quiet(place):
        if time.monotonic() > until:
            raise ActRefused("A publication that began before is still open; try again when it has ended")
        time.sleep(TICK)


def _each(look: Callable[[int], list[Mapping[str, Any]]]) -> Iterator[Mapping[str, Any]]:
    """Yield all rows, read by pages."""
    after = 0
    while page := look(after):
        yield from page
        after = page[-1]["id"]


def _heir(desk: Desk, job: str, *, of: str) -> Subscription:
    """Return what the job takes that is to get what waits.

    :raises UnknownJob: no such job · :raises ActRefused: it pushes nothing, or is the same
    """
    _, subscriptions = desk.store.subscriptions(again=True)
    taker = next((one for one in subscriptions if one.job == job), None)
    if taker is None:
        raise UnknownJob(f"No job is called '{job}'; 'hms-syn status' lists those there are")
    if not taker.topics or job == of:
        raise ActRefused(f"{job}: cannot take what waits; name another job that pushes")
    return taker
