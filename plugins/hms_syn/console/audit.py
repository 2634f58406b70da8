"""The audit trail: search, proof and export."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from hms_syn.console.access import Rights, RightsDep, json_from_here
from hms_syn.console.messages import OfJob
from hms_syn.console.store import RoomDep, StoreDep
from hms_syn.domain.audit_entry import EVENTS
from hms_syn.errors import AuditBroken
from hms_syn.flow.seal import final
from hms_syn.store import audit_export
from hms_syn.store.audit_search import Search
from hms_syn.store.tree import Tree

router = APIRouter(tags=["audit"])
PAGE = 500
AT_A_TIME = 2000
BUDGET = 2.0
"""Seconds that one call of ``verify`` may take; the caller goes on from where it ended."""
TRAIL = DagAccessEntity.AUDIT_LOG


@dataclass(frozen=True, slots=True, kw_only=True)
class From:
    """Where to go on: ``checked_to`` of the call before."""

    after: int = 0


@router.get("/audit")
def rows(
    rights: RightsDep,
    room: RoomDep,
    message_id: Annotated[str | None, Query(pattern="^[ -~]{1,200}$")] = None,
    job: OfJob = None,
    event: Annotated[str | None, Query(pattern=f"^({'|'.join(sorted(EVENTS))})$")] = None,
    after: Annotated[int | None, Query(ge=0, description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE)] = 100,
    order: Annotated[Literal["newest", "oldest"], Query(description="which come first")] = "newest",
) -> dict[str, Any]:
    """Return ``rows`` of the audit trail. A page may hold few of them, or none, and still have a ``next``.

    A search by job or event looks at 200,000 rows at a time. The trail of a job needs reading the audit log of its DAG;
    rows that belong to no job need that of all DAGs.
    """
    wanted = Search(
        jobs=_jobs(rights, job),
        message_id=message_id,
        event=event,
        after=after,
        limit=limit,
        newest_first=order == "newest",
    )
    return dict(room.audit(wanted))


@router.get("/audit/export")
def export(
    rights: RightsDep, store: StoreDep, after: Annotated[int, Query(ge=0, description="rows after this seq")] = 0
) -> StreamingResponse:
    """Return the whole trail as it was hashed, one JSON object a line, oldest first; see [verify](audit.md)."""
    rights.need("GET", None, TRAIL)
    return StreamingResponse(
        audit_export.lines(store, after=after, until=final(Tree(store))),
        media_type="application/x-ndjson",
        headers={"content-disposition": 'attachment; filename="hms-syn-audit.ndjson"'},
    )


@router.get("/audit/head")
def head(rights: RightsDep, store: StoreDep) -> dict[str, Any]:
    """Return the newest tree head: how many rows are sealed, up to which seq, when, and their root in hex.

    `at` is null while nothing is sealed; `may_verify` says whether the caller may have the trail verified.
    """
    rights.need("GET", None, TRAIL)
    found = Tree(store).head()
    facts = {"size": found.size, "last_seq": found.last_seq, "at": found.at or None, "root": found.root.hex()}
    return {**facts, "may_verify": rights.may("PUT", None)}


@router.post("/audit/verify", dependencies=[Depends(json_from_here)])
def verify(body: From, rights: RightsDep, room: RoomDep) -> dict[str, Any]:
    """Check rows from ``after`` on for two seconds: ``checked_to`` is how far it came, ``newest`` where the trail ends.

    Call again with ``checked_to`` as ``after`` until ``done``. ``ok`` is false at the first row that is wrong, ``seq``.
    It needs the right to read the whole trail and to edit all DAGs, because it is work for the database.
    """
    rights.need("GET", None, TRAIL)
    rights.need("PUT", None)
    until, after, count = time.monotonic() + BUDGET, body.after, 0
    try:
        while True:
            found = room.verify(after=after, limit=AT_A_TIME)
            after, count = found.checked_to, count + found.rows
            if found.is_all or time.monotonic() > until:
                return {"ok": True, "rows": count, "checked_to": after, "newest": found.newest, "done": found.is_all}
    except AuditBroken as error:
        return {"ok": False, "done": True, "seq": error.seq, "error": error.code, "detail": str(error)}


def _jobs(rights: Rights, job: str | None) -> list[str] | None:
    """Return the jobs whose trail the caller may see, None for all there is."""
    if job is not None:
        rights.need("GET", job, TRAIL)
        return [job]
    if rights.may("GET", None, TRAIL):
        return None
    return [one for one in rights.room.job_ids() if rights.may("GET", one, TRAIL)]
