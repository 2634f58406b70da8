"""Pulled pages: their events, the cursor and what they say of our own messages, in one transaction.

The inbox is the bus itself: an event row is never removed, so a record that was published once is known for ever.
"""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hms_syn.domain import cursor_values
from hms_syn.domain.audit_entry import AuditEntry
from hms_syn.store import audit_trail, bus, cursors, links
from hms_syn.store.statements import among, moment, sql

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from hms_syn.ports import RoutedEvent, Words
    from hms_syn.store.keyring import Keyring

KNOWN = "SELECT message_id FROM hms_syn_event WHERE message_id {among}"
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended(CAST(:job AS text), 5968))"
"""Two pulls of one job take turns; the number only keeps other locks of the database apart from ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """One page of a job's pull, planned against one version of the registry."""

    job: str
    version: int
    events: Sequence[RoutedEvent]
    cursor: str | None
    about: Words

    def fresh(self, connection: Connection) -> list[RoutedEvent] | None:
        """Return the events that are not on the bus yet; None where there is nothing at all to store.

        What is on the bus stays there, and a cursor never goes back, so this needs no lock.
        """
        known = self._known(connection) if self.events else set()
        fresh = [routed for routed in self.events if routed.event.message_id not in known]
        is_idle = not fresh and not self._moves(connection) and not links.wanted(connection, self.job, self.about)
        return None if is_idle else fresh

    def store(self, connection: Connection, fresh: Sequence[RoutedEvent], keyring: Keyring) -> int:
        """Store the page in the caller's transaction; return how many of its events were new.

        One audit row counts a page that brought something.

        :raises RegistryChanged: the plan is older than the registry
        """
        if connection.dialect.name == "postgresql":
            connection.execute(sql(connection, ONE_AT_A_TIME), {"job": self.job})
        said = links.wanted(connection, self.job, self.about)
        fresh = self._traced(connection, fresh, said)
        new = sum(bus.publish(connection, self.version, fresh, repeats="skip", keyring=keyring)) if fresh else 0
        if self.cursor is not None and self._moves(connection):
            cursors.move(connection, self.job, self.cursor)
        if new:
            facts: dict[str, str | int] = {"new": new, "seen": len(self.events)}
            if self.cursor is not None:
                facts["cursor"] = _digest(self.cursor)
            entry = AuditEntry(at=moment(), actor="hms-syn", event="pulled", job=self.job, detail=facts)
            audit_trail.write(connection, [entry])
        links.write(connection, self.job, said)
        return new

    @staticmethod
    def _traced(connection: Connection, fresh: Sequence[RoutedEvent], said: Sequence[links.Link]) -> list[RoutedEvent]:
        """Return the events, each that speaks of a message in that message's trace."""
        found = links.traces(connection, said)
        return [
            dataclasses.replace(routed, event=routed.event.within(found[routed.event.message_id]))
            if routed.event.message_id in found
            else routed
            for routed in fresh
        ]

    def _known(self, connection: Connection) -> set[str]:
        ids = [routed.event.message_id for routed in self.events]
        return {row.message_id for row in among(connection, KNOWN, ids)}

    def _moves(self, connection: Connection) -> bool:
        return self.cursor is not None and cursor_values.moves_on(self.cursor, cursors.read(connection, self.job))


def _digest(cursor: str) -> str:
    """Hex SHA-256 of a cursor, which is a value out of a vendor's record; the cursor itself stands in its own table."""
    return hashlib.sha256(cursor.encode()).hexdigest()
