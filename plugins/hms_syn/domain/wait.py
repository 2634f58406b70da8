"""What somebody waits for: the end of one delivery, named by its message's id or by its ordering key."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """One message at one job.

    With an ``ordering_key`` it is the first message of that key which the job takes, of those published at ``since``
    (Unix seconds) or later. ``past_dead_letter`` waits on where a message was set aside, for an officer to replay it.
    """

    job: str
    message_id: str | None = None
    ordering_key: str | None = None
    since: float = 0.0
    past_dead_letter: bool = False

    def __str__(self) -> str:
        return self.message_id or f"key {self.ordering_key}"
