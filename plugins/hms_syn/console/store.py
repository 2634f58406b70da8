"""The queue's database, as the api-server knows it."""

from __future__ import annotations

from functools import cache
from typing import Annotated

from fastapi import Depends

from hms_syn import wiring
from hms_syn.hooks.audit import store_url
from hms_syn.store.desk import Desk
from hms_syn.store.reading_room import ReadingRoom
from hms_syn.store.sql_store import SqlStore


@cache
def opened() -> SqlStore:
    """Return the store; Airflow's connection is asked once a process.

    :raises StoreNotConfigured: no address is known here
    """
    return wiring.open_store(store_url())


StoreDep = Annotated[SqlStore, Depends(opened)]


def desk(store: StoreDep) -> Desk:
    """Return the officers' desk of that store."""
    return Desk(store)


def room(store: StoreDep) -> ReadingRoom:
    """Return the reading room of that store."""
    return ReadingRoom(store)


DeskDep = Annotated[Desk, Depends(desk)]
RoomDep = Annotated[ReadingRoom, Depends(room)]
