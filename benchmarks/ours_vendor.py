"""Every call into our SOAP adapter that the benchmarks make, by its public way: ``send`` of one message."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from hms_syn.adapters.registry import load_adapter
from hms_syn.domain.delivery import Delivery
from hms_syn.domain.job_spec import JobSpec, Push

if TYPE_CHECKING:
    from hms_syn.ports import Adapter

COURT = Path(__file__).parents[1] / "tests" / "peers" / "court.yaml"
THREADS = 8


class NoPins:
    """Nothing is pinned: the WSDL lies in a file."""

    def pinned(self, _job: str, _name: str) -> bytes | None:
        """Nothing."""
        return None

    def pin(self, _job: str, _name: str, _body: bytes) -> None:
        """Forget it."""


def adapter(origin: str) -> Adapter:
    """Make the adapter of a job whose WSDL lies beside its file."""
    job = JobSpec(
        id="court",
        name="HUD → Court",
        file=str(COURT),
        push_adapter="oracle.soap.v1",
        source_topics=("hud.hearing.created",),
        target_endpoint=f"{origin}/soap",
        allow_private=("127.0.0.0/8",),
        push=Push(request={"wsdl": "court.wsdl"}),
    )
    return load_adapter("oracle.soap.v1")(job, None, NoPins())


def hearing(number: int) -> Delivery:
    """One message, as a drain hands it to an adapter."""
    return Delivery(
        id=number,
        message_id=f"m-{number}",
        job="court",
        topic="hud.hearing.created",
        ordering_key="",
        idempotency_key=str(uuid.uuid4()),
        attempt=0,
        payload={"case_id": f"HUD-22-{number}", "date": "2024-09-02"},
        published_at="2024-08-01T00:00:00Z",
    )


class OurVendor:
    """One adapter in one thread."""

    name = "HMS-SYN"

    def __init__(self, origin: str) -> None:
        self.adapter = adapter(origin)

    def send(self, count: int) -> None:
        """One after the other, each with its proof checked."""
        for number in range(count):
            self.adapter.send(hearing(number))

    def close(self) -> None:
        """Give the connections back."""
        self.adapter.close()


class OurThreads:
    """Eight adapters in eight threads, as a drain with eight ordering keys in flight has them."""

    name = "HMS-SYN, 8 at a time"

    def __init__(self, origin: str) -> None:
        self.vendors = [OurVendor(origin) for _ in range(THREADS)]

    def send(self, count: int) -> None:
        """Each thread sends its share."""
        with ThreadPoolExecutor(THREADS) as pool:
            for done in [pool.submit(vendor.send, count // THREADS) for vendor in self.vendors]:
                done.result()

    def close(self) -> None:
        """Give the connections back."""
        for vendor in self.vendors:
            vendor.close()
