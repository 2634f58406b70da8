"""The doorbell: one poll for all jobs of a triggerer, which starts a push run where due work waits for nobody.

An asset event is a bell and never carries a message: Airflow may coalesce, reorder or strand asset events, so the queue
is the truth and the run it starts drains the queue. The bell is level-triggered: it rings again while work is due that
nobody holds, so a swallowed ring, a dead run or a restarted triggerer delays a message but never loses one.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from hms_syn import settings
from hms_syn.errors import SynError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Hashable

    from hms_syn.flow.switch import Follower
    from hms_syn.store.sql_store import SqlStore

log = logging.getLogger(__name__)
AFTER_AN_ERROR = 5.0


class Doorbell(BaseEventTrigger):
    """Rings for one job; all doorbells of a triggerer share one poll of the store.

    :param job: id of the job whose due work rings
    """

    def __init__(self, job: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow's own constructor has no types
        self.job = job

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what Airflow stores: the job's id only."""
        return ("hms_syn.triggers.doorbell.Doorbell", {"job": self.job})

    def shared_stream_key(self) -> Hashable:
        """Return one key for every job: they share a poll."""
        return ("hms_syn", "doorbell")

    @classmethod
    async def open_shared_stream(cls, kwargs: dict[str, Any]) -> AsyncIterator[list[str]]:
        """Yield, poll after poll, the jobs that have due work which nobody holds."""
        del kwargs  # nothing of one job's own matters to the shared poll
        pause = settings.duration("poll")
        follower: Follower | None = None
        while True:
            try:
                if follower is None:  # opening also checks the tables, which once is enough
                    follower = await asyncio.to_thread(_open_follower)
                for turn in await asyncio.to_thread(follower.look):
                    log.info("%s %s by %s: %s", turn.job, turn.event, turn.by, turn.reason)
                jobs = await asyncio.to_thread(follower.store.ring)
            except SynError as error:
                log.warning("The doorbell cannot read the queue (%s): %s", error.code, error)
                follower = None
                await asyncio.sleep(AFTER_AN_ERROR)
                continue
            if jobs:
                log.info("Ringing for %s", ", ".join(jobs))
                yield jobs
            await asyncio.sleep(pause)

    async def filter_shared_stream(self, shared_stream: AsyncIterator[list[str]]) -> AsyncIterator[TriggerEvent]:
        """Yield a bell whenever this job is among those with due work."""
        await asyncio.to_thread(_begin_to_listen, self.job)
        async for jobs in shared_stream:
            if self.job in jobs:
                yield TriggerEvent({"job": self.job})

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Ring without sharing, where a triggerer does not share streams."""
        async for event in self.filter_shared_stream(self.open_shared_stream({})):
            yield event


def _open_store() -> SqlStore:
    from hms_syn.hooks.audit import AuditHook  # noqa: PLC0415 - SQLAlchemy is not needed to parse a DAG

    return AuditHook().store


def _open_follower() -> Follower:
    from hms_syn.flow.switch import Follower  # noqa: PLC0415 - nor is the flow

    return Follower(_open_store())


def _begin_to_listen(job: str) -> None:
    """Let work that was rung for before anybody listened ring at once; make a job known that nobody registered yet."""
    from hms_syn import job_files  # noqa: PLC0415 - not needed to parse a DAG

    try:
        store = _open_store()
        folder = settings.jobs_folder()
        path = job_files.job_path(folder, job)
        if path is not None:
            store.register(job_files.load_job(path, root=folder))
        store.rearm(job)
    except SynError as error:
        log.warning("The doorbell of %s: %s", job, error)
