"""The contracts between the flow and what stands around it: vendors, the store, secrets, time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from hms_syn.domain.ack import Ack, Page
    from hms_syn.domain.delivery import Delivery
    from hms_syn.domain.job_spec import JobSpec


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
        """Pin these bytes, replacing what was pinned before; the act is audited with the digest."""


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
