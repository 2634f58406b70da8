"""What the clock says of a history: the vendor's own times, and the times in our tables, beside the promises."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.harness.history import History

PAUSE_ACK = 1.0
"""Seconds within which a pause holds for every worker."""
ROUNDING = 0.002
"""SQLite's views show milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request from its first byte to the end of its answer or of its connection; ``ended`` None is not known."""

    key: str
    digest: str
    began: float
    ended: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """What a job's ``retry`` promises; ``late`` is how long a message that is due may wait, where that is judged."""

    initial: float = 0.05
    multiplier: float = 2.0
    longest: float = 0.2
    jitter: float = 0.0
    late: float | None = None

    def band(self, attempt: int) -> tuple[float, float]:
        """Return the shortest and the longest wait after this attempt."""
        delay = min(self.initial * self.multiplier ** min(attempt - 1, 64), self.longest)
        return delay * (1 - self.jitter), delay * (1 + self.jitter)


def same_bytes(history: History) -> Iterator[str]:
    """I7: whatever arrives under one key says the same, byte for byte."""
    seen: dict[str, set[str]] = defaultdict(set)
    for visit in history.visits:
        if visit.key and visit.digest:
            seen[visit.key].add(visit.digest)
    for key, digests in seen.items():
        if len(digests) > 1:
            yield f"I7 {key}: {len(digests)} different requests under one key"


def serial(history: History) -> Iterator[str]:
    """I11: the vendor never has two requests of the job at once, but for those on record as late."""
    late = {row["message_id"] for row in history.audit if row["event"] == "stale"}
    excused = {row["idempotency_key"] for row in history.deliveries if row["message_id"] in late}
    visits = sorted(
        (visit for visit in history.visits if visit.ended is not None and not {visit.key} & excused),
        key=lambda visit: visit.began,
    )
    over, holder = 0.0, ""
    for visit in visits:
        if visit.began < over:
            yield f"I11 {visit.key}: came {over - visit.began:.3f} s before {holder} was over"
        if visit.ended is not None and visit.ended > over:
            over, holder = visit.ended, visit.key


def paused(history: History) -> Iterator[str]:
    """I16: no request begins while the job is paused."""
    for start, end in history.pauses:
        for visit in history.visits:
            if start + PAUSE_ACK < visit.began < end:
                yield f"I16 {visit.key}: came {visit.began - start:.3f} s into a pause"


def backed_off(history: History) -> Iterator[str]:
    """I17: the attempt after one that failed begins no sooner than the job's back-off says, and not much later."""
    if history.backoff is None:
        return
    lost = {
        (row["message_id"], row["attempt"])
        for row in history.audit
        if row["event"] == "unknown" and "worker_lost" in row["body"]
    }
    attempts = {(row["message_id"], row["attempt"]): row for row in history.attempts}
    for (message_id, number), row in attempts.items():
        following = attempts.get((message_id, number + 1))
        failed = row["outcome"] in ("unknown", "not_sent") and (message_id, number) not in lost
        if following is None or not failed:
            continue
        gap = seconds(following["started_at"]) - seconds(row["ended_at"])
        shortest, longest = history.backoff.band(number)
        if gap < shortest - ROUNDING:
            yield f"I17 {message_id}: attempt {number + 1} came after {gap:.3f} s, not after {shortest:.3f} s"
        if history.backoff.late is not None and gap > longest + history.backoff.late:
            yield f"I17 {message_id}: attempt {number + 1} came only after {gap:.3f} s"


def seconds(moment: Any) -> float:
    """Read a view's time, which SQLite gives as text."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment.replace("Z", "+00:00"))
    return float(moment.timestamp())
