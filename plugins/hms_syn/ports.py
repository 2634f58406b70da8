"""The contracts between the flow and what stands around it: vendors, the store, secrets, time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from hms_syn.domain.job_spec import EMPTY
from hms_syn.errors import ActRefused

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from hms_syn.domain.ack import Ack, Page
    from hms_syn.domain.claim import Claim, Ending
    from hms_syn.domain.delivery import Delivery
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
    finds: bool
    """True when ``find`` can ask the vendor for one message: by the job's ``push.find``, or by itself."""

    def send(self, message: Delivery) -> Ack:
        """Hand one message over and return the vendor's receipt.

        :raises NotSent: no request byte left · :raises Refused: a clear no · :raises VendorBusy: "later"
        :raises LoginRefused: the vendor does not know us (401, 403, a security fault)
        :raises OutcomeUnknown: anything else after the first byte · :raises NeedsOfficer: the job does not fit the
            vendor's contract, so no message can go out
        """

    def find(self, message: Delivery) -> Ack | None:
        """Ask the vendor whether it has this message: its receipt, or None for a clear "no such thing".

        Called only where ``finds`` is true. What is neither is an error: it proves nothing.

        :raises SynError: as ``send`` does, except Refused
        """

    def preview(self, message: Delivery) -> bytes:
        """Return the body that ``send`` would carry, the same each time, ``***`` for credentials; nothing is sent.

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
    """Which events a registered job takes, as publishers need to know it; ``epoch`` counts its rules of ordering."""

    job: str
    topics: tuple[str, ...]
    endpoint: str = ""
    ordering_key: str | None = None
    epoch: int = 0
    schema: Mapping[str, Any] | None = None

    def taking(self, topic: str) -> Subscription:
        """Return the same subscription to one topic only."""
        return replace(self, topics=(topic,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One job an event goes to, with the line it waits in, the key its vendor will see, and where that is."""

    job: str
    ordering_key: str
    idempotency_key: str
    endpoint: str = ""
    epoch: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutedEvent:
    """An event and every job that takes it, planned against one version of the registry."""

    event: TopicEvent
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Who does something that the queue would not do by itself, and why: both go on the record."""

    actor: str
    reason: str

    def __post_init__(self) -> None:
        if not 1 <= len(self.reason.strip()) <= MAX_REASON or not self.reason.isprintable():
            raise ActRefused(f"reason: write 1 to {MAX_REASON} printable characters; it goes into the audit trail")


Words: TypeAlias = "Mapping[str, Collection[str]]"
"""By the id of a pulled event, the words in it that may name a message of ours."""
Announcement: TypeAlias = "tuple[int, RoutedEvent]"
"""What the bus is told of a settlement, in the same transaction: an event, planned against a registry's version."""


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

    def pop(self, job: JobSpec, *, owner: str, giving_up: Claim | None = None) -> Claim | None:
        """Take the lane that has been due longest, and put the intent to send its head on record.

        None when nothing is due, the vendor is to be left alone, or ``push.concurrency`` lanes are in use. The lane
        that was held before is given up in the same transaction.
        """

    def begin(self, claim: Claim, delivery: Delivery) -> int | None:
        """Record that an attempt starts, before any byte leaves, and renew the lease; return the attempt's number.

        None when the vendor's pace does not let a message through yet.
        """

    def ack(
        self, claim: Claim, delivery: Delivery, attempt: int, ack: Ack, *, tell: Announcement, then: Delivery | None
    ) -> int | None:
        """Close a delivery as delivered: receipt, audit and the ``delivered`` event in one transaction.

        With ``then`` the intent to send that next one is part of it; return its attempt's number.
        """

    def set_aside(
        self,
        claim: Claim,
        delivery: Delivery,
        attempt: int,
        ending: Ending,
        *,
        tell: Announcement,
        then: Delivery | None,
    ) -> int | None:
        """Close a delivery as a dead letter with its reason; the lane goes on, as with ``ack``."""

    def retry(self, claim: Claim, delivery: Delivery, attempt: int, ending: Ending, *, delay: float | None) -> None:
        """Put a delivery back at the head of its lane, due after ``delay`` seconds, and give the lane up.

        None blocks the lane until an officer replays or discards its head.
        """

    def doubt(
        self,
        claim: Claim,
        delivery: Delivery,
        attempt: int,
        ending: Ending,
        *,
        delay: float | None,
        tell: Announcement,
    ) -> None:
        """Hold a delivery that the vendor may have, and give its lane up.

        After ``delay`` seconds the vendor is asked for it; with None an officer must find out.
        """

    def found(self, claim: Claim, delivery: Delivery, ack: Ack, *, tell: Announcement) -> None:
        """Close a delivery that the vendor, when asked, was found to have."""

    def put_off(self, claim: Claim, *, delay: float | None) -> None:
        """Give a lane up as it is: due again after ``delay`` seconds, or only by an officer's act."""

    def release(self, claim: Claim) -> None:
        """Give a lane up; it is due at once if it still holds deliveries."""

    def note_stale(self, claim: Claim, delivery: Delivery, attempt: int) -> None:
        """Put on the record that a worker came back too late."""

    def cursor(self, job: str) -> str | None:
        """Where this job's next pull goes on."""

    def accept_page(
        self, job: str, version: int, events: Sequence[RoutedEvent], *, cursor: str | None, about: Words = EMPTY
    ) -> int:
        """Store a page's events and the cursor in one transaction; return how many were new.

        A known id is the same record again. The cursor never goes back; None leaves it. Where ``about`` has the
        receipt or the key of a message of this job, that message's audit chain notes which event speaks of it.
        """

    def take_drain(self, job: str, *, owner: str, seconds: float) -> bool:
        """Become the one drain of this job, or stay it; False while another is alive."""

    def keep_drain(self, job: str, *, owner: str, seconds: float) -> bool:
        """Renew the drain's lease; False when another has taken it."""

    def end_drain(self, job: str, *, owner: str) -> None:
        """Stop being the drain."""

    def is_paused(self, job: str, *, toggle: bool | None = None) -> bool:
        """True while nothing of this job may be sent; ``toggle`` is Airflow's, where it is in no table here."""

    def wait(self, job: str, seconds: float) -> None:
        """Return as soon as something is published for this job, and after so many seconds at the latest."""

    def next_due(self, job: str, *, unreserved: bool = False) -> float | None:
        """Seconds until a message of this job may be sent; 0 or less is now, None when nothing waits.

        That is when its earliest lane is due and its vendor's gate is open.

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

    def status(self, jobs: Sequence[str] | None = None) -> list[Mapping[str, Any]]:
        """One row per job, or for these only: what waits, since when, what was delivered, why nothing moves.

        Counting ends at 1,000.
        """

    def trace(self, key: str) -> list[Mapping[str, Any]]:
        """Messages found by id, ordering key, idempotency key, receipt or a payload value, with every hop."""

    def audit_rows(self, *, after: int = 0, limit: int = 1000) -> list[Mapping[str, Any]]:
        """Audit rows in the order of ``seq``."""
