"""Every call into our REST adapter that the benchmarks make, by its public way: ``send`` of one message."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from benchmarks.ours_vendor import THREADS, NoPins
from hms_syn.adapters.registry import load_adapter
from hms_syn.domain.delivery import Delivery
from hms_syn.domain.job_spec import JobSpec, Push
from hms_syn.ports import Credentials

if TYPE_CHECKING:
    from collections.abc import Callable

    from hms_syn.ports import Adapter


def behind_a_token(origin: str) -> Adapter:
    """Make the same adapter for a gateway that gives tokens."""
    login = {"login": "hud", "password": "s3cret"}  # what the tests' gateway knows
    extra = {"auth": "oauth2_client_credentials", "token_url": f"{origin}/token"}
    return adapter(origin, Credentials(**login, extra=extra))


def adapter(origin: str, credentials: Credentials | None = None) -> Adapter:
    """Make the adapter of a job that maps, sends under a key, and wants its proof."""
    job = JobSpec(
        id="payments",
        name="HUD → StatePayments",
        file="payments.yaml",
        push_adapter="rest.json.v1",
        source_topics=("hud.eviction.ordered",),
        target_endpoint=f"{origin}/v1",
        allow_private=("127.0.0.0/8",),
        push=Push(
            request={"path": "/cases/{caseNumber}/payments"},
            mapping={"caseNumber": "case_id", "amountCents": "cents"},
            success={"status": ["ACCEPTED", "DUPLICATE"]},
            ack={"reference": "id", "status": "status"},
        ),
    )
    return load_adapter("rest.json.v1")(job, credentials, NoPins())


def payment(number: int) -> Delivery:
    """One message, as a drain hands it to an adapter."""
    return Delivery(
        id=number,
        message_id=f"m-{number}",
        job="payments",
        topic="hud.eviction.ordered",
        ordering_key="",
        idempotency_key=str(uuid.uuid4()),
        attempt=0,
        payload={"case_id": f"HUD-22-{number}", "cents": 1250},
        published_at="2024-08-01T00:00:00Z",
    )


class OurPayments:
    """Eight adapters in eight threads, as a drain with eight ordering keys in flight has them."""

    name = "HMS-SYN, 8 at a time"

    def __init__(self, origin: str, each: Callable[[str], Adapter] = adapter) -> None:
        self.adapters = [each(origin) for _ in range(THREADS)]

    def send(self, count: int) -> None:
        """Each thread sends its share, each payment with its proof checked."""
        with ThreadPoolExecutor(THREADS) as pool:
            for done in [pool.submit(_share, each, count // THREADS) for each in self.adapters]:
                done.result()

    def close(self) -> None:
        """Give the connections back."""
        for each in self.adapters:
            each.close()


def _share(vendor: Adapter, count: int) -> None:
    for number in range(count):
        vendor.send(payment(number))
