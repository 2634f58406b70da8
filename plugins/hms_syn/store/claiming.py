"""From one message to the next: a settlement, what the bus is told of it, and the next intent, in one transaction."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hms_syn.domain.delivery import State
from hms_syn.errors import StaleLease
from hms_syn.ports import RegistryChanged
from hms_syn.store import attempts, audit_trail, batch, bus, gates, sync_queue
from hms_syn.store.batch import Change
from hms_syn.store.keyring import NO_KEYS
from hms_syn.store.statements import sql

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from hms_syn.domain.claim import Claim
    from hms_syn.domain.delivery import Delivery
    from hms_syn.ports import Announcement
    from hms_syn.store.direct import Direct

TIP = "SELECT tip FROM hms_syn_chain WHERE message_id = :message_id"
CURRENT = "SELECT 1 FROM hms_syn_registry WHERE version = :version"


class NotYet(Exception):
    """The vendor's pace does not let another message through yet."""


def begin_head(connection: Connection, claim: Claim) -> Claim | None:
    """Put the intent to send the head of a claim on record, where it needs no thought first.

    None when another worker probes the vendor, or its pace does not allow a message yet: the claim is given back.
    """
    head = claim.deliveries[0]
    begins = head.state is State.PENDING and not claim.is_elsewhere(head)
    probe = [gates.probe(claim.spec)] if claim.probing else []
    pace = gates.pace(claim.spec) if begins else []  # what needs a thought takes its place when it is sent
    try:
        batch.run(connection, [*probe, *pace])
    except batch.Miss:
        sync_queue.release(connection, claim)
        return None
    if not begins:
        return claim
    ledger = attempts.Ledger(claim)
    number = ledger.begin(head)
    write(ledger, connection)
    claim.progress.tips.update(ledger.tips)
    return dataclasses.replace(claim, attempt=number)


def write(ledger: attempts.Ledger, connection: Connection) -> None:
    """Make all changes of a ledger.

    :raises StaleLease: another worker has the lane · :raises audit_trail.TipMoved: run the transaction again
    :raises RegistryChanged: the announcement was planned too early
    """
    try:
        ledger.write(connection)
    except batch.Miss as miss:
        if miss.step == "tip":
            raise audit_trail.TipMoved from None
        if miss.step == "registry":
            raise RegistryChanged from None
        raise StaleLease from None


def lease(claim: Claim) -> float:
    """Return the seconds a lane is held."""
    return claim.spec.push.lease if claim.spec.push else 0.0


@dataclass(slots=True, kw_only=True)
class Settlement:
    """One transaction of a worker that holds a lane. ``keeps`` says that the lane stays ours afterwards."""

    claim: Claim
    work: Callable[[attempts.Ledger], None]
    tell: Announcement | None
    then: Delivery | None
    keeps: bool
    _ledger: attempts.Ledger | None = field(default=None, init=False)
    _renews: bool = field(default=False, init=False)
    _failed: bool = field(default=False, init=False)

    def make(self, connection: Connection) -> int | None:
        """Do it in the caller's transaction; return the next attempt's number.

        :raises StaleLease: another worker has the lane · :raises audit_trail.TipMoved: run it again
        :raises RegistryChanged: the announcement was planned too early · :raises NotYet: not in the vendor's pace
        """
        if self._failed:
            self._read_tips(connection)
        self._failed = True
        if self._follows is not None:
            self._take_place(connection)
        ledger, number = self._entered()
        write(ledger, connection)
        if self.tell is not None and self.tell[1].routes:
            bus.publish(connection, self.tell[0], [self.tell[1]], repeats="skip", keyring=NO_KEYS)
        return number

    def make_alone(self, direct: Direct) -> int | None:
        """Do it as a transaction of one statement; return the next attempt's number.

        :raises NotSo: something is not as it must be, and nothing was done; ``make`` says what
        """
        ledger, number = self._entered()
        direct.run(*batch.alone(ledger.changes("postgresql")))
        return number

    @property
    def is_plain(self) -> bool:
        """Return whether one statement can hold it all: no other job hears of it, and no pace is to be kept."""
        is_told_to_jobs = self.tell is not None and bool(self.tell[1].routes)
        has_pace = self.then is not None and bool(gates.pace(self.claim.spec))
        return not is_told_to_jobs and not has_pace

    @property
    def _follows(self) -> Delivery | None:
        """The message that may begin with this one's end.

        None after a lease that has run out: the lane may still be ours, but it no longer counts as one in use.
        """
        return self.then if self.claim.is_held else None

    def _entered(self) -> tuple[attempts.Ledger, int | None]:
        """Enter everything into a new ledger."""
        ledger = self._ledger = attempts.Ledger(self.claim)
        then = self._follows
        if self.keeps:
            self._renews = then is not None and self.claim.must_renew
            ledger.change(sync_queue.held(self.claim, lease=lease(self.claim) if self._renews else None))
        self.work(ledger)
        if self.tell is not None and not self.tell[1].routes:
            ledger.change(Change("registry", CURRENT, {"version": self.tell[0]}))
            ledger.announce(self.tell[1].event)
        return ledger, None if then is None else ledger.begin(then)

    def remember(self, settled: Delivery | None) -> None:
        """Keep for the claim what the transaction has changed, now that it is committed."""
        progress = self.claim.progress
        if self._ledger is not None:
            progress.tips.update(self._ledger.tips)
        if settled is not None:
            progress.tips.pop(settled.id, None)
        if self._renews:
            progress.renewed_at = time.monotonic()

    def _take_place(self, connection: Connection) -> None:
        try:
            batch.run(connection, gates.pace(self.claim.spec))
        except batch.Miss:
            raise NotYet from None

    def _read_tips(self, connection: Connection) -> None:
        """Read the tips anew: another job has written to a message that we share."""
        tips = self.claim.progress.tips
        for delivery in self.claim.deliveries:
            if delivery.id in tips:
                here = {"message_id": delivery.message_id}
                tips[delivery.id] = connection.execute(sql(connection, TIP), here).scalar_one_or_none()
