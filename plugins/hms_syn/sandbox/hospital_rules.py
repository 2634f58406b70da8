"""What the hospital knows of FHIR R4: three resource types, their elements, and which must be there.

Source: the resource definitions of HL7 FHIR 4.0.1. It looks at the first level only: names, presence, and the codes
of ``status`` and ``intent``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hms_syn.sandbox.ledger import UnacceptableError

if TYPE_CHECKING:
    from collections.abc import Mapping


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_EVERY = _words("resourceType id meta implicitRules language text contained extension modifierExtension identifier")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One resource type: its own elements, those that must be there, and the codes of those that have a closed list."""

    elements: frozenset[str]
    required: tuple[str, ...]
    codes: Mapping[str, frozenset[str]]


KINDS: Mapping[str, Kind] = {
    "Flag": Kind(
        elements=_words("status category code subject period encounter author"),
        required=("status", "code", "subject"),
        codes={"status": frozenset({"active", "inactive", "entered-in-error"})},
    ),
    "Task": Kind(
        elements=_words(
            "instantiatesCanonical instantiatesUri basedOn groupIdentifier partOf status statusReason businessStatus "
            "intent priority code description focus for encounter executionPeriod authoredOn lastModified requester "
            "performerType owner location reasonCode reasonReference insurance note relevantHistory restriction input "
            "output"
        ),
        required=("status", "intent"),
        codes={
            "status": _words(
                "draft requested received accepted rejected ready cancelled in-progress on-hold failed completed "
                "entered-in-error"
            ),
            "intent": _words(
                "unknown proposal plan order original-order reflex-order filler-order instance-order option"
            ),
        },
    ),
    "Appointment": Kind(
        elements=_words(
            "status cancelationReason serviceCategory serviceType specialty appointmentType reasonCode reasonReference "
            "priority description supportingInformation start end minutesDuration slot created comment "
            "patientInstruction basedOn participant requestedPeriod"
        ),
        required=("status", "participant"),
        codes={
            "status": _words(
                "proposed pending booked arrived fulfilled cancelled noshow entered-in-error checked-in waitlist"
            )
        },
    ),
}


def known(kind: str) -> Kind:
    """Return what is known of a resource type.

    :raises UnacceptableError: 404 ``not-supported``
    """
    if kind not in KINDS:
        raise UnacceptableError(404, "not-supported", field=kind)
    return KINDS[kind]


def check(kind: str, resource: Mapping[str, Any]) -> None:
    """Return if the resource is a whole one of this type.

    :raises UnacceptableError: 400 for what cannot be one, 422 for what is not a whole one; the code is an IssueType
    """
    rules = known(kind)
    if resource.get("resourceType") != kind:
        raise UnacceptableError(400, "invalid", field="resourceType")
    for name in resource:
        if name.removeprefix("_") not in _EVERY | rules.elements:
            raise UnacceptableError(400, "structure", field=f"{kind}.{name}")
    for name in rules.required:
        if resource.get(name) in (None, "", [], {}):
            raise UnacceptableError(422, "required", field=f"{kind}.{name}")
    for name, codes in rules.codes.items():
        if resource[name] not in codes:
            raise UnacceptableError(422, "value", field=f"{kind}.{name}")
    identifiers = resource.get("identifier", [])
    if not isinstance(identifiers, list) or not all(isinstance(one, dict) for one in identifiers):
        raise UnacceptableError(400, "structure", field=f"{kind}.identifier")


def outcome(code: str, *, field: str = "") -> dict[str, Any]:
    """Return an OperationOutcome with one error; ``code`` is an IssueType."""
    issue: dict[str, Any] = {"severity": "error", "code": code}
    if field:
        issue |= {"expression": [field], "diagnostics": f"{code}: {field}"}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def capabilities(origin: str, at: str) -> dict[str, Any]:
    """Return the CapabilityStatement."""
    interactions = [{"code": code} for code in ("create", "read", "vread", "update", "search-type")]
    resource = {
        "interaction": interactions,
        "versioning": "versioned",
        "conditionalCreate": True,
        "conditionalUpdate": True,
        "searchParam": [
            {"name": "_id", "type": "token"},
            {"name": "identifier", "type": "token"},
            {"name": "status", "type": "token"},
            {"name": "_lastUpdated", "type": "date"},
        ],
    }
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": at,
        "kind": "instance",
        "implementation": {"description": "a pretend hospital", "url": f"{origin}/fhir"},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "interaction": [{"code": "transaction"}],
                "resource": [{"type": kind, **resource} for kind in KINDS],
            }
        ],
    }
