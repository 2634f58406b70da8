"""One look at the archive for everybody in this process who waits for a delivery.

Airflow shares a poll between asset watchers only if what is polled is the same for all of them; here each waiter adds
to the question. So the waiters of an event loop share a poll of our own: it begins with the first, ends with the last,
and asks for all of them in one statement.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from hms_syn import settings
from hms_syn.errors import SynError

if TYPE_CHECKING:
    from hms_syn.domain.wait import Wait
    from hms_syn.store.receipts import Receipts

log = logging.getLogger(__name__)
AFTER_AN_ERROR = 5.0


class ReceiptPoll:
    """The waiters of one event loop, and the one task that looks for them."""

    def __init__(self) -> None:
        self._waiters: dict[asyncio.Future[dict[str, Any]], Wait] = {}
        self._task: asyncio.Task[None] | None = None
        self._receipts: Receipts | None = None

    async def receipt(self, wait: Wait) -> dict[str, Any]:
        """Return how a delivery ended, once it has; at once where it had ended before."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[dict[str, Any]] = loop.create_future()
        self._waiters[waiter] = wait
        if self._task is None:  # in a context of its own: its log lines are not the first waiter's
            self._task = contextvars.Context().run(loop.create_task, self._look_for_all())
        try:
            return await waiter
        finally:
            self._waiters.pop(waiter, None)

    async def _look_for_all(self) -> None:
        pause = settings.duration("poll")
        try:
            while self._waiters:
                try:
                    await self._look()
                except SynError as error:
                    log.warning("Those who wait for a delivery cannot read the queue (%s): %s", error.code, error)
                    self._receipts = None
                    await asyncio.sleep(AFTER_AN_ERROR)
                await asyncio.sleep(pause)
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody may wait for ever because of it
            for waiter in self._waiters:
                if not waiter.done():
                    waiter.set_exception(error)
        finally:
            self._task = None

    async def _look(self) -> None:
        if self._receipts is None:  # opening also checks the tables, which once is enough
            self._receipts = await asyncio.to_thread(_open_receipts)
        wanted = list(dict.fromkeys(self._waiters.values()))
        found = await asyncio.to_thread(self._receipts.of, wanted)
        for waiter, wait in self._waiters.items():
            if wait in found and not waiter.done():
                waiter.set_result(found[wait])


_polls: WeakKeyDictionary[asyncio.AbstractEventLoop, ReceiptPoll] = WeakKeyDictionary()


def shared_poll() -> ReceiptPoll:
    """Return the one poll of the running event loop."""
    return _polls.setdefault(asyncio.get_running_loop(), ReceiptPoll())


def _open_receipts() -> Receipts:
    from hms_syn.hooks.audit import AuditHook  # noqa: PLC0415 - SQLAlchemy is not needed to parse a DAG
    from hms_syn.store.receipts import Receipts  # noqa: PLC0415 - as above

    return Receipts(AuditHook().store)
