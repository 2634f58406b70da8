"""Pushing: take a lane, send its messages in order, and settle each by what the vendor really said.

The intent is on record before the first byte leaves; the outcome, the receipt, the audit, the announcement and the next
intent are one transaction after it.
"""

from __future__ import annotations

import dataclasses
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING

from hms_syn.domain.delivery import Delivery, Outcome, State
from hms_syn.errors import OutcomeUnknown, StaleLease, StoodStill, SynError
from hms_syn.flow import spans
from hms_syn.flow.hand_off import HandOff
from hms_syn.flow.resolve import consider
from hms_syn.flow.settle import Settler, on_unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from opentelemetry.trace import Link

    from hms_syn.domain.ack import Ack
    from hms_syn.domain.claim import Claim
    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.ports import Adapter, Store

PATIENCE = 1.0
"""Seconds a worker stays for the vendor's pace; longer waits are left to whoever runs it."""


@dataclass(slots=True, kw_only=True)
class Drain:
    """One worker on one job's queue. ``stop`` is asked before every message; ``report`` hears of every attempt.

    ``another`` makes a further adapter, for each ordering key that is sent beside the first.
    """

    job: JobSpec
    store: Store
    adapter: Adapter
    owner: str
    stop: Callable[[], bool] = lambda: False
    report: Callable[[HandOff], None] = lambda _hand_off: None
    draw: Callable[[], float] = random.random
    another: Callable[[], Adapter] | None = None
    settled: int = field(default=0, init=False)
    _caller: Sequence[Link] = field(default=(), init=False)
    _spare: list[Adapter] = field(default_factory=list, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _failed: threading.Event = field(default_factory=threading.Event, init=False)

    def run(self) -> int:
        """Send what is due until nothing is, or until told to stop; return how many messages were settled, ever."""
        push = self.job.push
        if push is None:
            return self.settled
        self._caller = spans.caller()
        if push.concurrency == 1 or self.another is None:
            self._work(self.adapter, lambda: None)
            return self.settled
        self._failed.clear()
        with ThreadPoolExecutor(push.concurrency, thread_name_prefix=f"push of {self.job.id}") as pool:
            crew: list[Future[None]] = []
            self._join(pool, crew)
            try:
                for member in crew:  # grows while it is read: each that finds a lane calls the next
                    member.result()
            except BaseException:  # also a timeout of the task, which only this thread hears of
                self._failed.set()
                raise
        return self.settled

    def close(self) -> None:
        """Close the adapters made on the way; the one that was given is not ours to close."""
        while self._spare:
            self._spare.pop().close()

    def _join(self, pool: ThreadPoolExecutor, crew: list[Future[None]]) -> None:
        """Add a member to the crew while there is room for one."""
        with self._lock:
            if self.job.push and len(crew) < self.job.push.concurrency:
                crew.append(pool.submit(self._member, pool, crew, is_first=not crew))

    def _member(self, pool: ThreadPoolExecutor, crew: list[Future[None]], *, is_first: bool) -> None:
        called = False

        def call_next() -> None:
            nonlocal called
            if not called:
                called = True
                self._join(pool, crew)

        adapter = self.adapter if is_first else self._take_adapter()
        try:
            self._work(adapter, call_next)
        except BaseException:
            self._failed.set()
            raise
        finally:
            if not is_first:
                with self._lock:
                    self._spare.append(adapter)

    def _take_adapter(self) -> Adapter:
        with self._lock:
            if self._spare:
                return self._spare.pop()
        if self.another is None:
            return self.adapter
        return self.another()

    def _must_stop(self) -> bool:
        return self._failed.is_set() or self.stop()

    def _work(self, adapter: Adapter, found_one: Callable[[], None]) -> None:
        """Empty lane after lane, giving each up as the next is taken."""
        held: Claim | None = None
        looked_again = False
        while not self._must_stop():
            claim = self.store.pop(self.job, owner=self.owner, giving_up=held)
            held = None
            if claim is None:
                due = self._due_soon()
                if due is None or (due <= 0 and looked_again):
                    return  # due, and not to be had: other workers hold all the lanes that may be in use
                looked_again = due <= 0
                time.sleep(max(due, 0.001))
                continue
            looked_again = False
            found_one()
            if self._lane(adapter, claim):
                held = claim
        if held is not None:
            self.store.release(held)

    def _due_soon(self) -> float | None:
        """Return the seconds until the vendor's pace lets the next message out, where that is worth staying for."""
        if self.job.push is None or self.job.push.rate_limit is None:
            return None
        due = self.store.next_due(self.job.id)
        return due if due is not None and due <= PATIENCE else None

    def _lane(self, adapter: Adapter, claim: Claim) -> bool:
        """Send a claim's messages in order; True when the lane is still ours to give up."""
        attempt = claim.attempt
        settler = Settler(job=self.job, store=self.store, owner=self.owner, draw=self.draw)
        for delivery, following in zip_longest(claim.deliveries, claim.deliveries[1:]):
            try:
                if attempt is None:
                    if self._must_stop():
                        return True
                    decided = consider(settler, adapter, claim, delivery)
                    if isinstance(decided, HandOff):
                        self._tell(decided)
                        if decided.wait is not None or decided.held:
                            return False
                        continue
                    attempt = self.store.begin(claim, delivery)
                    if attempt is None:
                        return True
                    delivery = dataclasses.replace(delivery, state=State.PENDING)  # noqa: PLW2901 - begun: as any other
                goes_on, attempt = self._send(adapter, settler, claim, delivery, attempt, following)
            except StaleLease:
                return False
            if not goes_on:
                return False
        return True

    def _send(
        self,
        adapter: Adapter,
        settler: Settler,
        claim: Claim,
        delivery: Delivery,
        attempt: int,
        following: Delivery | None,
    ) -> tuple[bool, int | None]:
        """Send one message and settle it; return whether the lane goes on, and the attempt begun with the next.

        A worker that stood still for most of its lease since the intent went on record sends nothing: another may hold
        the lane by now, others may hold as many as may be in use, and the job may have been paused.
        """
        started = time.monotonic()
        with spans.attempt(delivery, attempt, within=self._caller) as going:
            outcome = _sent(adapter, going.message) if claim.may_send else StoodStill()
            going.ended(outcome)
        took = time.monotonic() - started
        try:
            hand_off, begun = settler.settle(
                claim,
                delivery,
                attempt,
                outcome,
                unknown=on_unknown(self.job, adapter),
                seconds=took,
                then=following if self._may_follow(claim, following) else None,
            )
        except StaleLease:
            self.store.note_stale(claim, delivery, attempt)
            self.report(
                HandOff(
                    message_id=delivery.message_id,
                    attempt=attempt,
                    outcome=Outcome.STALE,
                    seconds=took,
                    trace_id=delivery.trace_id,
                )
            )
            return False, None
        self._tell(hand_off)
        return hand_off.wait is None and not hand_off.held, begun

    def _may_follow(self, claim: Claim, following: Delivery | None) -> bool:
        """Return whether the next message's intent may go on record with this one's outcome."""
        push = claim.spec.push
        return (
            following is not None
            and push is not None
            and following.state is State.PENDING
            and not claim.is_elsewhere(following)
            and push.rate_limit is None
            and not self._must_stop()
        )

    def _tell(self, hand_off: HandOff) -> None:
        if hand_off.wait is None and not hand_off.held:
            with self._lock:
                self.settled += 1
        self.report(hand_off)


def _sent(adapter: Adapter, delivery: Delivery) -> Ack | SynError:
    """Return what the vendor said to a message, or why it said nothing."""
    try:
        return adapter.send(delivery)
    except SynError as error:
        return error
    except Exception as error:  # noqa: BLE001 - an adapter's own fault after the intent: the vendor may have it
        return OutcomeUnknown(f"The adapter failed with {type(error).__name__}", code="adapter_error")
