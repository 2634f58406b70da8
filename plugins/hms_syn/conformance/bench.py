"""What each test of the suite works with: an open vendor, its job, adapters of it, and messages."""

from __future__ import annotations

import contextlib
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from hms_syn.conformance.violation import Violation, require
from hms_syn.domain.delivery import Delivery
from hms_syn.errors import SynError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hms_syn.conformance.pretend_vendor import Manner, PretendVendor
    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.ports import Adapter, Credentials

GRACE = 1.0
"""Seconds that a call may take beyond its timeout: a machine with other things to do is no violation."""


class Bench:
    """The fixtures; a subclass names its vendor."""

    pretend_vendor: ClassVar[type[PretendVendor] | None] = None

    @pytest.fixture
    def vendor(self) -> Iterator[PretendVendor]:
        """Open the vendor for one test."""
        if self.pretend_vendor is None:
            raise pytest.UsageError("name the vendor: pretend_vendor = … in the class, or --vendor module:Class")
        with self.pretend_vendor() as opened:
            yield opened

    @pytest.fixture
    def workshop(self, vendor: PretendVendor) -> Iterator[Workshop]:
        """Give the maker of adapters; every one of them is closed in the end."""
        with contextlib.ExitStack() as stack:
            yield Workshop(vendor=vendor, stack=stack)

    @pytest.fixture
    def adapter(self, workshop: Workshop) -> Adapter:
        """Make one adapter for the vendor's job."""
        return workshop.adapter()


class MemoryPins:
    """Vendor contracts as first seen, kept as long as the workshop."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], bytes] = {}

    def pinned(self, job: str, name: str) -> bytes | None:
        """Return what is pinned."""
        return self._kept.get((job, name))

    def pin(self, job: str, name: str, body: bytes) -> None:
        """Pin it."""
        self._kept[job, name] = body


@dataclass(kw_only=True)
class Workshop:
    """Makes adapters as the product does, and messages as the queue hands them over."""

    vendor: PretendVendor
    stack: contextlib.ExitStack
    pins: MemoryPins = field(default_factory=MemoryPins)

    def adapter(self, *, job: JobSpec | None = None, credentials: Credentials | None = None) -> Adapter:
        """Return a new adapter for the vendor's job, or for this one."""
        vendor = self.vendor
        made = vendor.adapter()(job or vendor.job(), credentials or vendor.credentials(), self.pins)
        self.stack.callback(made.close)
        return made

    def message(self, text: str = "HUD-22-109") -> Delivery:
        """Return a new message with this text in it."""
        job = self.vendor.job()
        if job.push is None:
            pytest.skip("this job does not push")
        topic = job.source_topics[0].replace("*", "created")
        return Delivery(
            id=1,
            message_id=str(uuid.uuid4()),
            job=job.id,
            topic=topic,
            ordering_key=job.id,
            idempotency_key=str(uuid.uuid4()),
            attempt=0,
            payload=dict(self.vendor.payload(text)),
            published_at="2024-08-01T00:00:00Z",
            endpoint=job.target_endpoint,
        )


def told(vendor: PretendVendor, manner: Manner) -> None:
    """Tell the vendor to behave in this way, or skip the test with the reason why it cannot."""
    if manner in vendor.cannot:
        pytest.skip(f"this vendor is never {manner.value}: {vendor.cannot[manner]}")
    vendor.behave(manner)


def failure(call: Callable[[], Any], *, within: float) -> SynError:
    """Return the error that this call ends in, soon enough.

    :raises Violation: it ends well, in an error that is not ours, or too late
    """
    began = time.monotonic()
    try:
        call()
    except SynError as error:
        took = time.monotonic() - began
        require(took <= within + GRACE, f"it took {took:.1f} s to fail; the timeout is {within:g} s")
        return error
    except Exception as error:
        raise Violation(f"it raised {type(error).__name__}; every failure is a SynError of hms_syn.errors") from error
    raise Violation("it returned as if all were well; it must raise")


def push_timeout(job: JobSpec) -> float:
    """Return how long a push may take."""
    return job.push.timeout if job.push else 0.0
