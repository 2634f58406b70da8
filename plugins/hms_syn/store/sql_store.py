"""The store on PostgreSQL or SQLite: each call one transaction, database errors in our own words."""

from __future__ import annotations

import random
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection, inspect
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from hms_syn.domain.audit_entry import AuditEntry
from hms_syn.errors import StoreNotReady, StoreUnavailable
from hms_syn.store import (
    attempts,
    audit_trail,
    board,
    bus,
    cursors,
    job_switches,
    schema,
    sync_queue,
)
from hms_syn.store.engine import Clock, lend_clock, open_engine, reading
from hms_syn.store.statements import moment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from hms_syn.domain.ack import Ack
    from hms_syn.domain.delivery import Delivery
    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.ports import Claim, Ending, RoutedEvent, Subscription

Result = TypeVar("Result")
LANE_TRIES = 20


class SqlStore:
    """The port ``Store`` on SQLAlchemy. One instance per process; it may be shared between threads."""

    def __init__(self, url: str, *, clock: Clock = time.time) -> None:
        self._clock = clock
        self.engine = open_engine(url, clock=clock)
        self._reader = reading(self.engine)
        self._cached: tuple[int, list[Subscription]] | None = None
        self._airflow_pauses: bool | None = None

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

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction; database errors become ours."""
        with self._words(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One transaction that only reads; on SQLite it takes no write lock."""
        with self._words(), self._reader.begin() as connection:
            yield connection

    @contextmanager
    def _words(self) -> Iterator[None]:
        """Translate database errors; the driver's text may hold values, so only its class is named."""
        try:
            yield
        except ProgrammingError as error:
            raise StoreNotReady(
                f"The queue's tables do not fit this release ({type(error.orig).__name__}); run 'airflow db migrate'"
            ) from None
        except (OperationalError, InterfaceError) as error:
            if "no such table" in str(error.orig):  # SQLite has no class of its own for this
                raise StoreNotReady("The queue's tables are not there yet; run 'airflow db migrate'") from None
            raise StoreUnavailable(f"The queue's database did not answer ({type(error.orig).__name__})") from None
        except DBAPIError as error:
            raise StoreUnavailable(f"The queue's database refused ({type(error.orig).__name__})") from None

    def _publishing(self, work: Callable[[Connection], Result]) -> Result:
        """Run a transaction that publishes; again from its start when a lane was dropped under it."""
        for number in range(LANE_TRIES):
            try:
                with self.transaction() as connection:
                    return work(connection)
            except bus.LaneGone:
                time.sleep(random.uniform(0, 0.002 * number))  # noqa: S311 - spreads publishers, guards nothing
        raise StoreUnavailable("Publishing kept meeting lanes that were just dropped; try again")

    # --- jobs and bus

    def register(self, job: JobSpec) -> bool:
        with self.transaction() as connection:
            return job_switches.register(connection, job)

    def subscriptions(self, *, again: bool = False) -> tuple[int, list[Subscription]]:
        if self._cached is None or again:
            with self.reading() as connection:
                self._cached = (job_switches.version(connection), job_switches.subscriptions(connection))
        return self._cached

    def publish(
        self, version: int, events: Sequence[RoutedEvent], *, connection: Any = None, repeats: str = "refuse"
    ) -> list[bool]:
        if connection is None:
            return self._publishing(lambda ours: bus.publish(ours, version, events, repeats=repeats))
        theirs = connection.connection() if isinstance(connection, Session) else connection
        if theirs.dialect.name == "sqlite":
            # No savepoint: the driver opens one outside any transaction, and its release would commit at once.
            lend_clock(theirs, self._clock)
            with self._words():
                return bus.publish(theirs, version, events, repeats=repeats)
        for _ in range(LANE_TRIES):
            try:
                with self._words(), theirs.begin_nested():
                    return bus.publish(theirs, version, events, repeats=repeats)
            except bus.LaneGone:
                continue
        raise StoreUnavailable("Publishing kept meeting lanes that were just dropped; try again")

    def read(self, pattern: str, *, after: int, limit: int) -> list[Mapping[str, Any]]:
        with self.reading() as connection:
            return bus.read(connection, pattern, after=after, limit=limit)

    # --- queue

    def pop(self, job: str, *, owner: str, lease: float, window: int) -> Claim | None:
        with self.transaction() as connection:
            return sync_queue.pop(connection, job, owner=owner, lease=lease, window=window)

    def begin(self, claim: Claim, delivery: Delivery, *, lease: float) -> int:
        with self.transaction() as connection:
            return attempts.begin(connection, claim, delivery, lease=lease)

    def ack(
        self, claim: Claim, delivery: Delivery, attempt: int, ack: Ack, *, announce: tuple[int, RoutedEvent]
    ) -> None:
        def work(connection: Connection) -> None:
            attempts.ack(connection, claim, delivery, attempt, ack)
            bus.publish(connection, announce[0], [announce[1]], repeats="skip")

        self._publishing(work)

    def retry(self, claim: Claim, delivery: Delivery, attempt: int, ending: Ending, *, delay: float) -> None:
        with self.transaction() as connection:
            attempts.retry(connection, claim, delivery, attempt, ending, delay=delay)

    def set_aside(
        self, claim: Claim, delivery: Delivery, attempt: int, ending: Ending, *, announce: tuple[int, RoutedEvent]
    ) -> None:
        def work(connection: Connection) -> None:
            attempts.set_aside(connection, claim, delivery, attempt, ending)
            bus.publish(connection, announce[0], [announce[1]], repeats="skip")

        self._publishing(work)

    def doubt(
        self, claim: Claim, delivery: Delivery, attempt: int, ending: Ending, *, announce: tuple[int, RoutedEvent]
    ) -> None:
        def work(connection: Connection) -> None:
            attempts.doubt(connection, claim, delivery, attempt, ending)
            bus.publish(connection, announce[0], [announce[1]], repeats="skip")

        self._publishing(work)

    def release(self, claim: Claim) -> None:
        with self.transaction() as connection:
            sync_queue.release(connection, claim)

    def note_stale(self, claim: Claim, delivery: Delivery, attempt: int) -> None:
        with self.transaction() as connection:
            attempts.note_stale(connection, claim, delivery, attempt)

    # --- pull

    def cursor(self, job: str) -> str | None:
        with self.reading() as connection:
            return cursors.read(connection, job)

    def accept_page(self, job: str, version: int, events: Sequence[RoutedEvent], *, cursor: str | None) -> int:
        def work(connection: Connection) -> int:
            new = sum(bus.publish(connection, version, events, repeats="skip")) if events else 0
            if cursor is not None:
                cursors.move(connection, job, cursor)
            if new:
                seen = {"new": new, "seen": len(events)}
                entry = AuditEntry(at=moment(), actor="hms-syn", event="pulled", job=job, detail=seen)
                audit_trail.write(connection, [entry])
            return new

        return self._publishing(work)

    def pinned(self, job: str, name: str) -> bytes | None:
        with self.reading() as connection:
            return cursors.pinned(connection, job, name)

    def pin(self, job: str, name: str, body: bytes) -> None:
        with self.transaction() as connection:
            cursors.pin(connection, job, name, body)

    def unpin(self, job: str) -> None:
        """Forget a job's pinned contracts, so that the vendor's present ones are pinned at the next look."""
        with self.transaction() as connection:
            cursors.unpin(connection, job)

    # --- drains and the doorbell

    def take_drain(self, job: str, *, owner: str, seconds: float) -> bool:
        with self.transaction() as connection:
            return job_switches.take_drain(connection, job, owner=owner, seconds=seconds)

    def keep_drain(self, job: str, *, owner: str, seconds: float) -> bool:
        with self.transaction() as connection:
            return job_switches.keep_drain(connection, job, owner=owner, seconds=seconds)

    def end_drain(self, job: str, *, owner: str) -> None:
        with self.transaction() as connection:
            job_switches.end_drain(connection, job, owner=owner)

    def is_paused(self, job: str) -> bool:
        with self.reading() as connection:
            return job_switches.is_paused(connection, job, airflow_pauses=self._has_airflow(connection))

    def next_due(self, job: str, *, unreserved: bool = False) -> float | None:
        with self.reading() as connection:
            return job_switches.next_due(connection, job, unreserved=unreserved)

    def reserve(self, job: str, *, grace: float) -> None:
        with self.transaction() as connection:
            job_switches.reserve(connection, job, grace=grace)

    def ring(self) -> list[str]:
        with self.reading() as connection:
            due = job_switches.due(connection, airflow_pauses=self._has_airflow(connection))
        if due:
            with self.transaction() as connection:
                job_switches.ring(connection, due)
        return due

    def rearm(self, job: str) -> None:
        with self.transaction() as connection:
            job_switches.rearm(connection, job)

    def airflow_knows(self, dag_id: str) -> bool | None:
        """Return whether Airflow has found a DAG; None where its tables are not in this database."""
        with self.reading() as connection:
            return job_switches.airflow_knows(connection, dag_id) if self._has_airflow(connection) else None

    def _has_airflow(self, connection: Connection) -> bool:
        """Return whether Airflow's own tables are in this database too, so that its pauses can be seen here."""
        if self._airflow_pauses is None:
            self._airflow_pauses = inspect(connection).has_table("dag")
        return self._airflow_pauses

    # --- looking

    def settled_by(self, owner: str, *, limit: int) -> list[Mapping[str, Any]]:
        with self.reading() as connection:
            return board.settled_by(connection, owner, limit=limit)

    def status(self) -> list[Mapping[str, Any]]:
        with self.reading() as connection:
            return board.status(connection)

    def trace(self, key: str) -> list[Mapping[str, Any]]:
        with self.reading() as connection:
            return board.trace(connection, key)

    def audit_rows(self, *, after: int = 0, limit: int = 1000) -> list[Mapping[str, Any]]:
        with self.reading() as connection:
            return audit_trail.read(connection, after=after, limit=limit)
