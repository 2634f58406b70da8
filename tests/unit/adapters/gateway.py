"""A state's payment gateway as a raw server says it, and the job that pays through it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.unit.adapters.liar import KEY, LOOPBACK, MemoryPins, http

from hms_syn.adapters.rest.rest_json_v1 import RestJsonV1
from hms_syn.domain.delivery import Delivery
from hms_syn.domain.job_spec import JobSpec, Pull, Push

if TYPE_CHECKING:
    from hms_syn.ports import Credentials

JSON = "Content-Type: application/json\r\n"
YES = '{"id": "PAY-1", "status": "ACCEPTED"}'
PUSH: dict[str, Any] = {
    "timeout": 0.6,
    "request": {"path": "/payments"},
    "mapping": {"caseNumber": "case_id", "amount": "amount"},
    "success": {"status": ["ACCEPTED", "DUPLICATE"]},
    "ack": {"reference": "id", "status": "status"},
}
FIND: dict[str, Any] = {
    "request": {"path": "/payments/by-key/{key}"},
    "match": "@",
    "success": {"status": ["ACCEPTED", "SETTLED"]},
}
PULL: dict[str, Any] = {
    "publish_topic": "payments.changed",
    "timeout": 0.6,
    "dedupe_key": "id",
    "request": {"path": "/payments", "records": "payments"},
}


def says(body: str | bytes = YES, *, status: str = "200 OK", headers: str = JSON) -> bytes:
    """Build a whole answer in JSON."""
    return http(body, status=status, headers=headers)


def payments(
    origin: str, *, push: dict[str, Any] | None = None, pull: dict[str, Any] | None = None, **more: Any
) -> JobSpec:
    """Build the job against a gateway at this origin; ``push`` and ``pull`` change what they name."""
    wanted: dict[str, Any] = {
        "id": "payments",
        "name": "HUD → StatePayments",
        "file": "payments.yaml",
        "push_adapter": "rest.json.v1",
        "pull_adapter": "rest.json.v1",
        "source_topics": ("hud.eviction.ordered",),
        "target_endpoint": f"{origin}/v1",
        "allow_private": LOOPBACK,
        "push": Push(**{**PUSH, **(push or {})}),
        "pull": Pull(**{**PULL, **(pull or {})}),
    }
    return JobSpec(**{**wanted, **more})


def gateway(job: JobSpec, *, credentials: Credentials | None = None) -> RestJsonV1:
    """Make the adapter for a job."""
    return RestJsonV1(job, credentials, MemoryPins())


def payment(*, key: str = KEY, **payload: Any) -> Delivery:
    """Build a message about a payment."""
    return Delivery(
        id=1,
        message_id="m-1",
        job="payments",
        topic="hud.eviction.ordered",
        ordering_key="payments",
        idempotency_key=key,
        attempt=0,
        payload=payload or {"case_id": "HUD-22-109", "amount": "12.50"},
        published_at="2024-08-01T00:00:00Z",
    )
