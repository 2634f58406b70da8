"""The vendor: what it may answer, and its own journal of what arrived, which nobody else writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hms_syn import errors
from hms_syn.domain import canonical_json
from hms_syn.domain.ack import Ack

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulation.worker import Worker

    from hms_syn.domain.delivery import Delivery


@dataclass(frozen=True)
class Answer:
    """What comes of one request: does it arrive, does the vendor take the message, what does the adapter raise."""

    name: str
    error: Callable[[], Exception] | None = None
    arrives: bool = True
    takes: bool = False


RETRY_AFTER = 45.0
ANSWERS = {
    answer.name: answer
    for answer in (
        Answer("ack", takes=True),
        Answer("refused", errors.VendorRefused),
        Answer("unmappable", errors.UnmappablePayload, arrives=False),
        Answer("not sent", errors.NotSent, arrives=False),
        Answer("busy", errors.VendorBusy),
        Answer("busy, come back later", lambda: errors.VendorBusy(retry_after=RETRY_AFTER)),
        Answer("login refused", errors.LoginRefused),
        Answer("lost on the way", errors.OutcomeUnknown),
        Answer("taken, and the answer lost", errors.OutcomeUnknown, takes=True),
        Answer("adapter bug before", lambda: ZeroDivisionError("1/0"), arrives=False),
        Answer("adapter bug after", lambda: KeyError("reference"), takes=True),
        Answer("contract mismatch", errors.ContractMismatch, arrives=False),
        Answer("our database away", errors.StoreUnavailable, arrives=False),
        Answer("an error of no branch", errors.SynError, takes=True),
    )
}
FIND_FAILS = ("lost on the way", "not sent", "busy", "adapter bug before")


@dataclass(frozen=True)
class Arrival:
    """One request as the vendor knows it; ``late`` says that its worker was stopped just before it."""

    endpoint: str
    job: str
    message_id: str
    key: str
    body: str
    accepted: bool
    late: bool


@dataclass
class Vendor:
    """Everything behind all endpoints."""

    arrivals: list[Arrival] = field(default_factory=list)
    receipts: dict[tuple[str, str], str] = field(default_factory=dict)

    def arrive(self, endpoint: str, message: Delivery, *, takes: bool, late: bool) -> Arrival:
        """Write the request down, and keep the message where it is taken; a repeat gets the first receipt again."""
        arrival = Arrival(
            endpoint,
            message.job,
            message.message_id,
            message.idempotency_key,
            canonical_json.dumps(dict(message.payload)),
            takes,
            late,
        )
        self.arrivals.append(arrival)
        if takes:
            self.receipts.setdefault((endpoint, arrival.key), f"R-{len(self.receipts) + 1}")
        return arrival


@dataclass
class Dialect:
    """The adapter of one worker: what it is told to answer, it answers, after having let the others go on."""

    worker: Worker
    endpoint: str
    idempotent: bool
    finds: bool

    def send(self, message: Delivery) -> Ack:
        worker, late = self.worker, False
        if worker.order.stops:
            late = True
            worker.pause("stopped before sending")
        answer = worker.order.answer
        if answer.arrives:
            worker.world.arrived(worker, message, takes=answer.takes, late=late)
        worker.pause("sending")
        if answer.error is not None:
            raise answer.error()
        return Ack(reference=worker.world.vendor.receipts[self.endpoint, message.idempotency_key], status="OK")

    def find(self, message: Delivery) -> Ack | None:
        worker = self.worker
        worker.pause("asking")
        answer = worker.order.answer
        if answer.name in FIND_FAILS and answer.error is not None:
            raise answer.error()
        receipt = worker.world.vendor.receipts.get((self.endpoint, message.idempotency_key))
        return None if receipt is None else Ack(reference=receipt, status="OK")

    def close(self) -> None:
        """Nothing is open."""
