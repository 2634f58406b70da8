"""Vendors and whether they answer; the banner on Airflow's home page asks for those that do not."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from hms_syn.console.access import RightsDep
from hms_syn.console.store import RoomDep

router = APIRouter(tags=["vendors"])


@router.get("/vendors")
def vendors(
    rights: RightsDep,
    room: RoomDep,
    state: Annotated[str | None, Query(description="`offline`, `online` or `unknown` only")] = None,
) -> dict[str, Any]:
    """Return ``vendors``: each endpoint, those offline first, with its ``state``, its ``jobs`` and its last ping."""
    return {"vendors": room.vendors(rights.readable(), state=state)}
