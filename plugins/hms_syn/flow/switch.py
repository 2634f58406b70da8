"""Pausing and resuming a job: one act, whether an officer does it here, in Airflow, or a pause comes to its end.

A paused job goes on accepting messages and sends nothing new from a second later on; what is at the vendor then is
settled. Resumed, it goes on in order.
"""

from __future__ import annotations

import dataclasses
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hms_syn.domain.switching import Turn
from hms_syn.domain.topic_event import OUR_IDS, OURS, TopicEvent, new_event
from hms_syn.flow.publish import planned

if TYPE_CHECKING:
    from hms_syn.ports import Act
    from hms_syn.store.sql_store import SqlStore
    from hms_syn.store.switchboard import Switchboard
    from hms_syn.store.transactions import Transactions

LOOK_EVERY = 1.0
"""Seconds between looks at all switches: one statement or two, however many jobs there are."""


def pause(store: SqlStore, job: str, act: Act, *, until: float | None = None) -> bool:
    """Switch a job off for sending; it goes on accepting. False when it was off already, with the same end.

    ``until`` is the end of the pause in Unix seconds by the store's clock; None lasts until somebody resumes.

    :raises UnknownJob: no such job · :raises ActRefused: ``until`` is over already
    """
    return _act(store, Turn(job=job, paused=True, by=act.actor, reason=act.reason, until=until))


def resume(store: SqlStore, job: str, act: Act) -> bool:
    """Switch a job on again; its bell rings at once. False when it was on already.

    :raises UnknownJob: no such job
    """
    return _act(store, Turn(job=job, paused=False, by=act.actor, reason=act.reason))


def follow(store: SqlStore, *, airflow: Transactions | None = None) -> list[Turn]:
    """Take in what was switched in Airflow and end the pauses that are over; return the turns this call has made.

    Anybody may call it, at any time: each turn is made once. Where the queue is in a database of its own, whoever may
    use Airflow's gives that too; row and toggle then follow each other.
    """
    switches = dataclasses.replace(store.switches, airflow=airflow)
    found = switches.moves()
    for paused, jobs in found.agreed.items():
        if jobs:
            switches.agree(jobs, paused=paused)
    for job in found.behind:
        switches.catch_up(job)
    return [turn for turn in found.turns if _make(switches, turn)]


@dataclass(slots=True)
class Follower:
    """Follows the switches, no more than once a second, for whoever looks at the queue again and again."""

    store: SqlStore
    _next: float = field(default=0.0, init=False)

    def look(self) -> list[Turn]:
        """Follow where it is time."""
        if time.monotonic() < self._next:
            return []
        self._next = time.monotonic() + LOOK_EVERY
        return follow(self.store)


def _act(store: SqlStore, turn: Turn) -> bool:
    follow(store)  # what somebody did in Airflow a moment ago comes first, under their name
    return _make(store.switches, turn)


def _make(switches: Switchboard, turn: Turn) -> bool:
    """Make a turn with its announcement in one transaction."""
    return planned(
        switches.store,
        [_announcement(turn)],
        lambda version, routed: switches.turn(turn, tell=(version, routed[0])),
        check=False,
    )


def _announcement(turn: Turn) -> TopicEvent:
    """Return the bus event of a turn; it may be told to jobs that wait for it, as any event."""
    payload = {"job": turn.job, "by": turn.by, "reason": turn.reason, **turn.ending}
    topic = f"syn.{turn.job}.{turn.event}"
    return new_event(topic, payload, agency=OURS, message_id=f"{OUR_IDS}{uuid.uuid4()}")
