"""The watch: one trigger looks at what is wrong at all jobs, and rings when people are to be told.

The ring is a bell and carries nothing: incidents are in the store, and it rings again while somebody is untold.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from hms_syn.errors import SynError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from hms_syn.store.watch import Watch

log = logging.getLogger(__name__)
LOOK_EVERY = 5.0
RING_AGAIN = 60.0
"""Seconds after which it rings once more for what nobody has told; a run may take as long to begin."""


class Incidents(BaseEventTrigger):
    """Looks at every job that the store knows."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow's own constructor has no types

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what Airflow stores: everything else is in the store."""
        return ("hms_syn.triggers.incidents.Incidents", {})

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look for as long as the trigger lives."""
        watch: Watch | None = None
        rang_at = -RING_AGAIN
        while True:
            try:
                if watch is None:
                    watch = await asyncio.to_thread(_open_watch)
                due = await asyncio.to_thread(_look, watch)
            except SynError as error:
                log.warning("The watch cannot read the store (%s): %s", error.code, error)
                watch = None
                due = False
            if due and time.monotonic() - rang_at >= RING_AGAIN:
                rang_at = time.monotonic()
                log.info("Ringing: people are to be told")
                yield TriggerEvent({"untold": True})
            elif not due:
                rang_at = -RING_AGAIN
            await asyncio.sleep(LOOK_EVERY)


def _open_watch() -> Watch:
    from hms_syn.hooks.audit import AuditHook  # noqa: PLC0415 - SQLAlchemy is not needed to parse a DAG
    from hms_syn.store.watch import Watch  # noqa: PLC0415 - SQLAlchemy is not needed to parse a DAG

    return Watch(AuditHook().store)


def _look(watch: Watch) -> bool:
    from hms_syn.flow.alerts import look  # noqa: PLC0415 - not needed to parse a DAG

    return look(watch)
