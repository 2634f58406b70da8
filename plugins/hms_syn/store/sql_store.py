"""The store on PostgreSQL or SQLite: each call one transaction, database errors in our own words."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, inspect

from hms_syn.domain.job_spec import EMPTY
from hms_syn.errors import StaleLease, StoreUnavailable
from hms_syn.store import (
    airflow_toggles,
    attempts,
    audit_trail,
    board,
    bus,
    bus_reading,
    claiming,
    cursors,
    job_switches,
    pages,
    schema,
    standing,
    switch,
    sync_queue,
)
from hms_syn.store.direct import Direct, NotSo
from hms_syn.store.engine import Clock, lend_clock
from hms_syn.store.keyring import NO_KEYS, Keyring
from hms_syn.store.switchboard import Switchboard
from hms_syn.store.transactions import TRIES, Transactions
from hms_syn.store.waiting import Ears

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hms_syn.domain.ack import Ack
    from hms_syn.domain.claim import Claim, Ending
    from hms_syn.domain.delivery import Delivery
    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.ports import Announcement, RoutedEvent, Subscription, Words


class SqlStore(Transactions):
    """The port ``Store`` on SQLAlchemy. One instance per process; it may be shared between threads."""

    def __init__(self, url: str, *, clock: Clock = time.time, keyring: Keyring = NO_KEYS) -> None:
        super().__init__(url, clock=clock)
        self.keyring = keyring
        self._direct = Direct(url, clock=clock) if self.engine.dialect.name == "postgresql" else None
        self._cached: tuple[int, list[Subscription]] | None = None
        self._airflow_is_here: bool | None = None
        self._ears = Ears()

    def create(self) -> None:
        """Make the tables where nobody ran ``airflow db migrate``."""
        with self._words():
            schema.create(self.engine)

    def check(self) -> None:
        """Return when the tables are there at our revision; raise StoreNotReady or StoreUnavailable otherwise."""
        with self._words():
            schema.check(self._reader)

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()
        if self._direct is not None:
            self._direct.close()

    # --- jobs and bus

    def register(self, job: JobSpec) -> bool:
        return self.write(lambda connection: job_switches.register(connection, job))

    def subscriptions(self, *, again: bool = False) -> tuple[int, list[Subscription]]:
        if self._cached is None or again:
            self._cached = self.look(job_switches.subscriptions)
        return self._cached

    def publish(
        self, version: int, events: Sequence[RoutedEvent], *, connection: Any = None, repeats: str = "refuse"
    ) -> list[bool]:
        if connection is None:
            if self._direct is not None and events:
                with contextlib.suppress(NotSo, StoreUnavailable):  # the same ids once more are the same events
                    return bus.publish_alone(self._direct, version, events, keyring=self.keyring)
            return self.write(lambda ours: bus.publish(ours, version, events, repeats=repeats, keyring=self.keyring))
        # What is no connection is a session; asking it so spares every process that publishes nothing this way the ORM.
        theirs = connection if isinstance(connection, Connection) else connection.connection()
        if theirs.dialect.name == "sqlite":
            # No savepoint: the driver opens one outside any transaction, and its release would commit at once.
            lend_clock(theirs, self.clock)
            with self._words():
                return bus.publish(theirs, version, events, repeats=repeats, keyring=self.keyring)
        for _ in range(TRIES):
            try:
                with self._words(), theirs.begin_nested():
                    return bus.publish(theirs, version, events, repeats=repeats, keyring=self.keyring)
            except bus.LaneGone:
                continue
        raise StoreUnavailable("Publishing kept meeting lanes that were just dropped; try again")

    def read(self, pattern: str, *, after: int, limit: int) -> list[Mapping[str, Any]]:
        return self.look(lambda at: bus_reading.read(at, self.keyring, pattern, after=after, limit=limit))

    # --- queue

    def pop(self, job: JobSpec, *, owner: str, giving_up: Claim | None = None) -> Claim | None:
        def work(connection: Connection) -> Claim | None:
            if giving_up is not None:
                sync_queue.release(connection, giving_up)
            claim = sync_queue.pop(connection, job, owner=owner, keyring=self.keyring)
            return None if claim is None else claiming.begin_head(connection, claim)

        for _ in range(TRIES):
            try:
                return self.write(work)
            except StaleLease:  # what the window showed was settled in between; look again
                continue
        raise StoreUnavailable("Others kept taking what was due; try again")

    def begin(self, claim: Claim, delivery: Delivery) -> int | None:
        return self._settle(claim, lambda _ledger: None, then=delivery)

    def ack(
        self, claim: Claim, delivery: Delivery, attempt: int, ack: Ack, *, tell: Announcement, then: Delivery | None
    ) -> int | None:
        return self._settle(
            claim, lambda ledger: attempts.ack(ledger, delivery, attempt, ack), tell=tell, then=then, settles=delivery
        )

    def set_aside(
        self,
        claim: Claim,
        delivery: Delivery,
        attempt: int,
        ending: Ending,
        *,
        tell: Announcement,
        then: Delivery | None,
    ) -> int | None:
        return self._settle(
            claim,
            lambda ledger: attempts.set_aside(ledger, delivery, attempt, ending),
            tell=tell,
            then=then,
            settles=delivery,
        )

    def found(self, claim: Claim, delivery: Delivery, ack: Ack, *, tell: Announcement) -> None:
        self._settle(claim, lambda ledger: attempts.found(ledger, delivery, ack), tell=tell, settles=delivery)

    def doubt(
        self,
        claim: Claim,
        delivery: Delivery,
        attempt: int,
        ending: Ending,
        *,
        delay: float | None,
        tell: Announcement,
    ) -> None:
        self._settle(
            claim, lambda ledger: attempts.doubt(ledger, delivery, attempt, ending, delay=delay), tell=tell, keeps=False
        )

    def retry(self, claim: Claim, delivery: Delivery, attempt: int, ending: Ending, *, delay: float | None) -> None:
        self._settle(claim, lambda ledger: attempts.retry(ledger, delivery, attempt, ending, delay=delay), keeps=False)

    def _settle(
        self,
        claim: Claim,
        work: Callable[[attempts.Ledger], None],
        *,
        tell: Announcement | None = None,
        then: Delivery | None = None,
        settles: Delivery | None = None,
        keeps: bool = True,
    ) -> int | None:
        """Make a settlement, its announcement and the next intent one transaction; return that intent's attempt."""
        settlement = claiming.Settlement(claim=claim, work=work, tell=tell, then=then, keeps=keeps)
        try:
            if self._direct is not None and settlement.is_plain:
                with contextlib.suppress(NotSo):
                    number = settlement.make_alone(self._direct)
                    settlement.remember(settles)
                    return number
            number = self.write(settlement.make)
        except claiming.NotYet:
            return None
        settlement.remember(settles)
        return number

    def put_off(self, claim: Claim, *, delay: float | None) -> None:
        self._settle(claim, lambda ledger: ledger.change(sync_queue.given_up(claim, delay=delay)), keeps=False)

    def release(self, claim: Claim) -> None:
        self.write(lambda connection: sync_queue.release(connection, claim))

    def note_stale(self, claim: Claim, delivery: Delivery, attempt: int) -> None:
        self.write(lambda connection: attempts.note_stale(connection, claim, delivery, attempt))

    # --- pull

    def cursor(self, job: str) -> str | None:
        return self.look(lambda connection: cursors.read(connection, job))

    def accept_page(
        self, job: str, version: int, events: Sequence[RoutedEvent], *, cursor: str | None, about: Words = EMPTY
    ) -> int:
        page = pages.Accepted(job=job, version=version, events=events, cursor=cursor, about=about)
        fresh = self.look(page.fresh)
        if fresh is None:
            return 0  # an idle pull takes no write lock and leaves no trace
        return self.write(lambda connection: page.store(connection, fresh, self.keyring))

    def pinned(self, job: str, name: str) -> bytes | None:
        return self.look(lambda connection: cursors.pinned(connection, job, name))

    def pin(self, job: str, name: str, body: bytes) -> None:
        self.write(lambda connection: cursors.pin(connection, job, name, body))

    def unpin(self, job: str) -> None:
        """Forget a job's pinned contracts, so that the vendor's present ones are pinned at the next look."""
        self.write(lambda connection: cursors.unpin(connection, job))

    # --- drains and the doorbell

    def take_drain(self, job: str, *, owner: str, seconds: float) -> bool:
        return self.write(lambda connection: job_switches.take_drain(connection, job, owner=owner, seconds=seconds))

    def keep_drain(self, job: str, *, owner: str, seconds: float) -> bool:
        return self.write(lambda connection: job_switches.keep_drain(connection, job, owner=owner, seconds=seconds))

    def end_drain(self, job: str, *, owner: str) -> None:
        self.write(lambda connection: job_switches.end_drain(connection, job, owner=owner))

    def is_paused(self, job: str, *, toggle: bool | None = None) -> bool:
        here = self.has_airflow
        return self.look(lambda connection: switch.is_paused(connection, job, has_airflow=here, toggle=toggle))

    def next_due(self, job: str, *, unreserved: bool = False) -> float | None:
        return self.look(lambda connection: job_switches.next_due(connection, job, unreserved=unreserved))

    def reserve(self, job: str, *, grace: float) -> None:
        self.write(lambda connection: job_switches.reserve(connection, job, grace=grace))

    def ring(self) -> list[str]:
        here = self.has_airflow
        due = self.look(lambda connection: job_switches.due(connection, has_airflow=here))
        if due:
            self.write(lambda connection: job_switches.ring(connection, due))
        return due

    def rearm(self, job: str) -> None:
        self.write(lambda connection: job_switches.rearm(connection, job))

    def airflow_knows(self, dag_id: str) -> bool | None:
        """Return whether Airflow has found a DAG; None where its tables are not in this database."""
        if not self.has_airflow:
            return None
        return self.look(lambda connection: airflow_toggles.toggle_of(connection, dag_id)) is not None

    @property
    def switches(self) -> Switchboard:
        """Return the switches of all jobs."""
        return Switchboard(self)

    @property
    def has_airflow(self) -> bool:
        """Return whether Airflow's own tables are in this database too, so that its toggles can be seen and set."""
        if self._airflow_is_here is None:
            self._airflow_is_here = self.look(lambda connection: inspect(connection).has_table("dag"))
        return self._airflow_is_here

    def airflow_hears(self, asset: str, uri: str) -> bool:
        """Return whether somebody in Airflow wants each event of an asset; True where that cannot be seen from here."""
        return not self.has_airflow or self.look(lambda connection: airflow_toggles.is_heard(connection, asset, uri))

    def wait(self, job: str, seconds: float) -> None:
        try:
            self._ears.wait(self, job, seconds)
        except StoreUnavailable:
            time.sleep(seconds)

    def settled_by(self, owner: str, *, limit: int) -> list[Mapping[str, Any]]:
        return self.look(lambda connection: board.settled_by(connection, owner, limit=limit))

    def status(self, jobs: Sequence[str] | None = None) -> list[Mapping[str, Any]]:
        here = self.has_airflow
        return self.look(lambda connection: standing.status(connection, jobs, has_airflow=here))

    def trace(self, key: str) -> list[Mapping[str, Any]]:
        return self.look(lambda connection: board.trace(connection, key, self.keyring))

    def audit_rows(self, *, after: int = 0, limit: int = 1000) -> list[Mapping[str, Any]]:
        return self.look(lambda connection: audit_trail.read(connection, after=after, limit=limit))
