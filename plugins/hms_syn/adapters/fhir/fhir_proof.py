"""What proves that a FHIR server has a message: a resource of its type, with the server's own id and our identifier.

A 201 alone is no proof, and neither is a resource that is another's: a server that ignores ``If-None-Exist``, a proxy
that answers for it and one that says back what it was told are all found out by one of the three.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from hms_syn import errors
from hms_syn.adapters import http_status, mapping
from hms_syn.adapters.fhir import fhir_outcome, fhir_resource
from hms_syn.adapters.fhir.fhir_calls import YES, resource_in
from hms_syn.domain.ack import Ack
from hms_syn.domain.job_spec import EMPTY

if TYPE_CHECKING:
    from hms_syn.adapters.deadline import Deadline
    from hms_syn.adapters.fhir.fhir_calls import FhirCalls
    from hms_syn.adapters.http_client import Response
    from hms_syn.domain.job_spec import Push

_PLACE = re.compile(r"(?:^|/)([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})(?:/_history/([A-Za-z0-9.-]{1,64}))?$")
_WORDS = {200: "ok", 201: "created"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What must come back; ``id`` where we named the resource ourselves, so that its id is no proof."""

    kind: str
    value: str
    id: str | None = None


def prove(fhir: FhirCalls, response: Response, expected: Expected, push: Push | None, *, deadline: Deadline) -> Ack:
    """Return the receipt for one resource; where only its address came back, it is read once to see.

    :raises errors.OutcomeUnknown: nothing proves it · :raises errors.SynError: as :func:`fhir_outcome.failure` says
    """
    if response.status not in YES:
        raise fhir_outcome.failure(response)
    place = place_of(response.headers.get("location") or response.headers.get("content-location"))
    if place is not None and place[0] != expected.kind:
        raise http_status.unknown(response, "fhir_other_type")
    resource = _returned(response)
    if resource is None:
        if place is None:
            raise http_status.unknown(response, "fhir_no_resource")
        resource = read_back(fhir, place, deadline=deadline)
    elif expected.id is not None and not _is_kept(resource, response):
        raise http_status.unknown(response, "fhir_echo")
    check(resource, expected, place)
    return receipt(resource, push, status=_WORDS[response.status])


def check(resource: Mapping[str, Any], expected: Expected, place: tuple[str, str] | None = None) -> None:
    """Return if the resource is what was to come back.

    :raises errors.OutcomeUnknown: ``fhir_other_type``, ``fhir_no_id``, ``fhir_other_id``, ``fhir_stranger``
    """
    if resource.get("resourceType") != expected.kind:
        raise errors.OutcomeUnknown("The answer is a resource of another type.", code="fhir_other_type")
    if not fhir_resource.is_id(resource.get("id")):
        raise errors.OutcomeUnknown("The resource in the answer has no id.", code="fhir_no_id")
    wanted = expected.id or (place[1] if place else resource["id"])
    if resource["id"] != wanted:
        raise errors.OutcomeUnknown("The resource in the answer has another id than it should.", code="fhir_other_id")
    if not fhir_resource.carries(resource, expected.value):
        raise errors.OutcomeUnknown(
            "The resource in the answer does not carry our identifier: it may be another's.", code="fhir_stranger"
        )


def receipt(resource: Mapping[str, Any], push: Push | None, *, status: str = "") -> Ack:
    """Return the receipt, such as ``Appointment/17``, or what ``push.ack`` says.

    :raises errors.SynError: as :func:`mapping.prove` does
    """
    success, ack = (push.success, push.ack) if push else (EMPTY, EMPTY)
    if "reference" in ack:
        found = mapping.prove(resource, success, ack)
        return Ack(reference=found.reference, status=found.status or status)
    mapping.check_success(resource, success)
    word = mapping.find(ack["status"], resource) if "status" in ack else status
    return Ack(reference=reference(resource), status=word if isinstance(word, str) else "")


def reference(resource: Mapping[str, Any]) -> str:
    """Return where the resource is, relative to the service root."""
    return f"{resource['resourceType']}/{resource['id']}"


def place_of(location: Any) -> tuple[str, str] | None:
    """Return the type and id that a Location ends with.

    Its host is not looked at: behind a proxy it is often the inner one, and what is read is read below target_endpoint.

    >>> place_of("http://inner:8080/fhir/Appointment/17/_history/1")
    ('Appointment', '17')
    >>> place_of("https://login.example/")
    """
    try:
        match = _PLACE.search(urlsplit(location).path) if isinstance(location, str) else None
    except ValueError:
        return None
    return (match[1], match[2]) if match else None


def read_back(fhir: FhirCalls, place: tuple[str, str], *, deadline: Deadline) -> Mapping[str, Any]:
    """Return the resource a server says it has just made.

    :raises errors.OutcomeUnknown: whatever goes wrong, for the resource itself was sent before
    """
    try:
        return fhir.read(fhir.url("/".join(place)), deadline=deadline)
    except errors.SynError as error:
        raise errors.OutcomeUnknown(
            f"The vendor said yes, and what it has could not be read back ({error.code}).", code="fhir_not_read_back"
        ) from None


def _returned(response: Response) -> Mapping[str, Any] | None:
    """Return the resource in a success, or None where there is none by right: nothing, or remarks without an error."""
    if not response.body.strip():
        return None
    resource = resource_in(response)
    if resource["resourceType"] != "OperationOutcome":
        return resource
    if fhir_outcome.is_clean(resource):
        return None
    raise http_status.unknown(response, "fhir_outcome")


def _is_kept(resource: Mapping[str, Any], response: Response) -> bool:
    """Return True if the answer says something of the resource that only who keeps it can say."""
    meta = resource.get("meta")
    said = isinstance(meta, Mapping) and (meta.get("versionId") or meta.get("lastUpdated"))
    return bool(said or response.headers.get("etag") or response.headers.get("last-modified"))
