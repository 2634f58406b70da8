"""What an edit would change: a job's file as it is now beside the job as it runs. Nothing is sent or claimed."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from fastapi import APIRouter, Depends, Query

from hms_syn import job_files, settings, wiring
from hms_syn.console import files
from hms_syn.console.access import RightsDep, from_here
from hms_syn.console.jobs import Job
from hms_syn.console.running import RunningDep
from hms_syn.console.store import DeskDep, RoomDep
from hms_syn.errors import JobFileInvalid
from hms_syn.hooks.audit import find_credentials
from hms_syn.job_files.filled_in import filled_in
from hms_syn.plans.as_object import as_object, facts_of, lines_of
from hms_syn.plans.plan import NEXT, compared, waiting

if TYPE_CHECKING:
    from pathlib import Path

    from hms_syn.console.running import Running
    from hms_syn.flow.side_by_side import Compared, Version
    from hms_syn.job_files.filled_in import FilledIn
    from hms_syn.store.sql_store import SqlStore

router = APIRouter(tags=["jobs"])
MOST = 20
LINES = 400
"""Of one message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """A job's file as it is now, and as it runs; ``state`` says what can be compared.

    ``same`` · ``changed`` · ``broken`` (the file cannot be read; the job goes on as it was) · ``no_file`` · ``unseen``
    (Airflow keeps no text of the job as it runs, or one that is not sound any more).
    """

    state: str
    new: FilledIn | None = None
    old: FilledIn | None = None


@router.get("/jobs/{job}/plan")
def plan(job: Job, rights: RightsDep, room: RoomDep, running: RunningDep) -> dict[str, Any]:
    """Return what would change if a job's file, as it is now, took the place of the job as it runs.

    ``state`` is ``same``, ``changed``, ``broken`` (see ``problems``; the job goes on as it was), ``no_file``, or
    ``unseen`` where Airflow keeps no text of the job as it runs. ``fields`` and ``dags`` are those of
    ``hms-syn plan --json``. It needs reading the DAG's code. ``may_see_payload`` says whether the caller may see the
    messages too.
    """
    rights.need("GET", job, DagAccessEntity.CODE)
    room.job(job)
    found = _versions(job, running)
    told = files.of_job(job, with_text=False)
    facts: dict[str, Any] = {"fields": [], "dags": []}
    if found.new is not None and found.old is not None:
        whole = as_object(compared(found.new, found.old, room.store))
        facts = {name: whole[name] for name in facts}
    state = "changed" if any(facts.values()) else found.state
    may_look = rights.may_see_payloads() and rights.may("PUT", job)
    return {"job": job, "state": state, **told, **facts, "may_see_payload": may_look}


@router.get("/jobs/{job}/plan/messages", dependencies=[Depends(from_here)])
def messages(
    job: Job,
    rights: RightsDep,
    desk: DeskDep,
    running: RunningDep,
    limit: Annotated[int, Query(ge=1, le=MOST, description="how many that wait")] = NEXT,
) -> dict[str, Any]:
    """Return the next ``messages`` that wait as the vendor would get them, from the job as it runs and from its file.

    ``lines`` are what leaves, indented, or the difference between the two; secrets of the connection are masked. Each
    is on the record as ``viewed`` before it is shown. It needs what a payload needs. No vendor is asked anything.
    """
    rights.need("PUT", job)
    rights.need_payloads()
    found = _versions(job, running)
    rows = _shown(desk.store, found, limit)
    act = rights.act(f"looked at what the vendor of {job} would get, in the console")
    for row in rows:
        desk.view(row["message_id"], act)
    return {"job": job, "messages": rows}


def _versions(job: str, running: Running) -> Versions:
    folder = settings.jobs_folder()
    path = job_files.job_path(folder, job) if folder.is_dir() else None
    if path is None:
        return Versions(state="no_file")
    old = _as_it_runs(path, folder, job, running(job))
    try:
        new = filled_in(path, root=folder)
    except JobFileInvalid:
        return Versions(state="broken", old=old)
    return Versions(state="unseen" if old is None else "same", new=new, old=old)


def _as_it_runs(path: Path, folder: Path, job: str, text: str | None) -> FilledIn | None:
    """Return the job as Airflow last parsed it, with the defaults and the schema of today; None where nobody knows."""
    if text is None:
        return None
    try:
        old = filled_in(path, root=folder, text=text)
    except JobFileInvalid:
        return None
    return old if old.job.id == job else None  # it had its id from the name of another file


def _shown(store: SqlStore, found: Versions, limit: int) -> list[dict[str, Any]]:
    whole = found.new or found.old
    if whole is None:
        return []
    with contextlib.ExitStack() as stack:

        def made(one: FilledIn) -> Version | None:
            version = wiring.version(one.job, store, find_credentials=find_credentials, asks_vendor=False)
            if version is not None:
                stack.enter_context(contextlib.closing(version.adapter))
            return version

        old, new = made(found.old or whole), made(whole)  # where there is only one it stands beside itself
        if old is None and new is None:
            return []
        return [_row(one, whole.job.target_endpoint) for one in waiting(store, whole, limit, old, new)]


def _row(one: Compared, endpoint: str) -> dict[str, Any]:
    accepted_for = one.message.endpoint
    return {
        **facts_of(one),
        "elsewhere": accepted_for if accepted_for not in ("", endpoint) else None,
        "lines": lines_of(one)[:LINES],
    }
