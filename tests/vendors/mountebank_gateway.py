"""A vendor of ``rest.json.v1`` that nobody here wrote: a payment gateway on mountebank, which wants signed requests."""

from __future__ import annotations

import base64
import hashlib
import uuid
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tests.harness import logins
from tests.harness.doors import answer
from tests.peers import gateways
from tests.vendors.behind_a_door import KEPT, BehindADoor

from hms_syn.conformance import Arrival, Manner, Thing, read_job
from hms_syn.ports import Credentials

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.harness.doors import Asked

    from hms_syn.domain.job_spec import JobSpec

JOB = """
job:
  name: "HUD → StatePayments"
  id: payments
  push_adapter: rest.json.v1
  pull_adapter: rest.json.v1
  source_topic: hud.eviction.ordered
  target_endpoint: {origin}/v1
  allow_private: ["127.0.0.0/8"]
  heartbeat: {{timeout: 1s}}
  push:
    timeout: 1s
    request: {{path: "/cases/{{caseNumber}}/payments"}}
    success: {{status: [ACCEPTED, DUPLICATE]}}
    ack: {{reference: id, status: status}}
    find: {{request: {{path: "/payments/by-key/{{key}}"}}, match: "@", success: {{status: ACCEPTED}}}}
  pull:
    timeout: 1s
    dedupe_key: "[id, version]"
    request: {{path: /payments, records: payments, page: {{size: limit, after: after, next: next}}}}
    cursor: {{field: changedAt, parameter: since, initial: "2024-01-01T00:00:00Z"}}
"""
NO = gateways.answer({"title": "not for this gateway"}, 422)
LATER = gateways.answer({"title": "not for this gateway"}, 503, **{"Retry-After": "1"})
UNPROVED = gateways.answer({"status": "ACCEPTED"}, 201)
ORDERS = ({"equals": {"method": "POST"}}, {"startsWith": {"path": "/v1/"}})
STUBS = MappingProxyType(
    {
        Manner.REFUSING: {"predicates": ORDERS, "responses": [NO]},
        Manner.BUSY: {"predicates": ORDERS[1:], "responses": [LATER]},
        Manner.UNPROVED: {"predicates": ORDERS, "responses": [UNPROVED]},
    }
)
"""How mountebank itself behaves badly."""


class MountebankGateway(BehindADoor):
    """One process for many tests; each begins with an empty book. What arrived is what mountebank's journal says."""

    words = ("not for this gateway",)
    no_login = answer(401, {"title": "not for this gateway"})

    def __init__(self, gateway: gateways.Gateway, server: str = "") -> None:
        self._gateway = gateway
        super().__init__(server or gateway.origin)

    @classmethod
    @contextmanager
    def started(cls) -> Iterator[MountebankGateway]:
        """Run its process for as long as this lasts."""
        with gateways.mountebank() as console:
            yield cls(console.remembering_gateway())

    def forget(self) -> None:
        self._gateway.begin_anew()

    def knows(self, asked: Asked, secret: str) -> bool:
        return logins.signed(asked, _signing(secret))

    def behave(self, manner: Manner) -> None:
        self._gateway.answer_first(*([STUBS[manner]] if manner in STUBS else []))
        super().behave(manner)

    def job(self) -> JobSpec:
        return read_job(JOB.format(origin=self._door.origin))

    def credentials(self) -> Credentials:
        return Credentials(password=_signing(KEPT), extra={"auth": "hmac"})

    def payload(self, text: str) -> Mapping[str, Any]:
        return {"caseNumber": "HUD-22-109", "amountCents": 1250, "action": "FREEZE", "note": text}

    def arrivals(self) -> Sequence[Arrival]:
        return [
            Arrival(key=each["headers"]["idempotency-key"], digest=hashlib.sha256(each["body"].encode()).hexdigest())
            for each in self._gateway.journal()
            if each["method"] == "POST"
        ]

    def things(self) -> Sequence[Thing]:
        return [
            Thing(key=payment["key"], reference=payment["id"], text=payment["note"])
            for payment in self._gateway.ask("/received")
        ]

    def offer(self, count: int) -> Sequence[Any]:
        """Pay as somebody else does, past the door."""
        path, order = "/v1/cases/HUD-22-110/payments", self.payload("rent")
        made = [self._gateway.ask(path, order, Idempotency_Key=str(uuid.uuid4())) for _ in range(count)]
        return [[payment["id"], 1] for payment in made]


def _signing(secret: str) -> str:
    return f"whsec_{base64.b64encode(secret.encode().ljust(32)).decode()}"
