"""Two versions of a job beside each other: their keys, their DAGs, and what each makes of what waits."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hms_syn.flow.consequences import Edit, consequences
from hms_syn.flow.side_by_side import Compared, Verdict
from hms_syn.job_files.filled_in import changes
from hms_syn.store.upcoming import Upcoming

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.flow.side_by_side import Version
    from hms_syn.flow.simulate import Simulation
    from hms_syn.job_files.filled_in import FieldChange, FilledIn
    from hms_syn.store.sql_store import SqlStore

NEXT = 3
"""Messages that are looked at where nobody says how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DagChange:
    """One DAG that would be another: None is a DAG, or a fact, that is not there."""

    dag_id: str
    old: Mapping[str, Any] | None
    new: Mapping[str, Any] | None


@dataclass(slots=True, kw_only=True)
class Plan:
    """What would change. ``messages`` None says that none were looked at, and ``unseen`` why."""

    job: str
    endpoint: str
    file: str
    against: str | None
    fields: Sequence[FieldChange]
    means: Mapping[str, str]
    dags: Sequence[DagChange]
    messages: list[Compared] | None = None
    unseen: str = ""
    asked: int = NEXT
    is_example: bool = False
    since: str = ""
    left_behind: Sequence[Mapping[str, Any]] = ()
    """Registered jobs without a file, and what waits for each: where a file got another name, its old job is here."""
    simulation: Simulation | None = field(default=None)

    @property
    def changes(self) -> bool:
        """Return whether anything would change."""
        moved = any(one.verdict is not Verdict.SAME for one in self.messages or ())
        return bool(self.fields or self.dags or moved or (self.simulation is not None and self.simulation.changes))

    @property
    def is_problem(self) -> bool:
        """Return whether the new file, or what it needs from the vendor, keeps messages from being shown at all."""
        stuck = any(one.verdict is Verdict.UNKNOWN for one in self.messages or ())
        return stuck or (self.simulation is not None and self.simulation.counts[Verdict.UNKNOWN] > 0)


def compared(new: FilledIn, old: FilledIn | None, store: SqlStore | None) -> Plan:
    """Compare two files, and the DAGs that they make. Without a store nobody knows what waits."""
    fields = changes(old, new)
    means: Mapping[str, str] = {}
    if old is not None:
        waiting = None if store is None else Upcoming(store).waiting(old.job.id)
        means = consequences(Edit(old=old.job, new=new.job, waiting=waiting), [one.key for one in fields])
    return Plan(
        job=new.job.id,
        endpoint=new.job.target_endpoint,
        file=os.path.relpath(new.job.file),
        against=None if old is None else os.path.relpath(old.job.file),
        fields=fields,
        means=means,
        dags=_dags(None if old is None else old.job, new.job),
    )


def _dags(old: JobSpec | None, new: JobSpec) -> list[DagChange]:
    from hms_syn.factory.dag_facts import dag_facts  # noqa: PLC0415 - Airflow takes seconds to import

    before, after = ({} if job is None else dag_facts(job) for job in (old, new))
    return [
        DagChange(dag_id=dag_id, old=before.get(dag_id), new=after.get(dag_id))
        for dag_id in sorted(before.keys() | after.keys())
        if before.get(dag_id) != after.get(dag_id)
    ]


def waiting(store: SqlStore, job: FilledIn, limit: int, old: Version | None, new: Version | None) -> list[Compared]:
    """Compare the next messages of the job as it runs; a job of another id does not send them."""
    heir = new if new is not None and new.job.id == job.job.id else None
    return [
        Compared(
            message=message,
            old=old.shows(message) if old is not None else None,
            new=heir.shows(message) if heir is not None else None,
        )
        for message in Upcoming(store).messages(job.job.id, limit=limit)
    ]
