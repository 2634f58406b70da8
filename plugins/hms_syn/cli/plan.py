"""``hms-syn plan``."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hms_syn import job_files, settings, wiring
from hms_syn.adapters.pins import Unpinned
from hms_syn.cli import plan_output
from hms_syn.cli.json_objects import json_object
from hms_syn.cli.output import as_json, next_step, remark
from hms_syn.domain.durations import seconds
from hms_syn.domain.topic_event import new_event
from hms_syn.errors import JobFileInvalid, NeedsOfficer, StoreNotConfigured, StoreNotReady, StoreUnavailable
from hms_syn.flow.consequences import Edit, consequences
from hms_syn.flow.side_by_side import Compared, Verdict, compare
from hms_syn.flow.simulate import Simulation, Window, simulate
from hms_syn.job_files.filled_in import changes, filled_in
from hms_syn.store.statements import micros, shown
from hms_syn.store.upcoming import Upcoming

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.flow.side_by_side import Version
    from hms_syn.job_files.filled_in import FieldChange, FilledIn
    from hms_syn.store.sql_store import SqlStore

WOULD_CHANGE = 3
"""The exit code of ``--exit-code``; 1 is a problem and 2 wrong usage, as with every command."""
NEXT, MOST = 3, 1000
KEPT = 3
"""Events of a simulation whose difference is shown."""


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


def run(arguments: argparse.Namespace) -> int:
    """Print what would change if this file replaced the job as it runs; exit 1 for a problem in the file."""
    try:
        window = None if arguments.since is None else seconds(arguments.since)
    except ValueError as error:
        remark(f"error: --since: {error}")
        return 2
    if arguments.next is not None and not 0 <= arguments.next <= MOST:
        remark(f"error: --next: write a number from 0 to {MOST}")
        return 2
    new = _new(Path(arguments.file))
    old = _old(new.job, arguments.against)
    store, unseen = _store(is_needed=window is not None or arguments.next is not None)
    plan = _plan(new, old, store)
    plan.unseen = unseen
    with contextlib.ExitStack() as stack:
        pins = store or Unpinned()
        versions = [None if one is None else wiring.version(one.job, pins) for one in (old, new)]
        for version in versions:
            if version is not None:
                stack.enter_context(contextlib.closing(version.adapter))
        if arguments.payload is not None:
            plan.is_example, plan.unseen = True, ""
            plan.messages = [_example(arguments, *versions)]
        elif store is not None:
            plan.asked = NEXT if arguments.next is None else arguments.next
            plan.messages = _waiting(store, old or new, plan.asked, *versions)
        if store is not None and window is not None:
            plan.since = arguments.since
            plan.simulation = _simulation(store, window, *versions)
    return _told(plan, arguments)


def _told(plan: Plan, arguments: argparse.Namespace) -> int:
    if arguments.json:
        as_json(plan_output.as_object(plan))
    else:
        print("\n".join(plan_output.as_text(plan)))
        if plan.against is None:
            next_step(f"hms-syn start {plan.file}")
        elif Path(plan.against).resolve() == Path(plan.file).resolve():
            remark("this file is the job as it runs; name another with --against, or plan before it is put there")
        elif plan.changes:
            remark("nothing was sent or written; the file counts once it is in the jobs folder")
    if plan.is_problem:
        return 1
    return WOULD_CHANGE if arguments.exit_code and plan.changes else 0


def _new(file: Path) -> FilledIn:
    if not file.is_file():
        raise NeedsOfficer(f"{file}: no such file")
    return filled_in(file, root=_root(file))


def _old(job: JobSpec, against: str | None) -> FilledIn | None:
    """Return the job to compare with: the file named, else the one of this id in the jobs folder; None for a new job.

    :raises NeedsOfficer: it has problems
    """
    folder = settings.jobs_folder()
    file = Path(against) if against else job_files.job_path(folder, job.id) if folder.is_dir() else None
    if file is None:
        return None
    if not file.is_file():
        raise NeedsOfficer(f"{file}: no such file")
    try:
        return filled_in(file, root=_root(file))
    except JobFileInvalid as error:
        raise NeedsOfficer(
            f"{error}\nThe job goes on as it last was, which this file no longer says; "
            "name a sound file to compare with: --against FILE"
        ) from None


def _root(file: Path) -> Path | None:
    folder = settings.jobs_folder()
    return folder if file.resolve().is_relative_to(folder.resolve()) else None


def _store(*, is_needed: bool) -> tuple[SqlStore | None, str]:
    """Return the queue's store, or None and the reason where it is not to be had, as on a machine for CI.

    :raises SynError: it is needed for what was asked
    """
    try:
        return wiring.open_store_that_is_there(), ""
    except (StoreNotConfigured, StoreNotReady, StoreUnavailable) as error:
        if is_needed:
            raise
        return None, str(error)


def _plan(new: FilledIn, old: FilledIn | None, store: SqlStore | None) -> Plan:
    """Compare the two files, and the DAGs that they make."""
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


def _waiting(store: SqlStore, job: FilledIn, limit: int, old: Version | None, new: Version | None) -> list[Compared]:
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


def _example(arguments: argparse.Namespace, old: Version | None, new: Version | None) -> Compared:
    """Compare what both make of the payload given, on the topic given or the job's first.

    :raises InvalidEvent: it is no JSON object
    """
    version = new or old
    if version is None:
        raise NeedsOfficer("The job pushes nothing, so no payload goes out: it has no push_adapter")
    topic = arguments.topic or version.job.source_topics[0]
    if "*" in topic:
        raise NeedsOfficer(f"'{topic}' is a pattern; name the example's own topic with --topic")
    text = sys.stdin.read() if arguments.payload == "-" else _read(Path(arguments.payload))
    event = new_event(topic, json_object(text), agency="plan", message_id="example")
    compared = compare(event, old, new, topics=(topic,))
    if compared is None:
        raise NeedsOfficer(f"Neither version takes an event of '{topic}'")
    return compared


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NeedsOfficer(f"{file}: cannot be read ({type(error).__name__})") from None


def _simulation(store: SqlStore, length: float, old: Version | None, new: Version | None) -> Simulation:
    now = time.time()
    window = Window(
        after=Upcoming(store).place_before(now - length),
        since=shown(micros(max(0.0, now - length))) or "",
        until=shown(micros(now)) or "",
    )
    return simulate(store, window, old, new, keep=KEPT)
