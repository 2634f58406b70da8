"""The officers' desk: what a person may do to jobs and messages, each act one transaction.

Neither the flow nor an adapter ever acts here, so none of it is in the port ``Store``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hms_syn.store import officers, reconciliation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hms_syn.ports import Act
    from hms_syn.store.sql_store import SqlStore


@dataclass(frozen=True, slots=True)
class Desk:
    """Acts on one store."""

    store: SqlStore

    def pause(self, job: str, act: Act) -> bool:
        """Do it in one transaction; see officers.pause."""
        with self.store.transaction() as connection:
            return officers.pause(connection, job, act)

    def resume(self, job: str, act: Act) -> bool:
        """Do it in one transaction; see officers.resume."""
        with self.store.transaction() as connection:
            return officers.resume(connection, job, act)

    def replay(self, message_id: str, act: Act, *, job: str | None = None) -> list[str]:
        """Do it in one transaction; see officers.replay."""
        with self.store.transaction() as connection:
            return officers.replay(connection, message_id, act, job=job)

    def discard(self, message_id: str, act: Act, *, job: str | None = None) -> list[str]:
        """Do it in one transaction; see officers.discard."""
        with self.store.transaction() as connection:
            return officers.discard(connection, message_id, act, job=job)

    def resolve(
        self, message_id: str, act: Act, *, delivered: bool, reference: str = "", job: str | None = None
    ) -> list[str]:
        """Do it in one transaction; see officers.resolve."""
        with self.store.transaction() as connection:
            return officers.resolve(connection, message_id, act, delivered=delivered, reference=reference, job=job)

    def reconcile(self, job: str | None = None) -> list[Mapping[str, Any]]:
        """Count both sides; see reconciliation.reconcile."""
        with self.store.reading() as connection:
            return reconciliation.reconcile(connection, job)
