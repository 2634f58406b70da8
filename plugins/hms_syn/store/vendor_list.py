"""The vendors of some jobs, and whether they answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hms_syn.domain.vendor_health import VendorState
from hms_syn.store import vendor_board

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

ORDER = (VendorState.OFFLINE.value, VendorState.ONLINE.value, VendorState.UNKNOWN.value)


def vendors(connection: Connection, jobs: Sequence[str], *, state: str | None = None) -> list[Mapping[str, Any]]:
    """One row for each endpoint of these jobs: its state, since when, and the ``jobs``; those offline first.

    A vendor that was never pinged, or not for long, is ``unknown``.
    """
    found: dict[str, dict[str, Any]] = {}
    for row in vendor_board.vendors(connection, jobs):
        if state in (None, row["state"]):
            facts = {name: value for name, value in row.items() if name != "job"}
            found.setdefault(row["endpoint"], {**facts, "jobs": []})["jobs"].append(row["job"])
    return sorted(found.values(), key=lambda vendor: (ORDER.index(vendor["state"]), vendor["endpoint"]))
