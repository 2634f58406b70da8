"""When a vendor is offline, and when it is back: the rules, without a clock or a database.

So many failures in a row are an outage, so many good answers in a row are its end; what goes up and down below those
numbers is neither. A vendor that is met for the first time and answers is no news.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hms_syn.domain.job_spec import Breaker, Heartbeat

WARN_DAYS = (1, 7, 14, 30)
"""Days before a certificate's end at which somebody should hear of it."""
DAY = 86400.0


class VendorState(str, Enum):
    """What the heartbeat knows of a vendor."""

    UNKNOWN = "unknown"
    ONLINE = "online"
    OFFLINE = "offline"


class Verdict(str, Enum):
    """What one ping came to. ``UNASKED`` is our own doing, and says nothing of the vendor."""

    ANSWERED = "answered"
    FAILED = "failed"
    UNASKED = "unasked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """A vendor's state with its failures, or its good answers, in a row; never both."""

    state: VendorState = VendorState.UNKNOWN
    strikes: int = 0
    successes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A vendor went offline or came back. Times are ISO 8601; ``since`` is when the state before began.

    ``code`` and ``note`` say what the last failed ping met, ``jobs`` are those that lead to the vendor.
    """

    id: int
    endpoint: str
    state: VendorState
    at: str
    since: str
    code: str
    note: str
    jobs: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """What one ping found, and by which rules it counts.

    ``asked`` are seconds the vendor wants to be left alone, ``certificate_until`` is a Unix time, ``breaker`` the most
    patient one of the jobs that lead there.
    """

    endpoint: str
    verdict: Verdict
    code: str = ""
    note: str = ""
    asked: float = 0.0
    certificate_until: float | None = None
    rules: Heartbeat
    breaker: Breaker


def after(health: Health, verdict: Verdict, rules: Heartbeat) -> Health:
    """Return a vendor's health after one more ping.

    >>> from hms_syn.domain.job_spec import Heartbeat
    >>> after(Health(state=VendorState.ONLINE, strikes=2), Verdict.FAILED, Heartbeat(offline_after=3)).state.value
    'offline'
    """
    if verdict is Verdict.UNASKED:
        return health
    if verdict is Verdict.ANSWERED:
        successes = health.successes + 1
        state = VendorState.ONLINE if successes >= rules.online_after else health.state
        return Health(state=state, successes=successes)
    strikes = health.strikes + 1
    state = VendorState.OFFLINE if strikes >= rules.offline_after else health.state
    return Health(state=state, strikes=strikes)


def is_news(before: Health, now: Health) -> bool:
    """Return whether a vendor went offline or came back."""
    return before.state is not now.state and VendorState.OFFLINE in (before.state, now.state)


def days_left(until: float, now: float) -> int:
    """Return the whole days until a certificate ends, both as Unix times; below zero when it has ended."""
    return int((until - now) // DAY)


def warning(days: int) -> int | None:
    """Return which of the days at which to warn has been reached; None while there is time.

    >>> [warning(days) for days in (31, 30, 8, 7, 1, -3)]
    [None, 30, 14, 7, 1, 1]
    """
    return next((step for step in WARN_DAYS if days <= step), None)


def in_words(days: int) -> str:
    """Say when a certificate ends.

    >>> in_words(13), in_words(0), in_words(-2)
    ('ends in 13 d', 'ends today', 'ended 2 d ago')
    """
    if days == 0:
        return "ends today"
    return f"ends in {days} d" if days > 0 else f"ended {-days} d ago"
