"""Pushing: take a lane, send its messages in order, and settle each by what the vendor really said.

The intent is on record before the first byte leaves; the outcome, the receipt, the audit and the announcement are one
transaction after it. What decides is the error's branch (see errors.py), never its text.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hms_syn.domain import backoff
from hms_syn.domain.delivery import Delivery, Outcome, outcome_of
from hms_syn.domain.topic_event import new_event
from hms_syn.errors import OutcomeUnknown, Refused, StaleLease, StoreUnavailable, SynError, TryAgain
from hms_syn.flow.publish import BUS_NAME, planned
from hms_syn.ports import Ending

if TYPE_CHECKING:
    from collections.abc import Callable

    from hms_syn.domain.ack import Ack
    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.domain.topic_event import TopicEvent
    from hms_syn.ports import Adapter, Claim, RoutedEvent, Store

SETTLE_PAUSES = (0.1, 0.5, 1, 2, 4, 8, 8)
"""Seconds between tries to store an outcome while the database is away; after that the lease decides."""
RECENT = 20
"""How many of our own latest attempts are looked through for one whose outcome may be stored already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOff:
    """What one attempt came to: the log line of a push."""

    message_id: str
    attempt: int
    outcome: Outcome
    reference: str = ""
    code: str = ""
    note: str = ""
    seconds: float = 0.0
    wait: float | None = None
    held: bool = False


@dataclass(slots=True, kw_only=True)
class Drain:
    """One worker on one job's queue. ``stop`` is asked before every message; ``report`` hears of every attempt."""

    job: JobSpec
    store: Store
    adapter: Adapter
    owner: str
    stop: Callable[[], bool] = lambda: False
    report: Callable[[HandOff], None] = lambda _hand_off: None
    draw: Callable[[], float] = random.random
    settled: int = field(default=0, init=False)

    def run(self) -> int:
        """Send what is due until nothing is, or until told to stop; return how many messages were settled."""
        while not self.stop() and self._one_lane():
            pass
        return self.settled

    def _one_lane(self) -> bool:
        push = self.job.push
        if push is None:
            return False
        claim = self.store.pop(self.job.id, owner=self.owner, lease=push.lease, window=push.batch_size)
        if claim is None:
            return False
        for delivery in claim.deliveries:
            if self.stop():
                break
            if not self._deliver(claim, delivery, lease=push.lease):
                return True
        self.store.release(claim)
        return True

    def _deliver(self, claim: Claim, delivery: Delivery, *, lease: float) -> bool:
        """Send one message and settle it; False when the lane is no longer ours to go on with."""
        try:
            if delivery.unsettled and self._must_hold():
                self._hold_lost(claim, delivery)
                return False
            attempt = self.store.begin(claim, delivery, lease=lease)
        except StaleLease:
            return False
        started = time.monotonic()
        try:
            outcome: Ack | SynError = self.adapter.send(delivery)
        except SynError as error:
            outcome = error
        except Exception as error:  # noqa: BLE001 - an adapter's own fault after the intent: the vendor may have it
            outcome = OutcomeUnknown(f"The adapter failed with {type(error).__name__}", code="adapter_error")
        took = time.monotonic() - started
        try:
            hand_off = self._settle(claim, delivery, attempt, outcome, seconds=took)
        except StaleLease:
            self.store.note_stale(claim, delivery, attempt)
            self.report(HandOff(message_id=delivery.message_id, attempt=attempt, outcome=Outcome.STALE, seconds=took))
            return False
        self.report(hand_off)
        goes_on = hand_off.wait is None and not hand_off.held
        self.settled += goes_on
        return goes_on

    def _must_hold(self) -> bool:
        """Return whether a message that the vendor may have waits for an officer rather than being sent again."""
        policy = self.job.push.on_unknown if self.job.push else "resend"
        return policy == "hold" or (policy == "resolve" and not self.adapter.idempotent)

    def _hold_lost(self, claim: Claim, delivery: Delivery) -> None:
        """Hold what a lost worker may have sent."""
        ending = Ending(outcome=Outcome.UNKNOWN, code="worker_lost")
        self._doubt(claim, delivery, delivery.attempt, ending)
        self.report(
            HandOff(
                message_id=delivery.message_id,
                attempt=delivery.attempt,
                outcome=ending.outcome,
                code=ending.code,
                held=True,
            )
        )

    def _settle(
        self, claim: Claim, delivery: Delivery, attempt: int, outcome: Ack | SynError, *, seconds: float
    ) -> HandOff:
        if not isinstance(outcome, SynError):
            self._acked(claim, delivery, attempt, outcome)
            return HandOff(
                message_id=delivery.message_id,
                attempt=attempt,
                outcome=Outcome.ACKED,
                reference=outcome.reference,
                seconds=seconds,
            )
        ending = Ending(outcome=outcome_of(outcome), code=outcome.code, note=str(outcome))
        last = self.job.retry.max_attempts
        wait: float | None = None
        held = isinstance(outcome, OutcomeUnknown) and self._must_hold()
        if held:
            self._doubt(claim, delivery, attempt, ending)
        elif isinstance(outcome, Refused) or (last is not None and attempt >= last):
            self._set_aside(claim, delivery, attempt, ending)
        else:
            asked = outcome.retry_after if isinstance(outcome, TryAgain) else None
            wait = backoff.wait(self.job.retry, attempt, draw=self.draw(), asked=asked)
            delay = wait
            self._surely(delivery, attempt, lambda: self.store.retry(claim, delivery, attempt, ending, delay=delay))
        return HandOff(
            message_id=delivery.message_id,
            attempt=attempt,
            outcome=ending.outcome,
            code=ending.code,
            note=ending.note,
            seconds=seconds,
            wait=wait,
            held=held,
        )

    def _acked(self, claim: Claim, delivery: Delivery, attempt: int, ack: Ack) -> None:
        event = announcement(delivery, "delivered", attempts=attempt, reference=ack.reference, status=ack.status)
        self._settle_and_tell(
            delivery, attempt, event, lambda tell: self.store.ack(claim, delivery, attempt, ack, announce=tell)
        )

    def _doubt(self, claim: Claim, delivery: Delivery, attempt: int, ending: Ending) -> None:
        event = announcement(delivery, "in_doubt", again=attempt, attempts=attempt, code=ending.code)
        self._settle_and_tell(
            delivery, attempt, event, lambda tell: self.store.doubt(claim, delivery, attempt, ending, announce=tell)
        )

    def _set_aside(self, claim: Claim, delivery: Delivery, attempt: int, ending: Ending) -> None:
        event = announcement(delivery, "dead_letter", again=attempt, attempts=attempt, code=ending.code)
        self._settle_and_tell(
            delivery, attempt, event, lambda tell: self.store.set_aside(claim, delivery, attempt, ending, announce=tell)
        )

    def _settle_and_tell(
        self,
        delivery: Delivery,
        attempt: int,
        event: TopicEvent,
        settle: Callable[[tuple[int, RoutedEvent]], None],
    ) -> None:
        """Settle an attempt and put its announcement on the bus in the same transaction."""
        self._surely(
            delivery,
            attempt,
            lambda: planned(self.store, [event], lambda version, routed: settle((version, routed[0])), check=False),
        )

    def _surely(self, delivery: Delivery, attempt: int, store_outcome: Callable[[], None]) -> None:
        """Store an outcome the vendor has already decided, waiting out a database that is away for a moment.

        When the database took the outcome but its answer was lost, the next try finds the delivery gone; that is then
        not another worker's doing but our own.
        """
        for pause in (*SETTLE_PAUSES, None):
            try:
                return store_outcome()
            except StoreUnavailable:
                if pause is None:
                    raise
                time.sleep(pause)
            except StaleLease:
                if pause == SETTLE_PAUSES[0] or not self._has_settled(delivery, attempt):
                    raise
                return None
        return None

    def _has_settled(self, delivery: Delivery, attempt: int) -> bool:
        """Return whether the store already holds an outcome of this attempt of ours."""
        mine = self.store.settled_by(self.owner, limit=RECENT)
        return any(
            (row["message_id"], row["job"], row["attempt"]) == (delivery.message_id, delivery.job, attempt)
            and row["outcome"] not in (None, Outcome.STALE.value)
            for row in mine
        )


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
        agency=BUS_NAME,
        message_id=f"{delivery.idempotency_key}.{what}" + ("" if again is None else f".{again}"),
    )
