"""The hospital's records as a page for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hms_syn.sandbox import vendor_page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ICON = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#1d4f8c"/>'
    b'<path d="M16 7v18M7 16h18" stroke="#fff" stroke-width="5" fill="none"/></svg>'
)
COMMAND = """hms-syn publish hud.eviction.ordered '{"case_id":"HUD-22-109", …}'"""
RECORDS = {
    "Changed (UTC)": "at",
    "Record": "reference",
    "Case": "case_id",
    "What": "what",
    "About": "about",
    "Version": "version",
    "Status": "status",
    "Idempotency key": "key",
}
ARRIVALS = {"Arrived (UTC)": "at", "Request": "operation", "What the hospital did": "outcome"}


def page(received: Mapping[str, Sequence[Mapping[str, Any]]], *, mode: str, still: bool) -> str:
    """Write the whole page."""
    resources, arrivals = received["resources"], received["arrivals"]
    sections = [
        vendor_page.table("Records", "Records", [_row(one) for one in resources], RECORDS)
        if resources
        else vendor_page.empty(
            "No record yet", "Publish an event, and its task appears here once the hospital has taken it:", COMMAND
        )
    ]
    if arrivals:
        sections.append(vendor_page.table("Every request that arrived", "Requests", arrivals, ARRIVALS))
    return vendor_page.whole(
        "General Hospital",
        "A pretend vendor: the tasks it was given over FHIR, and the flags it has placed for them.",
        numbers={"Records": len(resources), "Requests": len(arrivals), "Behaves": mode},
        sections=sections,
        more=' · <a href="/fhir/metadata">CapabilityStatement</a>',
        still=still,
    )


def _row(resource: Mapping[str, Any]) -> dict[str, Any]:
    about = resource.get("focus") or resource.get("subject") or {}
    ours = [one for one in resource.get("identifier", []) if one.get("system") == "urn:hms-syn"]
    return {
        "at": resource["meta"]["lastUpdated"],
        "reference": f"{resource['resourceType']}/{resource['id']}",
        "case_id": _text(resource.get("groupIdentifier"), "value"),
        "what": _text(resource.get("code"), "text"),
        "about": _text(about, "display") or _text(about, "reference"),
        "version": resource["meta"]["versionId"],
        "status": resource.get("status", ""),
        "key": _text(ours[0], "value") if ours else "",
    }


def _text(value: Any, name: str) -> str:
    return str(value.get(name, "")) if isinstance(value, dict) else ""
