"""The officers' desk: what a person may do to messages, each act one transaction; a job's switch is flow.switch's.

Neither the flow nor an adapter ever acts here, so none of it is in the port ``Store``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from hms_syn.store import erasing, listing, officers, reconciliation, retiring, set_aside, viewing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection

    from hms_syn.domain.delivery import Delivery
    from hms_syn.ports import Act, Route
    from hms_syn.store.officers import Announcements
    from hms_syn.store.sql_store import SqlStore


Result = TypeVar("Result")


class TakenBack(Exception):
    """The end of a rehearsal: its transaction is rolled back, and what it came to is told."""

    def __init__(self, result: Any) -> None:
        super().__init__()
        self.result = result


@dataclass(frozen=True, slots=True)
class Desk:
    """Acts on one store. While ``rehearses``, each act is done and taken back, so that it tells what would happen."""

    store: SqlStore
    rehearses: bool = False

    def rehearsing(self) -> Desk:
        """Return a desk whose acts change nothing."""
        return replace(self, rehearses=True)

    def _do(self, work: Callable[[Connection], Result]) -> Result:
        if not self.rehearses:
            return self.store.write(work)

        def taken_back(connection: Connection) -> Result:
            raise TakenBack(work(connection))

        try:
            return self.store.write(taken_back)
        except TakenBack as end:
            result: Result = end.result
            return result

    def replay(self, message_id: str, act: Act, *, job: str | None = None) -> list[str]:
        """Do it in one transaction; see officers.replay."""
        return self._do(lambda connection: officers.replay(connection, message_id, act, job=job))

    def set_aside(self, wanted: set_aside.Wanted) -> list[str]:
        """Look; see set_aside.message_ids."""
        return self.store.look(lambda connection: set_aside.message_ids(connection, wanted))

    def messages(self, *, job: str | None, state: str | None, limit: int) -> list[Mapping[str, Any]]:
        """Look; see listing.messages."""
        return self.store.look(lambda connection: listing.messages(connection, job=job, state=state, limit=limit))

    def enqueue(self, message_id: str, route: Route, act: Act) -> bool:
        """Do it in one transaction; see officers.enqueue."""
        return self._do(lambda connection: officers.enqueue(connection, message_id, route, act))

    def discard(self, message_id: str, act: Act, *, job: str | None = None) -> list[str]:
        """Do it in one transaction; see officers.discard."""
        return self._do(lambda connection: officers.discard(connection, message_id, act, job=job))

    def doubts(self, message_id: str, *, job: str | None = None) -> list[Delivery]:
        """Look; see officers.doubts."""
        return self.store.look(lambda connection: officers.doubts(connection, message_id, job))

    def resolve_as_delivered(
        self, message_id: str, act: Act, *, tell: Announcements, reference: str = "", job: str | None = None
    ) -> list[str]:
        """Do it in one transaction; see officers.resolve_as_delivered."""
        return self._do(
            lambda connection: officers.resolve_as_delivered(
                connection, message_id, act, tell=tell, reference=reference, job=job
            )
        )

    def resolve_as_resend(self, message_id: str, act: Act, *, job: str | None = None) -> list[str]:
        """Do it in one transaction; see officers.resolve_as_resend."""
        return self._do(lambda connection: officers.resolve_as_resend(connection, message_id, act, job=job))

    def erase(self, message_id: str, act: Act) -> bool:
        """Do it in one transaction; see erasing.erase. Where it was done, ``forget`` is what follows."""
        return self._do(lambda connection: erasing.erase(connection, message_id, act))

    def forget(self) -> bool:
        """Drop what the database's own log still holds of what was erased; see engine.make_room."""
        return self.store.make_room()

    def registered(self) -> list[Mapping[str, Any]]:
        """Look; see retiring.registered."""
        here = self.store.has_airflow
        return self.store.look(lambda connection: retiring.registered(connection, has_airflow=here))

    def left(self, job: str) -> retiring.Left:
        """Look; see retiring.left."""
        here = self.store.has_airflow
        return self.store.look(lambda connection: retiring.left(connection, job, has_airflow=here))

    def close_job(self, job: str) -> None:
        """Do it in one transaction; see retiring.close."""
        self._do(lambda connection: retiring.close(connection, job))

    def last_place(self) -> int:
        """Look; see retiring.last_place."""
        return self.store.look(retiring.last_place)

    def is_quiet(self, place: int) -> bool:
        """Look; see retiring.is_quiet."""
        return self.store.look(lambda connection: retiring.is_quiet(connection, place))

    def waiting(self, job: str, *, after: int, limit: int) -> list[Mapping[str, Any]]:
        """Look; see retiring.waiting."""
        keys = self.store.keyring
        return self.store.look(lambda connection: retiring.waiting(connection, job, keys, after=after, limit=limit))

    def set_aside_of(self, job: str, *, after: int, limit: int) -> list[Mapping[str, Any]]:
        """Look; see retiring.set_aside."""
        return self.store.look(lambda connection: retiring.set_aside(connection, job, after=after, limit=limit))

    def hand_over(self, message_id: str, route: Route, act: Act, *, job: str) -> bool:
        """Do it in one transaction; see retiring.hand_over."""
        return self._do(lambda connection: retiring.hand_over(connection, message_id, route, act, job=job))

    def end_job(self, job: str, act: Act) -> retiring.Left:
        """Do it in one transaction; see retiring.end."""
        here = self.store.has_airflow
        return self._do(lambda connection: retiring.end(connection, job, act, has_airflow=here))

    def view(self, message_id: str, act: Act) -> Mapping[str, Any]:
        """Do it in one transaction; see viewing.view."""
        return self._do(lambda connection: viewing.view(connection, message_id, act, self.store.keyring))

    def reconcile(self, job: str | None = None) -> list[Mapping[str, Any]]:
        """Count both sides of each job; see reconciliation.reconcile."""
        return self.store.look(lambda connection: reconciliation.reconcile(connection, job))

    def reconcile_bus(self) -> list[Mapping[str, Any]]:
        """Count both sides of each topic; see reconciliation.topics."""
        return self.store.look(reconciliation.topics)
