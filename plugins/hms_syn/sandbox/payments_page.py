"""The gateway's book as a page for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hms_syn.sandbox import vendor_page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ICON = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#1b6138"/>'
    b'<path d="M5 10h22v13H5zM5 14.500h22M9 19.500h6" stroke="#fff" stroke-width="2" fill="none"/></svg>'
)
COMMAND = """hms-syn publish hud.eviction.ordered '{"case_id":"HUD-22-109", …}'"""
HOLDS = {
    "Placed (UTC)": "at",
    "Case": "case_id",
    "Subsidy": "subsidy_id",
    "From": "effective_date",
    "Receipt": "reference",
    "Status": "status",
    "Arrivals": "arrivals",
    "Idempotency key": "key",
}
ARRIVALS = {"Arrived (UTC)": "at", "Request": "operation", "Case": "case_id", "What the gateway did": "outcome"}


def page(received: Mapping[str, Sequence[Mapping[str, Any]]], *, mode: str, still: bool) -> str:
    """Write the whole page."""
    holds, arrivals = received["holds"], received["arrivals"]
    sections = [
        vendor_page.table("Holds", "Holds", holds, HOLDS)
        if holds
        else vendor_page.empty(
            "No hold yet", "Publish an event, and its hold appears here once the gateway has placed it:", COMMAND
        )
    ]
    if arrivals:
        sections.append(vendor_page.table("Every request that arrived", "Requests", arrivals, ARRIVALS))
    return vendor_page.whole(
        "State Payment Gateway",
        "A pretend vendor: the holds it was asked to place on payments, over REST.",
        numbers={"Holds": len(holds), "Requests": len(arrivals), "Behaves": mode},
        sections=sections,
        more="",
        still=still,
    )
