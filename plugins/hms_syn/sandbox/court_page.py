"""The calendar as a page for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hms_syn.sandbox import vendor_page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ICON = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#7a1f2b"/>'
    b'<path d="M6 24h20M8 21h16M10 20v-7M16 20v-7M22 20v-7M7 12h18L16 6z" stroke="#fff" stroke-width="2" fill="none"/>'
    b"</svg>"
)
HEARINGS = {
    "Received (UTC)": "received_at",
    "Case": "case_id",
    "Hearing date": "hearing_date",
    "Receipt": "reference",
    "Status": "status",
    "Arrivals": "arrivals",
    "Idempotency key": "message_id",
}
ARRIVALS = {"Arrived (UTC)": "at", "Operation": "operation", "Case": "case_id", "What the court did": "outcome"}
COMMAND = """hms-syn publish hud.hearing.created '{"case_id":"HUD-22-109","date":"2024-09-02"}'"""


def page(received: Mapping[str, Sequence[Mapping[str, Any]]], *, mode: str, still: bool = False) -> str:
    """Write the whole page."""
    hearings, arrivals = received["hearings"], received["arrivals"]
    return vendor_page.whole(
        "County Court Calendar",
        "A pretend vendor: the hearings it was handed over SOAP.",
        numbers={"Hearings": len(hearings), "Requests": len(arrivals), "Behaves": mode},
        sections=(
            vendor_page.table("Hearings", "Hearings", hearings, HEARINGS)
            if hearings
            else vendor_page.empty(
                "No hearing yet", "Publish an event, and it appears here once the court has accepted it:", COMMAND
            ),
            vendor_page.table("Every request that arrived", "Requests", arrivals, ARRIVALS) if arrivals else "",
        ),
        more=' · <a href="/soap?wsdl">WSDL</a>',
        still=still,
    )
