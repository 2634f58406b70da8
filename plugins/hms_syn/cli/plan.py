"""``hms-syn plan``."""

from __future__ import annotations

import contextlib
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hms_syn import job_files, settings, wiring
from hms_syn.adapters.pins import Unpinned
from hms_syn.cli import given_file, plan_output
from hms_syn.cli.output import as_json, next_step, remark
from hms_syn.domain.durations import seconds
from hms_syn.domain.json_objects import json_object
from hms_syn.domain.topic_event import new_event
from hms_syn.errors import JobFileInvalid, NeedsOfficer, StoreNotConfigured, StoreNotReady, StoreUnavailable
from hms_syn.flow.side_by_side import Compared, compare
from hms_syn.flow.simulate import Simulation, Window, simulate
from hms_syn.job_files import fileless
from hms_syn.job_files.filled_in import filled_in
from hms_syn.plans.as_object import as_object
from hms_syn.plans.plan import NEXT, compared, waiting
from hms_syn.store.desk import Desk
from hms_syn.store.statements import micros, shown
from hms_syn.store.upcoming import Upcoming

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.flow.side_by_side import Version
    from hms_syn.job_files.filled_in import FilledIn
    from hms_syn.plans.plan import Plan
    from hms_syn.store.sql_store import SqlStore

WOULD_CHANGE = 3
"""The exit code of ``--exit-code``; 1 is a problem and 2 wrong usage, as with every command."""
MOST = 1000
KEPT = 3
"""Events of a simulation whose difference is shown."""


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
    new = _new(given_file.job_file(arguments.file))
    old = _old(new.job, arguments.against)
    store, unseen = _store(is_needed=window is not None or arguments.next is not None)
    plan = compared(new, old, store)
    plan.unseen = unseen
    if store is not None:
        plan.left_behind = _left_behind(store, new)
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
            plan.messages = waiting(store, old or new, plan.asked, *versions)
        if store is not None and window is not None:
            plan.since = arguments.since
            plan.simulation = _simulation(store, window, *versions)
    return _told(plan, arguments)


def _told(plan: Plan, arguments: argparse.Namespace) -> int:
    if arguments.json:
        as_json(as_object(plan))
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
    return filled_in(file, root=_root(file))


def _old(job: JobSpec, against: str | None) -> FilledIn | None:
    """Return the job to compare with: the file named, else the one of this id in the jobs folder; None for a new job.

    :raises NeedsOfficer: it has problems
    """
    folder = settings.jobs_folder()
    file = given_file.job_file(against) if against else job_files.job_path(folder, job.id) if folder.is_dir() else None
    if file is None:
        return None
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


def _left_behind(store: SqlStore, new: FilledIn) -> list[Mapping[str, Any]]:
    """Return the registered jobs that have no file; the one that is planned is about to get one."""
    ids = fileless.ids_below(settings.jobs_folder())
    return [] if ids is None else fileless.left_behind(Desk(store).registered(), {*ids, new.job.id})


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
