"""One message under two versions of a job: what the vendor would get from each. Nothing is sent, nothing is stored."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from hms_syn.errors import InvalidEvent, NeedsOfficer, OutcomeUnknown, Refused, SynError, TryAgain
from hms_syn.flow.rehearse import deliveries

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hms_syn.domain.delivery import Delivery
    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.domain.topic_event import TopicEvent
    from hms_syn.ports import Adapter

MASK = b"***"


class Verdict(str, Enum):
    """What the new version means for one message."""

    SAME = "same"
    DIFFERS = "differs"
    REFUSED = "refused"
    """It would be set aside, or refused at publish; so far it is not."""
    ACCEPTED = "accepted"
    """It can be sent; so far it cannot."""
    TAKEN = "taken"
    """The job takes it; so far it does not."""
    LEFT = "left"
    """The job does not take it any more."""
    UNKNOWN = "unknown"
    """It cannot be seen what the vendor would get: the reason is the job's or the vendor's, and not this message's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What one version makes of a message: the body that the vendor would get, or why there is none."""

    body: bytes = b""
    where: str = ""
    """Where it would go, such as an HTTP method and address; empty where the adapter does not tell."""
    error: SynError | None = None

    @property
    def is_no(self) -> bool:
        """Return whether the message itself is refused: by the mapping, or by the schema at publish."""
        return isinstance(self.error, Refused | InvalidEvent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One message under both versions; None is a version that does not take it, or that there is not."""

    message: Delivery
    old: Shown | None
    new: Shown | None

    @property
    def hidden(self) -> SynError | None:
        """Return what keeps this message from being compared, though nothing is wrong with it.

        That the old version fits no message is no secret: nothing goes out as it is.
        """
        if self.new is not None and not self.new.is_no and self.new.error is not None:
            return self.new.error
        is_away = self.old is not None and isinstance(self.old.error, TryAgain | OutcomeUnknown)
        return self.old.error if is_away and self.old is not None and self.new is not None else None

    @property
    def verdict(self) -> Verdict:
        """What the new version means for it."""
        old, new = self.old, self.new
        if new is None:
            return Verdict.SAME if old is None else Verdict.LEFT
        if self.hidden is not None:
            return Verdict.UNKNOWN
        if old is None:
            return Verdict.REFUSED if new.is_no else Verdict.TAKEN
        if new.is_no:
            return Verdict.SAME if old.is_no else Verdict.REFUSED
        if old.error is not None:
            return Verdict.ACCEPTED
        return Verdict.SAME if (old.where, old.body) == (new.where, new.body) else Verdict.DIFFERS


@dataclass(slots=True, kw_only=True)
class Version:
    """A job with its way out. ``secrets`` of its connection are masked, should an adapter show one."""

    job: JobSpec
    adapter: Adapter
    secrets: Sequence[str] = ()
    _stuck: dict[tuple[str, frozenset[str]], SynError] = field(default_factory=dict, init=False)

    def shows(self, message: Delivery) -> Shown:
        """Return what the vendor would get for a message that was accepted."""
        stuck: SynError
        kind = (message.topic, frozenset(message.payload))
        if kind in self._stuck:
            return Shown(error=self._stuck[kind])
        try:
            body = self._masked(self.adapter.preview(message))
            return Shown(body=body, where=self._masked(self._where(message).encode()).decode())
        except Refused as error:
            return Shown(error=error)
        except SynError as error:
            stuck = error
        except Exception as error:  # noqa: BLE001 - an adapter's own fault, perhaps of a third party
            stuck = NeedsOfficer(f"The adapter failed with {type(error).__name__}", code="adapter_error")
        self._stuck[kind] = stuck  # the next message of this kind would meet it too, and perhaps wait for a timeout
        return Shown(error=stuck)

    def shows_of(
        self, event: TopicEvent, *, topics: Sequence[str] | None = None, published_at: str = ""
    ) -> tuple[Delivery, Shown] | None:
        """Return what the vendor would get for an event; None where the job does not take it.

        ``topics`` stand in for the job's own.
        """
        queued = deliveries(self.job, event, topics=topics, published_at=published_at, check=False)
        if not queued:
            return None
        try:
            deliveries(self.job, event, topics=topics)
        except InvalidEvent as error:
            return queued[0], Shown(error=error)
        return queued[0], self.shows(queued[0])

    def _where(self, message: Delivery) -> str:
        tell: Callable[[Delivery], str] | None = getattr(self.adapter, "where", None)  # not every adapter can
        return "" if tell is None else tell(message)

    def _masked(self, body: bytes) -> bytes:
        for secret in self.secrets:
            for spelling in {
                secret,
                json.dumps(secret)[1:-1],
                json.dumps(secret, ensure_ascii=False)[1:-1],
                escape(secret),
            }:
                body = body.replace(spelling.encode(), MASK)
        return body


def compare(
    event: TopicEvent,
    old: Version | None,
    new: Version | None,
    *,
    topics: Sequence[str] | None = None,
    published_at: str = "",
) -> Compared | None:
    """Compare what two versions make of an event; None where neither takes it."""
    shown = [
        version.shows_of(event, topics=topics, published_at=published_at) if version is not None else None
        for version in (old, new)
    ]
    messages = [message for one in shown if one is not None for message in one[:1]]
    if not messages:
        return None
    was, would_be = (None if one is None else one[1] for one in shown)
    return Compared(message=messages[-1], old=was, new=would_be)
