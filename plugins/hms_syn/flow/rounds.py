"""The rounds of one process: many vendors, each pinged at its own beat, and what was found stored together.

A ping never waits for another: each has a thread, and there are so many at a time at most. What it found counts only
when it is stored; while the database is away it is kept, and stored later.
"""

from __future__ import annotations

import dataclasses
import logging
import math
import queue
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from hms_syn.domain import vendor_health
from hms_syn.domain.vendor_health import Verdict
from hms_syn.errors import SynError
from hms_syn.flow import heartbeat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.domain.vendor_health import Change, Ping
    from hms_syn.flow.heartbeat import Vendor
    from hms_syn.ports import Adapter
    from hms_syn.store.vendor_board import VendorBoard

    CertificateEnd: TypeAlias = Callable[[JobSpec, float], float | None]

log = logging.getLogger(__name__)
AT_A_TIME = 200
"""Pings under way at most: as many as a thousand silent vendors need at an interval of 30 s."""
GRACE = 1.0
"""Seconds beyond its time until a ping that does not end counts as failed."""
TICK, IDLE = 0.25, 5.0
"""Seconds between turns while there is something to do, and while there is not."""
CERTIFICATES = 6 * 3600.0
"""Seconds between looks at a vendor's certificate."""


@dataclass(slots=True, eq=False)
class _Asking:
    """A ping under way. ``overdue_at`` is known once it is asked; ``is_over`` says that it has failed by then."""

    vendor: Vendor
    overdue_at: float = math.inf
    is_over: bool = False


@dataclass(slots=True, kw_only=True)
class Rounds:
    """Pings the vendors of jobs; for one thread, which calls ``turn`` every ``pause`` seconds.

    ``make_adapter`` makes the adapter that speaks a job's dialect, ``certificate_end`` reads when the vendor's
    certificate ends.
    """

    board: VendorBoard
    make_adapter: Callable[[JobSpec], Adapter]
    certificate_end: CertificateEnd
    _vendors: dict[str, Vendor] = field(default_factory=dict, init=False)
    _adapters: dict[str, tuple[JobSpec, Adapter]] = field(default_factory=dict, init=False)
    _under_way: dict[str, _Asking] = field(default_factory=dict, init=False)
    _answers: queue.SimpleQueue[tuple[_Asking, Ping]] = field(default_factory=queue.SimpleQueue, init=False)
    _unstored: list[Ping] = field(default_factory=list, init=False)
    _certificates: dict[str, float] = field(default_factory=dict, init=False)
    _warned: dict[str, int | None] = field(default_factory=dict, init=False)
    _look_at: float = field(default=0.0, init=False)

    def watch(self, jobs: Iterable[JobSpec], *, at_once: bool = False) -> None:
        """Ping the vendors of these jobs from now on, and no others; ``at_once`` begins with those that are new."""
        vendors = heartbeat.vendors_of(jobs)
        self.board.watch({endpoint: vendor.rules.interval for endpoint, vendor in vendors.items()}, at_once=at_once)
        self._vendors = vendors
        self._close(set(self._adapters.copy()) - vendors.keys())
        self._look_at = 0.0

    def turn(self) -> list[Change]:
        """Store what was found since the last turn, begin what is due, and return what has changed.

        :raises StoreUnavailable: the database does not answer; what was found is kept for the next turn
        """
        self._collect()
        changes = self._store()
        if self._vendors and time.monotonic() >= self._look_at and not self._begin():
            due = self.board.next_due(list(self._vendors))
            self._look_at = time.monotonic() + min(max(IDLE if due is None else due, 0.0), IDLE)
        return changes

    def pause(self) -> float:
        """Return the seconds until the next turn is worth while."""
        if self._under_way or self._unstored:
            return TICK
        if not self._vendors:
            return IDLE
        return min(max(self._look_at - time.monotonic(), TICK), IDLE)

    def ask_all(self, jobs: Iterable[JobSpec]) -> tuple[list[Ping], list[Change]]:
        """Ping every vendor of these jobs once, now, and wait for all; return what each said and what has changed."""
        vendors = heartbeat.vendors_of(jobs)
        self.board.watch({endpoint: vendor.rules.interval for endpoint, vendor in vendors.items()})
        waiting, found, changes = list(vendors.values()), [], []
        while waiting or not all(asking.is_over for asking in self._under_way.values()):
            while waiting and len(self._under_way) < AT_A_TIME:
                self._ask(waiting.pop())
            self._collect(patience=TICK)
            found += self._unstored
            changes += self._store()
        return sorted(found, key=lambda ping: ping.endpoint), changes

    def close(self) -> None:
        """Give the vendors' connections back; a ping still under way ends by itself."""
        self._close(set(self._adapters.copy()))

    def _close(self, endpoints: set[str]) -> None:
        for endpoint in endpoints - self._under_way.keys():
            self._adapters.pop(endpoint)[1].close()

    def _begin(self) -> bool:
        """Take what is due as far as there is room, and return whether anything was.

        One whose last ping is overdue has failed again; one whose last ping still has time is let go.
        """
        room = AT_A_TIME - len(self._under_way)
        taken = self.board.take_due(list(self._vendors), most=room) if room else []
        for endpoint in taken:
            asking = self._under_way.get(endpoint)
            if asking is None:
                self._ask(self._vendors[endpoint])
            elif asking.is_over:
                self._unstored.append(_silent(asking.vendor))
        return bool(taken)

    def _ask(self, vendor: Vendor) -> None:
        asking = _Asking(vendor)
        self._under_way[vendor.endpoint] = asking
        thread = threading.Thread(target=self._answer, args=(asking,), name="hms-syn-ping", daemon=True)
        thread.start()

    def _answer(self, asking: _Asking) -> None:
        """Ask one vendor, in a thread of its own; there is never another thread for the same vendor."""
        vendor = asking.vendor
        try:
            adapter = self._adapter_of(vendor)  # however long that takes, it says nothing of the vendor
            asking.overdue_at = time.monotonic() + vendor.rules.timeout + GRACE
            found = heartbeat.ping(vendor, adapter)
        except SynError as error:
            found = heartbeat.found(vendor, Verdict.UNASKED, code=error.code, note=str(error))
        except Exception as error:  # noqa: BLE001 - whatever keeps the connections; it is said, and tried again
            note = f"The job's connection could not be read ({type(error).__name__})"
            found = heartbeat.found(vendor, Verdict.UNASKED, code="connection_unread", note=note)
        asking.overdue_at = math.inf
        if self._may_show_a_certificate(found):
            end = self.certificate_end(vendor.job, vendor.rules.timeout)
            found = dataclasses.replace(found, certificate_until=end)
        self._answers.put((asking, found))

    def _adapter_of(self, vendor: Vendor) -> Adapter:
        """Return the adapter that was kept from the last ping, or a new one where the job has changed."""
        job, adapter = self._adapters.get(vendor.endpoint, (None, None))
        if adapter is not None and job == vendor.job:
            return adapter
        if adapter is not None:
            del self._adapters[vendor.endpoint]
            adapter.close()
        adapter = self.make_adapter(vendor.job)
        self._adapters[vendor.endpoint] = (vendor.job, adapter)
        return adapter

    def _may_show_a_certificate(self, found: Ping) -> bool:
        """Return whether it is time to look at the vendor's certificate, and somebody is there to show it."""
        now, is_tls = time.monotonic(), found.code.startswith("tls")
        is_reached = found.verdict is Verdict.ANSWERED or found.code.startswith("http_")
        if not is_tls and not (is_reached and now >= self._certificates.get(found.endpoint, 0.0)):
            return False
        self._certificates[found.endpoint] = now + CERTIFICATES
        return True

    def _collect(self, *, patience: float = 0.0) -> None:
        """Take over what the threads have found, and what those did not that are overdue."""
        while True:
            try:
                asking, found = self._answers.get(timeout=patience) if patience else self._answers.get_nowait()
            except queue.Empty:
                break
            patience = 0.0
            del self._under_way[found.endpoint]
            if not asking.is_over:
                self._unstored.append(found)
        for asking in self._under_way.values():
            if not asking.is_over and time.monotonic() > asking.overdue_at:
                asking.is_over = True
                self._unstored.append(_silent(asking.vendor))

    def _store(self) -> list[Change]:
        """Store what was found; of a vendor that was asked more than once meanwhile, one after the other."""
        changes: list[Change] = []
        while self._unstored:
            first = {ping.endpoint: ping for ping in reversed(self._unstored)}
            changes += self.board.note(list(first.values()), heartbeat.news)
            self._unstored = [ping for ping in self._unstored if first[ping.endpoint] is not ping]
            for ping in first.values():
                self._warn(ping)
        return changes

    def _warn(self, ping: Ping) -> None:
        """Write a line when the end of a vendor's certificate has come nearer by one of the days at which to warn."""
        if ping.certificate_until is None:
            return
        now = time.time()  # nosemgrep: leases-go-by-the-databases-clock - a certificate ends by the world's clock
        days = vendor_health.days_left(ping.certificate_until, now)
        step = vendor_health.warning(days)
        if step is not None and step != self._warned.get(ping.endpoint):
            log.warning("%s: its certificate %s", ping.endpoint, vendor_health.in_words(days))
        self._warned[ping.endpoint] = step


def _silent(vendor: Vendor) -> Ping:
    return heartbeat.found(vendor, Verdict.FAILED, code="timeout", note="The ping did not end in its time.")
