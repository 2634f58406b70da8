"""Jobs, messages and answers of a hospital, for the tests of its dialect."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.unit.adapters.liar import KEY, LOOPBACK, MemoryPins, http

from hms_syn.adapters.fhir.fhir_r4_v1 import FhirR4V1
from hms_syn.domain.delivery import Delivery
from hms_syn.domain.job_spec import JobSpec, Pull, Push

if TYPE_CHECKING:
    from hms_syn.ports import Credentials

FHIR = "Content-Type: application/fhir+json\r\n"
OURS = {"system": "urn:hms-syn", "value": KEY}
MAPPING = {
    "status": "'booked'",
    "description": "case_id",
    "start": "join('', [date, 'T09:00:00Z'])",
    "end": "join('', [date, 'T10:00:00Z'])",
    "participant": "[{status: 'accepted', actor: {display: _meta.job}}]",
}


def push_of(**changes: Any) -> Push:
    """Build a push of appointments."""
    return Push(**{"request": {"resource": "Appointment"}, "mapping": MAPPING, "timeout": 5.0, **changes})


def hospital_job(root: str, **changes: Any) -> JobSpec:
    """Build a job against a hospital at this service root."""
    wanted: dict[str, Any] = {
        "id": "hospital",
        "name": "HUD → Hospital",
        "file": "hospital.yaml",
        "push_adapter": "fhir.r4.v1",
        "pull_adapter": "fhir.r4.v1",
        "source_topics": ("hud.hearing.created",),
        "target_endpoint": root,
        "allow_private": LOOPBACK,
        "push": push_of(),
        "pull": Pull(publish_topic="hospital.appointment", request={"resource": "Appointment"}, timeout=5.0),
        **changes,
    }
    return JobSpec(**wanted)


def hospital(root: str, *, credentials: Credentials | None = None, **changes: Any) -> FhirR4V1:
    """Make the adapter for a hospital at this service root."""
    return FhirR4V1(hospital_job(root, **changes), credentials, MemoryPins())


def notice(key: str = KEY, **payload: Any) -> Delivery:
    """Build a message to the hospital."""
    return Delivery(
        id=1,
        message_id="m-1",
        job="hospital",
        topic="hud.hearing.created",
        ordering_key="hospital",
        idempotency_key=key,
        attempt=0,
        payload=payload or {"case_id": "HUD-22-109", "date": "2024-09-02"},
        published_at="2024-08-01T00:00:00Z",
    )


def appointment(**changes: Any) -> dict[str, Any]:
    """Build the appointment that a server has made of the message; None takes a field out."""
    whole = {
        "resourceType": "Appointment",
        "id": "17",
        "meta": {"versionId": "1", "lastUpdated": "2024-09-02T12:00:00Z"},
        "identifier": [OURS],
        "status": "booked",
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not None}


def outcome(*codes: str, severity: str = "error") -> dict[str, Any]:
    """Build an OperationOutcome whose words name a patient."""
    return {
        "resourceType": "OperationOutcome",
        "issue": [
            {"severity": severity, "code": code, "diagnostics": "Jane Doe", "details": {"text": "Jane Doe"}}
            for code in codes
        ],
    }


def searchset(*resources: Any, link: str | None = None, **changes: Any) -> dict[str, Any]:
    """Build one page of a search; a resource may come as a whole entry."""
    entries = [each if "resource" in each else {"resource": each, "search": {"mode": "match"}} for each in resources]
    links = [{"relation": "self", "url": "x"}, *([{"relation": "next", "url": link}] if link else [])]
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(entries),
        "link": links,
        "entry": entries,
        **changes,
    }


def fhir(document: Any, *, status: str = "200 OK", headers: str = "") -> bytes:
    """Build a whole HTTP answer in FHIR's media type."""
    return http(json.dumps(document), status=status, headers=FHIR + headers)
