"""The watch over all jobs and vendors: what is wrong, who is to be told, and what is held for maintenance.

Neither publishing nor a delivery ever asks it, so none of it is in the port ``Store``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hms_syn.store import incident_facts, incidents, maintenance
from hms_syn.store.statements import in_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hms_syn.domain.incident import Incident
    from hms_syn.store.incident_facts import Facts
    from hms_syn.store.incidents import Telling
    from hms_syn.store.sql_store import SqlStore


@dataclass(frozen=True, slots=True)
class Watch:
    """Looks at one store. Each call is a transaction, and writes only where something has changed."""

    store: SqlStore

    def renew(self) -> tuple[list[Incident], list[Incident]]:
        """Open and clear incidents as things are now; return those opened and those cleared."""
        begun, over = self.store.look(incidents.plan)
        if not begun and not over:
            return [], []
        return self.store.write(lambda connection: incidents.change(connection, begun, over))

    def to_tell(self) -> list[Telling]:
        """Return all that is to be told, now or when it may be tried again."""
        found, finished = self.store.look(incidents.to_tell)
        if finished:
            self.store.write(lambda connection: incidents.close(connection, finished))
        return found

    def take(self, telling: Telling, *, wait: float) -> bool:
        """Be the one who tells; see incidents.take."""
        return self.store.write(lambda connection: incidents.take(connection, telling, wait=wait))

    def put_off(self, telling: Telling, *, wait: float) -> None:
        """Let nobody tell for a while; see incidents.put_off."""
        self.store.write(lambda connection: incidents.put_off(connection, telling, wait=wait))

    def heard(self, telling: Telling, notifiers: Sequence[str]) -> None:
        """Keep who took it; see incidents.heard."""
        self.store.write(lambda connection: incidents.heard(connection, telling, notifiers))

    def told(self, telling: Telling) -> None:
        """Keep that it was told; see incidents.told."""
        self.store.write(lambda connection: incidents.told(connection, telling))

    def facts(self, telling: Telling) -> Facts:
        """Return what a person wants to know of an incident; see incident_facts.of."""
        return self.store.look(lambda connection: incident_facts.of(connection, telling.incident, telling.rules))

    def shown(self) -> list[Incident]:
        """Return the incidents that are on, oldest first."""
        return self.store.look(incidents.shown)

    def maintenance_until(self, job: str) -> str | None:
        """Return in words when the maintenance of a job will be over; None when none is on."""
        over = self.store.look(lambda connection: maintenance.of_job(connection, job))
        return None if over is None else in_words(over)

    def note_maintenance(self) -> None:
        """Keep which jobs were seen in maintenance, so that after it one message of each goes first."""
        new = self.store.look(maintenance.unseen)
        if new:
            self.store.write(lambda connection: maintenance.note(connection, new))
