"""What is wrong now, as people are told of it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from hms_syn.console.access import RightsDep
from hms_syn.console.store import RoomDep

router = APIRouter(tags=["incidents"])


@router.get("/incidents")
def incidents(rights: RightsDep, room: RoomDep) -> dict[str, Any]:
    """Return ``incidents`` that are on, oldest first: ``kind``, the ``job`` or the ``endpoint``, and since when."""
    return {"incidents": room.incidents(rights.readable())}
