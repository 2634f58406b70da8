"""How long a message waits after a failed attempt: arithmetic only."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hms_syn.domain.job_spec import Retry


def wait(retry: Retry, attempt: int, *, draw: float, asked: float | None = None) -> float:
    """Seconds to wait after attempt number ``attempt`` (1 is the first) failed.

    initial_delay · multiplier^(attempt-1), capped at max_delay, then spread by ± jitter with ``draw`` in 0..1; never
    less than what the vendor ``asked`` for.

    >>> from hms_syn.domain.job_spec import Retry
    >>> [wait(Retry(), n, draw=0.5) for n in (1, 2, 3, 10, 10_000)]
    [5.0, 10.0, 20.0, 900.0, 900.0]
    >>> wait(Retry(), 1, draw=0.0), wait(Retry(), 1, draw=1.0), wait(Retry(), 1, draw=0.5, asked=60)
    (4.0, 6.0, 60)
    """
    exponent = min(attempt - 1, 64)
    delay = min(retry.initial_delay * retry.multiplier**exponent, retry.max_delay)
    delay *= 1 + retry.jitter * (2 * draw - 1)
    return max(delay, asked or 0)
