"""The contracts between the flow and what stands around it: vendors, the store, secrets, time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from hms_syn.errors import ActRefused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hms_syn.domain.ack import Ack, Page
    from hms_syn.domain.delivery import Delivery, Outcome
    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.domain.topic_event import TopicEvent

MAX_REASON = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What an Airflow Connection holds for a vendor; never printed."""

    login: str = ""
    password: str = field(default="", repr=False)
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)


class Pins(Protocol):
    """Vendor contracts (WSDL bundles) as first seen, kept so that a later answer cannot change them unnoticed."""

    def pinned(self, job: str, name: str) -> bytes | None:
        """The pinned bytes, or None when nothing is pinned under this name yet."""

    def pin(self, job: str, name: str, body: bytes) -> None:
        """Pin these bytes, replacing what was pinned before."""


class Adapter(Protocol):
    """One vendor's dialect. It is made for one job and used by one thread at a time."""

    idempotent: bool
    """True when the vendor can recognise a repeat by our idempotency key."""

    def send(self, message: Delivery) -> Ack:
        """Hand one message over and return the vendor's receipt.

        :raises NotSent: no request byte left · :raises Refused: a clear no · :raises VendorBusy: "later"
        :raises OutcomeUnknown: anything else after the first byte · :raises NeedsOfficer: the job does not fit the
            vendor's contract, so no message can go out
        """

    def preview(self, message: Delivery) -> bytes:
        """Return the body that ``send`` would carry, without credentials; nothing is sent.

        :raises Refused: the message cannot be put into the vendor's form
        """

    def pull(self, cursor: str | None) -> Iterator[Page]:
        """Yield the vendor's records since ``cursor``, page by page, in the vendor's order."""

    def ping(self) -> None:
        """Return if the vendor answers over its own protocol within the heartbeat's timeout; raise otherwise."""

    def check(self) -> list[tuple[str, str]]:
        """Compare the job with the vendor's contract; return (dotted key, what and what to do) for each problem."""

    def close(self) -> None:
        """Give the connection back."""


class AdapterFactory(Protocol):
    """What an adapter's class looks like from outside: the registry names one by a dotted path."""

    def __call__(self, job: JobSpec, credentials: Credentials | None, pins: Pins) -> Adapter:
        """Make an adapter for this job; no network yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """Which events a registered job takes, as publishers need to know it."""

    job: str
    topics: tuple[str, ...]
    ordering_key: str | None = None
    schema: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One job an event goes to, with the lane it waits in and the key its vendor will see."""

    job: str
    ordering_key: str
    idempotency_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutedEvent:
    """An event and every job that takes it, planned against one version of the registry."""

    event: TopicEvent
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A lane under lease: its deliveries in order. ``fence`` rises with every claim; an old one is refused."""

    lane: int
    job: str
    ordering_key: str
    owner: str
    fence: int
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Who does something that the queue would not do by itself, and why: both go on the record."""

    actor: str
    reason: str

    def __post_init__(self) -> None:
        if not 1 <= len(self.reason.strip()) <= MAX_REASON or not self.reason.isprintable():
            raise ActRefused(f"reason: write 1 to {MAX_REASON} printable characters; it goes into the audit trail")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How an attempt that was not acked ended: the outcome, and a short stable word for the reason."""

    outcome: Outcome
    code: str
    note: str = ""


class RegistryChanged(Exception):
    """A job was registered since the plan was made; read the subscriptions again."""


class Store(Pins, Protocol):
    """The queue, the bus, the audit trail and the switches, each call one transaction.

    Times that decide anything are the store's own clock. ``connection`` lets a publisher's own transaction carry the
    event. Every settling call refuses an old fence with StaleLease.
    """

    def register(self, job: JobSpec) -> bool:
        """Make a job known to publishers, from now on; True when something changed."""

    def subscriptions(self, *, again: bool = False) -> tuple[int, list[Subscription]]:
        """Return the registry's version and what every known job takes, as last read; ``again`` reads anew."""

    def publish(
        self, version: int, events: Sequence[RoutedEvent], *, connection: Any = None, repeats: str = "refuse"
    ) -> list[bool]:
        """Store events with their deliveries; True for each that is new.

        ``repeats`` says what a known message id with another payload means: ``refuse`` raises, ``skip`` keeps the
        first.

        :raises RegistryChanged: plan again · :raises PayloadConflict: a known id with another payload
        """

    def read(self, pattern: str, *, after: int, limit: int) -> list[Mapping[str, Any]]:
        """Events of matching topics in the order of ``seq``, those after ``after`` only."""

    def pop(self, job: str, *, owner: str, lease: float, window: int) -> Claim | None:
        """Take the lane that has been due longest, with up to ``window`` deliveries; None when nothing is due."""

    def begin(self, claim: Claim, delivery: Delivery, *, lease: float) -> int:
        """Record that an attempt starts, before any byte leaves, and renew the lease; return the attempt's number."""

    def ack(
        self, claim: Claim, delivery: Delivery, attempt: int, ack: Ack, *, announce: tuple[int, RoutedEvent]
    ) -> None:
        """Close a delivery as delivered: receipt, audit and the ``delivered`` event in one transaction."""

    def retry(self, claim: Claim, delivery: Delivery, attempt: int, ending: Ending, *, delay: float) -> None:
        """Put a delivery back at the head of its lane, due after ``delay`` seconds, and give the lane up."""

    def doubt(
        self, claim: Claim, delivery: Delivery, attempt: int, ending: Ending, *, announce: tuple[int, RoutedEvent]
    ) -> None:
        """Hold a delivery that the vendor may have, until an officer resolves it; its lane waits, and is given up."""

    def set_aside(
        self, claim: Claim, delivery: Delivery, attempt: int, ending: Ending, *, announce: tuple[int, RoutedEvent]
    ) -> None:
        """Close a delivery as a dead letter with its reason; the lane goes on."""

    def release(self, claim: Claim) -> None:
        """Give a lane up; it is due at once if it still holds deliveries."""

    def note_stale(self, claim: Claim, delivery: Delivery, attempt: int) -> None:
        """Put on the record that a worker came back too late."""

    def cursor(self, job: str) -> str | None:
        """Where this job's next pull goes on."""

    def accept_page(self, job: str, version: int, events: Sequence[RoutedEvent], *, cursor: str | None) -> int:
        """Store a page's events and the cursor in one transaction; return how many were new."""

    def take_drain(self, job: str, *, owner: str, seconds: float) -> bool:
        """Become the one drain of this job, or stay it; False while another is alive."""

    def keep_drain(self, job: str, *, owner: str, seconds: float) -> bool:
        """Renew the drain's lease; False when another has taken it."""

    def end_drain(self, job: str, *, owner: str) -> None:
        """Stop being the drain."""

    def is_paused(self, job: str) -> bool:
        """True while nothing of this job may be sent."""

    def next_due(self, job: str, *, unreserved: bool = False) -> float | None:
        """Seconds until the earliest lane of this job is due; 0 or less is due now, None when nothing waits.

        ``unreserved`` leaves out the lanes that another run will come back for itself.
        """

    def reserve(self, job: str, *, grace: float) -> None:
        """Keep the bell quiet for lanes that back off: this run will come back for them itself."""

    def ring(self) -> list[str]:
        """Jobs with due work that nobody holds; each is marked as rung, and rung again later if nobody comes."""

    def rearm(self, job: str) -> None:
        """Let a job's bell ring again at once: somebody has just begun to listen."""

    def settled_by(self, owner: str, *, limit: int) -> list[Mapping[str, Any]]:
        """What the attempts of one owner led to, for the run's report: ids, states, attempts, receipts."""

    def status(self) -> list[Mapping[str, Any]]:
        """One row per job: what waits, since when, what was delivered, why nothing moves."""

    def trace(self, key: str) -> list[Mapping[str, Any]]:
        """Messages found by id, ordering key, idempotency key, receipt or a payload value, with every hop."""

    def audit_rows(self, *, after: int = 0, limit: int = 1000) -> list[Mapping[str, Any]]:
        """Audit rows in the order of ``seq``."""
