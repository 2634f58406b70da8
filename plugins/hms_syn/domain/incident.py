"""Incidents: what is wrong now, when it is told to people, and when it is over. Pure rules; times are Unix seconds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from hms_syn.domain.job_spec import Alerts

OFFLINE, ONLINE = "vendor_offline", "vendor_online"
DEAD_LETTER, IN_DOUBT, QUEUE_AGE, SILENCE = "dead_letter", "in_doubt", "queue_age", "silence"
KINDS = (OFFLINE, ONLINE, DEAD_LETTER, IN_DOUBT, QUEUE_AGE, SILENCE)
"""What ``alerts.when`` may name. A vendor that is online again is no incident of its own, but the end of one."""
CALMER = 0.5
"""An age that has come down to this part of its limit is over; just below the limit it would come and go."""


class Step(Enum):
    """What people are told of an incident."""

    OPENED = "opened"
    REMINDER = "reminder"
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One thing that is wrong. It is about a vendor's ``endpoint``, or about a ``job``; the other of the two is empty.

    ``since`` is when it began, None where nobody can say.
    """

    kind: str
    job: str = ""
    endpoint: str = ""
    since: float | None = None

    @property
    def about(self) -> tuple[str, str, str]:
        """What makes it the same trouble when it is seen again."""
        return self.kind, self.job, self.endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """A trouble from when it was first seen to when it was seen to be over, and what was told of it."""

    id: int
    trouble: Trouble
    opened_at: float
    cleared_at: float | None = None
    told_at: float | None = None
    told_count: int = 0
    tries: int = 0
    heard: tuple[str, ...] = ()


def changes(
    seen: Iterable[Trouble], open_: Collection[Incident], *, lingering: Collection[Trouble] = ()
) -> tuple[list[Trouble], list[Incident]]:
    """Return the troubles that are new, and the incidents that are over.

    ``lingering`` are those too small to begin an incident, but too large to end one.
    """
    now = {trouble.about: trouble for trouble in seen}
    known = {incident.trouble.about for incident in open_}
    stays = now.keys() | {trouble.about for trouble in lingering}
    return (
        [trouble for about, trouble in now.items() if about not in known],
        [incident for incident in open_ if incident.trouble.about not in stays],
    )


def next_step(incident: Incident, rules: Mapping[str, Alerts], *, now: float) -> tuple[Step, list[str]] | None:
    """Return what is to be told now, and on behalf of which jobs; None when there is nothing to tell.

    ``rules`` are those of the jobs concerned that are not muted. The first word is told at once, the same again each
    ``remind``, and the end once, to those only who heard of the beginning.
    """
    if incident.cleared_at is not None:
        over = ONLINE if incident.trouble.kind == OFFLINE else incident.trouble.kind
        asked = [
            job
            for job, alerts in rules.items()
            if over in alerts.when and (incident.told_count or incident.trouble.kind not in alerts.when)
        ]
        return (Step.CLEARED, asked) if asked else None
    asked = [job for job, alerts in rules.items() if incident.trouble.kind in alerts.when]
    if asked and incident.told_at is None:
        return Step.OPENED, asked
    told_at = incident.told_at or 0.0
    due = [job for job in asked if (wait := rules[job].remind) is not None and told_at + wait <= now]
    return (Step.REMINDER, due) if due else None
