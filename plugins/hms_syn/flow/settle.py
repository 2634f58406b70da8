"""Settling: what the vendor said becomes what the queue does, in one transaction with receipt, audit and announcement.

What decides is the error's branch (see errors.py), never its text.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hms_syn.domain import backoff
from hms_syn.domain.claim import Ending
from hms_syn.domain.delivery import Delivery, Outcome, outcome_of
from hms_syn.errors import (
    LoginRefused,
    NotSent,
    OutcomeUnknown,
    Refused,
    StaleLease,
    StoodStill,
    StoreUnavailable,
    SynError,
    TryAgain,
    VendorBusy,
)
from hms_syn.flow.hand_off import HandOff, announcement
from hms_syn.flow.publish import planned

if TYPE_CHECKING:
    from collections.abc import Callable

    from hms_syn.domain.ack import Ack
    from hms_syn.domain.claim import Claim
    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.domain.topic_event import TopicEvent
    from hms_syn.ports import Adapter, Announcement, Store

SETTLE_PAUSES = (0.1, 0.5, 1, 2, 4, 4, 4, 4, 4)
"""Seconds between tries to store an outcome while the database is away; after that the lease decides."""
RECENT = 20
"""How many of our own latest attempts are looked through for one whose outcome may be stored already."""


def on_unknown(job: JobSpec, adapter: Adapter) -> str:
    """Return what follows where the vendor may have a message: ``ask`` it, ``resend``, or ``hold`` for an officer."""
    policy = job.push.on_unknown if job.push else "hold"
    if policy != "resolve":
        return policy
    if adapter.finds:
        return "ask"
    return "resend" if adapter.idempotent else "hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settler:
    """Stores the outcomes of one worker."""

    job: JobSpec
    store: Store
    owner: str
    draw: Callable[[], float]

    def settle(  # noqa: PLR0913 - an attempt and what it came to
        self,
        claim: Claim,
        delivery: Delivery,
        attempt: int,
        outcome: Ack | SynError,
        *,
        unknown: str,
        seconds: float,
        then: Delivery | None,
    ) -> tuple[HandOff, int | None]:
        """Store an outcome; return what to report, and the number of the attempt that began with ``then``.

        :raises StaleLease: another worker has taken the lane over
        """
        if isinstance(outcome, SynError):
            return self._not_acked(claim, delivery, attempt, outcome, unknown=unknown, seconds=seconds, then=then)
        event = announcement(
            delivery, "delivered", attempts=attempt, reference=outcome.reference, status=outcome.status
        )
        following = self._surely(
            delivery,
            attempt,
            self._telling(event, lambda tell: self.store.ack(claim, delivery, attempt, outcome, tell=tell, then=then)),
            then,
        )
        hand_off = HandOff(
            message_id=delivery.message_id,
            attempt=attempt,
            outcome=Outcome.ACKED,
            reference=outcome.reference,
            seconds=seconds,
            trace_id=delivery.trace_id,
        )
        return hand_off, following

    def _not_acked(  # noqa: PLR0913 - as settle
        self,
        claim: Claim,
        delivery: Delivery,
        attempt: int,
        error: SynError,
        *,
        unknown: str,
        seconds: float,
        then: Delivery | None,
    ) -> tuple[HandOff, int | None]:
        ending = ending_of(error)
        last = self.job.retry.max_attempts
        in_doubt = isinstance(error, OutcomeUnknown) and unknown != "resend"
        counts = not in_doubt and not isinstance(error, StoodStill)
        is_over = isinstance(error, Refused) or (last is not None and attempt >= last and counts)
        blocks = is_over and self.job.on_refused == "block"
        wait: float | None = None
        following: int | None = None
        if in_doubt:
            wait = self.wait_to_ask(attempt) if unknown == "ask" else None
            self.doubt(claim, delivery, attempt, ending, delay=wait)
        elif is_over and not blocks:
            following = self.set_aside(claim, delivery, attempt, ending, then=then)
        else:
            if not blocks:
                wait = backoff.wait(self.job.retry, attempt, draw=self.draw(), asked=ending.asked)
            delay = wait
            self._surely(
                delivery, attempt, lambda: self.store.retry(claim, delivery, attempt, ending, delay=delay), None
            )
        hand_off = HandOff(
            message_id=delivery.message_id,
            attempt=attempt,
            outcome=ending.outcome,
            code=ending.code,
            note=ending.note,
            seconds=seconds,
            wait=wait,
            held=blocks or (in_doubt and wait is None),
            trace_id=delivery.trace_id,
        )
        return hand_off, following

    def wait_to_ask(self, attempt: int) -> float:
        """Return the seconds until the vendor may be asked for a message it may have.

        Never sooner than a call may take: only then does "no such message" mean that it will not come any more.
        """
        settle_time = self.job.push.timeout if self.job.push else 0.0
        return max(settle_time, backoff.wait(self.job.retry, max(attempt, 1), draw=self.draw()))

    def doubt(self, claim: Claim, delivery: Delivery, attempt: int, ending: Ending, *, delay: float | None) -> None:
        """Hold a message that the vendor may have."""
        event = announcement(delivery, "in_doubt", again=attempt, attempts=attempt, code=ending.code)
        self._surely(
            delivery,
            attempt,
            self._telling(
                event, lambda tell: self.store.doubt(claim, delivery, attempt, ending, delay=delay, tell=tell)
            ),
            None,
        )

    def set_aside(
        self, claim: Claim, delivery: Delivery, attempt: int, ending: Ending, *, then: Delivery | None
    ) -> int | None:
        """Make a message a dead letter."""
        event = announcement(delivery, "dead_letter", again=attempt, attempts=attempt, code=ending.code)
        return self._surely(
            delivery,
            attempt,
            self._telling(
                event, lambda tell: self.store.set_aside(claim, delivery, attempt, ending, tell=tell, then=then)
            ),
            then,
        )

    def found(self, claim: Claim, delivery: Delivery, ack: Ack) -> None:
        """Close a message that the vendor, when asked, was found to have."""
        event = announcement(
            delivery, "delivered", attempts=delivery.attempt, reference=ack.reference, status=ack.status
        )
        self._telling(event, lambda tell: self.store.found(claim, delivery, ack, tell=tell))()

    def _telling(self, event: TopicEvent, settle: Callable[[Announcement], int | None]) -> Callable[[], int | None]:
        """Return the settlement with its announcement planned against the registry as it is then."""
        return lambda: planned(self.store, [event], lambda version, routed: settle((version, routed[0])), check=False)

    def _surely(
        self, delivery: Delivery, attempt: int, store_outcome: Callable[[], int | None], then: Delivery | None
    ) -> int | None:
        """Store an outcome the vendor has already decided, waiting out a database that is away for a moment.

        When the database took the outcome but its answer was lost, the next try finds the delivery gone; that is then
        not another worker's doing but our own, and so is the intent that went with it.
        """
        for pause in (*SETTLE_PAUSES, None):
            try:
                return store_outcome()
            except StoreUnavailable:
                if pause is None:
                    raise
                time.sleep(pause)
            except StaleLease:
                mine = [] if pause == SETTLE_PAUSES[0] else self.store.settled_by(self.owner, limit=RECENT)
                if not any(_is_of(row, delivery, attempt) and row["outcome"] not in (None, "stale") for row in mine):
                    raise
                begun = then is not None and any(
                    _is_of(row, then, then.attempt + 1) and row["outcome"] is None for row in mine
                )
                return then.attempt + 1 if then is not None and begun else None
        return None


def ending_of(error: SynError) -> Ending:
    """Return how an attempt ended, by the error's branch."""
    return Ending(
        outcome=outcome_of(error),
        code=error.code,
        note=str(error),
        vendor_failed=isinstance(error, NotSent | OutcomeUnknown | VendorBusy),
        asked=error.retry_after if isinstance(error, TryAgain) else None,
        login_refused=isinstance(error, LoginRefused),
    )


def _is_of(row: object, delivery: Delivery, attempt: int) -> bool:
    return isinstance(row, dict) and (row["message_id"], row["job"], row["attempt"]) == (
        delivery.message_id,
        delivery.job,
        attempt,
    )
