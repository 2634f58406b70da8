"""The board, one job, and its switch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query

from hms_syn.console import files
from hms_syn.console.access import RightsDep, json_from_here
from hms_syn.console.store import RoomDep, StoreDep
from hms_syn.domain.switching import end_of
from hms_syn.flow import switch
from hms_syn.store.standing import Page

router = APIRouter(tags=["jobs"])
LIMIT = 50
Job = Annotated[str, Path(pattern="^[a-z][a-z0-9_-]{0,99}$")]
After = Annotated[str, Query(max_length=200, description="`next` of the page before")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why; it goes into the audit trail with the name of the Airflow user."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause(Reason):
    """A pause; ``until`` ends it by itself: a length such as ``2h``, or a time with its zone."""

    until: str | None = None


@router.get("/jobs")
def jobs(
    rights: RightsDep,
    room: RoomDep,
    q: Annotated[str, Query(max_length=100, description="part of an id, name or endpoint")] = "",
    after: After = "",
    limit: Annotated[int, Query(ge=1, le=LIMIT)] = LIMIT,
) -> dict[str, Any]:
    """Return one page of the board: how each job stands and why nothing moves, in the order of their ids.

    ``jobs`` has the rows of ``hms-syn status --json``, each with ``throughput``, the deliveries of each five minutes of
    the last two hours, and ``may_edit``, whether the caller may act on it.
    """
    rows = files.with_files(room.board(rights.readable(), Page(words=q, after=after, limit=limit)))
    return {"jobs": rights.marked(rows), "next": rows[-1]["job"] if len(rows) == limit else None}


@router.get("/jobs/{job}")
def job(job: Job, rights: RightsDep, room: RoomDep) -> dict[str, Any]:
    """Return how one job stands, with its ``file``, that file's ``problems``, and its text as ``yaml``.

    The text is null to those who may not read the DAG's code, and where it holds what looks like a secret or is no
    YAML.
    """
    rights.need("GET", job)
    [row] = rights.marked(files.with_files([room.job(job)]))
    return {**row, **files.of_job(job, with_text=rights.may_read_code(job))}


@router.post("/jobs/{job}/pause", dependencies=[Depends(json_from_here)])
def pause(job: Job, body: Pause, rights: RightsDep, store: StoreDep) -> dict[str, Any]:
    """Stop sending for a job; it goes on accepting. ``changed`` is false when it was paused already."""
    rights.need("PUT", job)
    act = rights.act(body.reason)
    until = None if body.until is None else end_of(body.until, now=store.switches.now())
    return {"job": job, "paused": True, "changed": switch.pause(store, job, act, until=until)}


@router.post("/jobs/{job}/resume", dependencies=[Depends(json_from_here)])
def resume(job: Job, body: Reason, rights: RightsDep, store: StoreDep) -> dict[str, Any]:
    """Go on sending for a job, in order. ``changed`` is false when it was not paused."""
    rights.need("PUT", job)
    return {"job": job, "paused": False, "changed": switch.resume(store, job, rights.act(body.reason))}
