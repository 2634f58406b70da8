"""Being the one drain of a job: a short lease, renewed from a thread so that a slow vendor does not lose it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from hms_syn.errors import SynError
from hms_syn.store import job_switches

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from typing_extensions import Self

    from hms_syn.store.sql_store import SqlStore

PAUSE_CHECK = 0.5
"""Seconds between looks at the switch: nothing new is sent a second after a pause."""
PATIENCE = 3.0
"""Seconds after its bell by which a job's run has begun where a worker is free."""


class DrainLease:
    """Holds a job's drain while the ``with`` block runs; ``taken`` says whether we got it.

    ``is_paused`` looks at the job's switch; None lets the drain run on.
    """

    def __init__(
        self, store: SqlStore, job: str, *, owner: str, seconds: float, is_paused: Callable[[], bool] | None
    ) -> None:
        self._store, self._job, self._owner, self._seconds = store, job, owner, seconds
        self._ask = is_paused
        self._ended = threading.Event()
        self._lost = False
        self._paused = False
        self._looked_at = 0.0
        self._thread = threading.Thread(target=self._renew, name=f"drain lease of {job}", daemon=True)
        self.taken = False

    def __enter__(self) -> Self:
        self.taken = self._store.take_drain(self._job, owner=self._owner, seconds=self._seconds)
        if self.taken:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self.taken:
            self._thread.join()
            self._store.end_drain(self._job, owner=self._owner)

    def must_stop(self) -> bool:
        """Return True once the lease is lost or the job is paused; asked before every message."""
        return self._lost or self.is_paused()

    def is_paused(self) -> bool:
        """Return the job's switch, looked at no more than twice a second."""
        if self._ask is not None and time.monotonic() - self._looked_at > PAUSE_CHECK:
            self._looked_at = time.monotonic()
            self._paused = self._ask()
        return self._paused

    def others_wait(self) -> bool:
        """Return whether another job's bell goes unanswered: what it waits for may be the worker that we keep."""
        return self._store.look(lambda connection: job_switches.others_ring(connection, self._job, patience=PATIENCE))

    def _renew(self) -> None:
        last = time.monotonic()
        while not self._ended.wait(self._seconds / 3):
            try:
                self._lost = not self._store.keep_drain(self._job, owner=self._owner, seconds=self._seconds)
                last = time.monotonic()
            except SynError:
                self._lost = time.monotonic() - last > self._seconds
            if self._lost:
                return
