"""What a FHIR server has from us, as the conformance suite wants to know it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hms_syn.conformance import Thing

if TYPE_CHECKING:
    from collections.abc import Mapping


def thing_of(resource: Mapping[str, Any]) -> Thing:
    """Return a resource by its identifiers, its reference and its description."""
    return Thing(
        key=" ".join(each["value"] for each in resource.get("identifier", ())),
        reference=f"{resource['resourceType']}/{resource['id']}",
        text=resource["description"],
    )
