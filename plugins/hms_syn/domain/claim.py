"""What a worker holds, and how what it did ended."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hms_syn.domain.delivery import Delivery, Outcome
    from hms_syn.domain.job_spec import JobSpec


@dataclass(slots=True)
class Progress:
    """What a worker learns while it holds a lane.

    When it last renewed the lease, by its own monotonic clock; and the newest audit hash of each message of the window
    that is still open, by the delivery's id.
    """

    renewed_at: float
    tips: dict[int, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A lane under lease: a window of its deliveries, in order.

    ``fence`` rises with every claim; what comes from an old one is refused.

    ``epoch`` counts the rules of ordering that the job has had; lines of an older rule go first.

    ``attempt`` is the number of the head's attempt where its intent went on record with the claim; None where the head
    needs a thought first. ``probing`` says that it tries whether a vendor is back.
    """

    lane: int
    spec: JobSpec
    ordering_key: str
    epoch: int
    owner: str
    fence: int
    deliveries: tuple[Delivery, ...]
    attempt: int | None = None
    probing: bool = False
    progress: Progress = field(repr=False, compare=False)

    @property
    def job(self) -> str:
        """The job's id."""
        return self.spec.id

    def is_elsewhere(self, delivery: Delivery) -> bool:
        """Return whether a message was accepted for another endpoint than its job has now."""
        return delivery.endpoint not in ("", self.spec.target_endpoint)

    @property
    def is_held(self) -> bool:
        """Return whether the lease still runs by this process's own clock; after it the lane counts as free."""
        return self.spec.push is not None and self._age <= self.spec.push.lease

    @property
    def may_send(self) -> bool:
        """Return whether enough is left of the lease to send a message whose intent is on record."""
        push = self.spec.push
        return push is not None and self._age <= push.lease - push.timeout / 2

    @property
    def must_renew(self) -> bool:
        """Return whether what is left of the lease would hardly cover one more call of the vendor."""
        push = self.spec.push
        return self._age > (push.lease - push.timeout if push else 0.0) / 2

    @property
    def _age(self) -> float:
        return time.monotonic() - self.progress.renewed_at

    @property
    def settled(self) -> int:
        """The highest id of this window that is settled, 0 before there is one."""
        still_open = self.progress.tips
        return max((delivery.id for delivery in self.deliveries if delivery.id not in still_open), default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How an attempt that was not acked ended: the outcome, and a short stable word for the reason.

    ``vendor_failed`` counts against the vendor, for all its jobs; ``asked`` is how many seconds it wants to be left
    alone; ``login_refused`` leaves it alone at once.
    """

    outcome: Outcome
    code: str
    note: str = ""
    vendor_failed: bool = False
    asked: float | None = None
    login_refused: bool = False
