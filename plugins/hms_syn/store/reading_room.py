"""The reading room: what the console looks up. Neither the flow nor an adapter asks for any of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hms_syn.errors import UnknownJob
from hms_syn.store import audit_search, board, incidents, listing, standing, vendor_list
from hms_syn.store.statements import micros, shown

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from hms_syn.store.sql_store import SqlStore


@dataclass(frozen=True, slots=True)
class ReadingRoom:
    """Looks at one store, each in one transaction that only reads."""

    store: SqlStore

    def job_ids(self) -> list[str]:
        """Look; see standing.job_ids."""
        return self.store.look(standing.job_ids)

    def board(self, jobs: Sequence[str], page: standing.Page) -> list[Mapping[str, Any]]:
        """Look; see standing.board."""
        here = self.store.has_airflow
        return self.store.look(lambda connection: standing.board(connection, jobs, page=page, has_airflow=here))

    def job(self, job: str) -> Mapping[str, Any]:
        """Return one job's row of the board.

        :raises UnknownJob: no such job
        """
        rows = self.board([job], standing.Page())
        if not rows:
            raise UnknownJob(f"No job is called '{job}'; 'hms-syn status' lists those there are")
        return rows[0]

    def messages(
        self, jobs: Sequence[str], *, state: str | None, words: str, after: str, limit: int
    ) -> Mapping[str, Any]:
        """Look; see listing.page."""
        return self.store.look(
            lambda connection: listing.page(connection, jobs, state=state, words=words, after=after, limit=limit)
        )

    def jobs_of(self, message_id: str) -> list[str]:
        """Look; see listing.jobs_of."""
        return self.store.look(lambda connection: listing.jobs_of(connection, message_id))

    def message(self, message_id: str, *, jobs: Collection[str]) -> Mapping[str, Any]:
        """Return a message's every hop at these jobs, and what belongs to none.

        :raises UnknownMessage: no such message
        """
        row = self.store.look(lambda connection: board.message(connection, message_id))
        parts = {name: [one for one in row[name] if one["job"] in jobs] for name in ("deliveries", "attempts")}
        return {**row, **parts, "hops": [hop for hop in row["hops"] if hop["job"] is None or hop["job"] in jobs]}

    def vendors(self, jobs: Sequence[str], *, state: str | None) -> list[Mapping[str, Any]]:
        """Look; see vendor_list.vendors."""
        return self.store.look(lambda connection: vendor_list.vendors(connection, jobs, state=state))

    def incidents(self, jobs: Sequence[str]) -> list[Mapping[str, Any]]:
        """Return what is wrong with these jobs and their vendors, oldest first."""
        on = self.store.look(incidents.shown)
        endpoints = {vendor["endpoint"] for vendor in self.vendors(jobs, state=None)}
        return [
            {
                "kind": one.trouble.kind,
                "job": one.trouble.job or None,
                "endpoint": one.trouble.endpoint or None,
                "since": shown(micros(one.opened_at)),
            }
            for one in on
            if one.trouble.job in jobs or one.trouble.endpoint in endpoints
        ]

    def audit(self, wanted: audit_search.Search) -> Mapping[str, Any]:
        """Look; see audit_search.page."""
        return self.store.look(lambda connection: audit_search.page(connection, wanted))

    def checked(self, *, after: int, limit: int) -> list[Mapping[str, Any]]:
        """Look; see audit_search.checked.

        :raises AuditBroken: naming the first bad seq
        """
        return self.store.look(lambda connection: audit_search.checked(connection, after=after, limit=limit))

    def verify(self, *, after: int, limit: int) -> audit_search.Verified:
        """Look; see audit_search.verify.

        :raises AuditBroken: naming the first bad seq
        """
        return self.store.look(lambda connection: audit_search.verify(connection, after=after, limit=limit))
