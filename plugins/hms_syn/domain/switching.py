"""A turn of a job's switch: off or on, by whom, why, and until when."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime, timezone
from enum import Enum

from hms_syn.domain.durations import seconds
from hms_syn.errors import ActRefused


class Origin(Enum):
    """Whose turn it is. Each holds only while what called for it still stands."""

    OFFICER = "officer"
    AIRFLOW = "airflow"
    """The toggle of the job's DAG was moved in Airflow."""
    CLOCK = "clock"
    """A pause has reached its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One turn of one job's switch; ``until`` is the end of a pause in Unix seconds, None is open."""

    job: str
    paused: bool
    by: str
    reason: str
    until: float | None = None
    origin: Origin = Origin.OFFICER

    @property
    def event(self) -> str:
        """Return what the audit trail and the bus call it."""
        return "paused" if self.paused else "resumed"

    @property
    def ending(self) -> dict[str, str]:
        """Return the end of a pause for the record, in ISO 8601; empty where it is open."""
        if self.until is None:
            return {}
        return {"until": datetime.fromtimestamp(self.until, tz=timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")}


def is_off(*, paused: bool, seen: bool | None, toggle: bool | None) -> bool:
    """Return whether a job is paused now: its row says ``paused``, and Airflow's toggle may have moved since.

    ``toggle`` is the DAG's toggle, ``seen`` what of it the row has taken in; None is no DAG. A DAG that is new to the
    row resumes nothing; afterwards whoever moved last is right.

    >>> is_off(paused=True, seen=None, toggle=None), is_off(paused=True, seen=None, toggle=False)
    (True, True)
    >>> is_off(paused=True, seen=True, toggle=False), is_off(paused=False, seen=False, toggle=True)
    (False, True)
    >>> is_off(paused=False, seen=True, toggle=True)
    False
    """
    if toggle is None or toggle is seen:
        return paused
    return toggle or (seen is None and paused)


def end_of(text: str, *, now: float) -> float:
    """Return the Unix time at which a pause is to end: a length from now, or a time with its zone.

    :raises ActRefused: it is neither

    >>> end_of("2h", now=0), end_of("1970-01-01T01:00+00:00", now=0), end_of("1970-01-02T00:00Z", now=0)
    (7200.0, 3600.0, 86400.0)
    """
    with contextlib.suppress(ValueError):
        return now + seconds(text)
    with contextlib.suppress(ValueError):
        moment = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text)
        if moment.tzinfo is not None:
            return moment.timestamp()
    raise ActRefused("until: write a length such as 2h, or a time with its zone such as 2030-09-02T08:00Z")
