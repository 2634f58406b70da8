"""The heart: one trigger pings the vendors of all jobs, and rings when one has gone offline or come back.

A run for each ping would cost cores; a change is rare. Beat, counts and states are in the store, so a restart forgets
nothing and two triggerers do not ping twice. The ring is a bell and carries nothing: it rings again while changes are
untold.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from hms_syn import settings
from hms_syn.errors import SynError
from hms_syn.hooks.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from hms_syn.flow.rounds import Rounds
    from hms_syn.job_files import JobFolder
    from hms_syn.store.sql_store import SqlStore

log = logging.getLogger(__name__)
AFTER_AN_ERROR = 5.0
LOOK_AT_FILES = 5.0
METRICS_EVERY = 15.0
RING_AGAIN = 60.0
"""Seconds after which it rings once more for changes that nobody has told."""


class Pings(BaseEventTrigger):
    """Pings every vendor of the jobs folder, each at its own interval."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow's own constructor has no types

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what Airflow stores: everything else is in the job files and in the store."""
        return ("hms_syn.triggers.pings.Pings", {})

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Ping for as long as the trigger lives."""
        heart: _Heart | None = None
        try:
            while True:
                try:
                    if heart is None:
                        heart = await asyncio.to_thread(_Heart)
                    rings = await asyncio.to_thread(heart.beat)
                except SynError as error:
                    log.warning("The heartbeat cannot read the store (%s): %s", error.code, error)
                    await asyncio.sleep(AFTER_AN_ERROR)
                    continue
                if rings:
                    yield TriggerEvent({"changed": True})
                await asyncio.sleep(heart.rounds.pause())
        finally:
            if heart is not None:
                heart.rounds.close()


class _Heart:
    """Files, vendors and the bell, for one thread at a time."""

    def __init__(self) -> None:
        self.rounds: Rounds = _open_rounds()
        self._folder: JobFolder = _open_folder()
        self._look_at = self._ring_at = self._measure_at = 0.0
        self._metrics = Metrics()
        self._must_watch = False

    def beat(self) -> bool:
        """Do what is due; return whether to ring.

        :raises SynError: the store cannot be used now; what was found is kept
        """
        now = time.monotonic()
        if now >= self._look_at:
            self._must_watch |= self._folder.refresh()
            self._look_at = now + LOOK_AT_FILES
        if self._must_watch:
            self.rounds.watch(self._folder.jobs)
            self._must_watch = False
        if self._metrics.is_on and now >= self._measure_at:
            store = self.rounds.board.store
            self._metrics.board(store.status())
            self._metrics.seal_lag(_seal_lag(store))
            self._measure_at = now + METRICS_EVERY
        changes = self.rounds.turn()
        for change in changes:
            log.info("%s is %s (%s)", change.endpoint, change.state.value, ", ".join(change.jobs))
        rings = bool(changes)
        if not rings and now >= self._ring_at:
            rings = bool(self.rounds.board.untold(limit=1))
            self._ring_at = now + RING_AGAIN
        if rings:
            self._ring_at = now + RING_AGAIN
        return rings


def _open_rounds() -> Rounds:
    from hms_syn import wiring  # noqa: PLC0415 - not needed to parse a DAG
    from hms_syn.hooks.audit import AuditHook  # noqa: PLC0415 - SQLAlchemy is not needed to parse a DAG
    from hms_syn.hooks.vendor import named  # noqa: PLC0415 - not needed to parse a DAG

    return wiring.rounds(AuditHook().store, find_credentials=named)


def _seal_lag(store: SqlStore) -> float:
    from hms_syn.flow.seal import lag  # noqa: PLC0415 - not needed to parse a DAG
    from hms_syn.store.tree import Tree  # noqa: PLC0415 - not needed to parse a DAG

    return lag(Tree(store))


def _open_folder() -> JobFolder:
    from hms_syn.job_files import JobFolder  # noqa: PLC0415 - not needed to parse a DAG

    return JobFolder(settings.jobs_folder())
