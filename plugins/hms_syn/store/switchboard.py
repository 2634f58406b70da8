"""The switches of all jobs, each call one transaction; what each does is in switch.py."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hms_syn.store import switch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from hms_syn.domain.switching import Turn
    from hms_syn.ports import Announcement
    from hms_syn.store.sql_store import SqlStore
    from hms_syn.store.transactions import Transactions


@dataclass(frozen=True, slots=True)
class Switchboard:
    """The switches in one store. ``airflow`` is Airflow's own database, for whoever may use it, where it is another.

    What is done in that one is committed first: should the queue's transaction fail then, the next look finds a toggle
    that has moved, and finishes the turn.
    """

    store: SqlStore
    airflow: Transactions | None = None

    def now(self) -> float:
        """Return the store's clock in Unix seconds."""
        return self.store.look(switch.now)

    def moves(self) -> switch.Moves:
        """Look; see switch.moves."""

        def work(connection: Connection) -> switch.Moves:
            with self._airflow(connection) as airflow:
                return switch.moves(connection, airflow)

        return self.store.look(work)

    def turn(self, turn: Turn, *, tell: Announcement | None) -> bool:
        """Do it in one transaction; see switch.turn."""

        def work(connection: Connection) -> bool:
            with self._airflow(connection) as airflow:
                return switch.turn(connection, turn, airflow, tell=tell)

        return self.store.write(work)

    def agree(self, jobs: list[str], *, paused: bool) -> None:
        """Do it in one transaction; see switch.agree."""
        self.store.write(lambda connection: switch.agree(connection, jobs, paused=paused))

    def catch_up(self, job: str) -> None:
        """Do it in one transaction; see switch.catch_up."""

        def work(connection: Connection) -> None:
            with self._airflow(connection) as airflow:
                if airflow is not None:
                    switch.catch_up(connection, job, airflow)

        self.store.write(work)

    @contextmanager
    def _airflow(self, connection: Connection) -> Iterator[Connection | None]:
        """Give the connection at which Airflow's tables are: this one, another, or none."""
        if self.store.has_airflow:
            yield connection
        elif self.airflow is None:
            yield None
        else:
            with self.airflow.engine.begin() as theirs:
                yield theirs
