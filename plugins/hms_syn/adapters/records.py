"""What a vendor's rows become on their way to the bus: mapped, the cursor moved on, what is wrong with one told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hms_syn import errors
from hms_syn.adapters import cursors, mapping
from hms_syn.domain.ack import Page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hms_syn.domain.job_spec import Cursor, JobSpec


def looping() -> errors.OutcomeUnknown:
    """Return the error for pages that do not come to an end."""
    return errors.OutcomeUnknown("The vendor's pages lead back to one we have seen.", code="page_loop")


def mapped(
    job: JobSpec, rows: Mapping[int, Any], faults: dict[int, str]
) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """Return what is published of the rows, by ``pull.mapping``, and each one's own row.

    ``rows`` are numbered by their place on the page. What is wrong with one that cannot be mapped goes into ``faults``
    under its number, and the others go on. A row that is no map is published as ``{"value": row}``.

    :raises errors.ContractMismatch: an expression of ``pull.mapping`` is not JMESPath
    """
    declared = job.pull.mapping if job.pull else None
    records: list[Mapping[str, Any]] = []
    sources: list[Mapping[str, Any]] = []
    for place, row in rows.items():
        source = row if isinstance(row, dict) else {"value": row}
        try:
            records.append(source if declared is None else mapping.apply(declared, source, {"job": job.id}))
        except errors.UnmappablePayload as error:
            faults[place] = f"'pull.mapping': {error}"
        else:
            sources.append(source)
    return records, sources


class Reading:
    """One pull of a job as an adapter reads it, page after page from ``cursor`` on.

    Only the last page moves the cursor on: the vendor need not sort by it, so an earlier page proves nothing about
    the records of a later one.
    """

    def __init__(self, job: JobSpec, cursor: str | None, *, spec: Cursor | None = None) -> None:
        """``spec`` is where the cursor stands in a record, where the job does not say."""
        self._job = job
        self._spec = (job.pull.cursor if job.pull else None) or spec
        self._from = self._reached = cursor

    def page(self, rows: Sequence[Any], *, more: bool) -> Page:
        """Return the page of these rows; ``more`` says that the vendor has further ones for this same pull.

        One that cannot be mapped stands in the page's faults: the pull keeps its cursor before it and ends with an
        error.

        :raises errors.ContractMismatch: as :func:`mapped` does
        """
        faults: dict[int, str] = {}
        records, sources = mapped(self._job, dict(enumerate(rows, start=1)), faults)
        self._move_on(rows, faults)
        return Page(
            records=tuple(records),
            sources=tuple(sources),
            cursor=self._from if more else self._reached,
            more=more,
            faults=faults,
        )

    def _move_on(self, rows: Sequence[Any], faults: dict[int, str]) -> None:
        try:
            self._reached = cursors.furthest(self._reached, self._spec, rows)
        except errors.SynError as error:
            faults[0] = str(error)
