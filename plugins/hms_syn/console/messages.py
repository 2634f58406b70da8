"""Messages: lists, one message's every hop, its payload, and the officers' acts on them."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path, Query

from hms_syn.console import answers
from hms_syn.console.access import Rights, RightsDep, from_here, json_from_here
from hms_syn.console.jobs import After
from hms_syn.console.store import DeskDep, RoomDep
from hms_syn.domain.delivery import State
from hms_syn.domain.topic_event import IDENTIFIER, OURS
from hms_syn.errors import ActRefused, Erased, UnknownMessage
from hms_syn.flow.end_doubt import end_doubt
from hms_syn.store.listing import UNTAKEN

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow.api_fastapi.auth.managers.base_auth_manager import ResourceMethod

    from hms_syn.ports import Act
    from hms_syn.store.desk import Desk

router = APIRouter(tags=["messages"])
PAGE = 200
AT_ONCE = 200
LONGEST_RECEIPT = 200
STATES = [*(state.value for state in State), UNTAKEN]
MessageId = Annotated[str, Path(pattern="^[ -~]{1,200}$")]
OfJob = Annotated[str | None, Query(pattern="^[a-z][a-z0-9_-]{0,99}$")]
Wanted = Annotated[str | None, Query(pattern=f"^({'|'.join(STATES)})$", description=f"one of {', '.join(STATES)}")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Which messages, and why; ``preview`` tells what would happen and changes nothing."""

    ids: list[str]
    reason: str
    preview: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen(Named):
    """Which messages, and why; ``job`` is one job only; ``preview`` tells what would happen and changes nothing."""

    job: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found(Chosen):
    """What came of a doubt: the vendor has it (``delivered``, with its receipt as ``reference``), or it goes again."""

    delivered: bool
    reference: str = ""


@router.get("/messages")
def messages(
    rights: RightsDep,
    room: RoomDep,
    job: OfJob = None,
    state: Wanted = None,
    q: Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$", description="message id, key or receipt")] = "",
    after: After = "",
    limit: Annotated[int, Query(ge=1, le=PAGE)] = 50,
) -> dict[str, Any]:
    """Return ``messages``: open ones in the order they will be sent, then closed ones, newest first.

    Of one job's the newest is what was settled last; of many jobs' what was accepted last.
    """
    if state == UNTAKEN:
        rights.need("GET", None)
        jobs: list[str] = []
    elif job is not None:
        rights.need("GET", job)
        jobs = [job]
    else:
        jobs = rights.readable()
    page = room.messages(jobs, state=state, words=q, after=after, limit=limit)
    return {**page, "messages": rights.marked(page["messages"])}


@router.get("/messages/{message_id}")
def message(message_id: MessageId, rights: RightsDep, room: RoomDep) -> dict[str, Any]:
    """Return one message's every hop: deliveries, attempts, audit rows, of the jobs that the caller may see.

    ``may_edit`` of a delivery says whether the caller may act on it, ``may_see_payload`` whether to look into it, and
    ``may_erase`` whether to destroy the payload once every delivery is delivered or discarded.
    """
    row = room.message(message_id, jobs=_visible(rights, message_id, "GET"))
    deliveries = rights.marked(row["deliveries"])
    may_look = rights.may_see_payloads() and (
        any(each["may_edit"] for each in deliveries) if deliveries else rights.may("PUT", None)
    )
    may_erase = row["agency"] != OURS and rights.may_on_all("PUT", room.jobs_of(message_id))
    return {**row, "deliveries": deliveries, "may_see_payload": may_look, "may_erase": may_erase}


@router.get("/messages/{message_id}/payload", dependencies=[Depends(from_here)])
def payload(message_id: MessageId, rights: RightsDep, desk: DeskDep) -> dict[str, Any]:
    """Return a message's payload. Each look is on the record as ``viewed`` before anything is shown.

    It needs the right to edit the DAG of a job that has the message, and to read ``HMS-SYN Payloads``.
    """
    _visible(rights, message_id, "PUT")
    rights.need_payloads()
    return dict(desk.view(message_id, rights.act("looked at the payload in the console")))


@router.post("/messages/replay", dependencies=[Depends(json_from_here)])
def replay(body: Chosen, rights: RightsDep, desk: DeskDep) -> dict[str, Any]:
    """Send messages again that were set aside or block their line, with the same keys.

    ``results`` has for each id ``ok`` and the ``jobs`` it was done at, or ``error`` and ``detail``.
    """
    return _on_each(body, rights, desk, lambda on, one, act, job: on.replay(one, act, job=job))


@router.post("/messages/resolve", dependencies=[Depends(json_from_here)])
def resolve(body: Found, rights: RightsDep, desk: DeskDep) -> dict[str, Any]:
    """End doubts: the vendor has the messages, or they are to be sent again with the same keys."""
    if len(body.reference) > LONGEST_RECEIPT or not body.reference.isprintable():
        detail = f"reference: write at most {LONGEST_RECEIPT} printable characters"
        raise HTTPException(422, {"error": "invalid_request", "detail": detail})
    return _on_each(
        body,
        rights,
        desk,
        lambda on, one, act, job: end_doubt(on, one, act, job=job, delivered=body.delivered, reference=body.reference),
    )


@router.post("/messages/discard", dependencies=[Depends(json_from_here)])
def discard(body: Chosen, rights: RightsDep, desk: DeskDep) -> dict[str, Any]:
    """Close messages that wait, are in doubt or were set aside, for good."""
    return _on_each(body, rights, desk, lambda on, one, act, job: on.discard(one, act, job=job))


@router.post("/messages/erase", dependencies=[Depends(json_from_here)])
def erase(body: Named, rights: RightsDep, desk: DeskDep) -> dict[str, Any]:
    """Destroy the payloads of messages that are delivered or discarded at each of their jobs. Nothing brings them back.

    It needs the right on every job that has the message, or on all DAGs where none has: there is one payload for all.
    ``is_forgotten`` is false while another process keeps SQLite's log open, which may hold a copy: ask again then.
    """
    act = _act(body, rights)
    jobs = {one: rights.room.jobs_of(one) for one in dict.fromkeys(body.ids)}
    mine = {one for one in jobs if rights.may_on_all("PUT", jobs[one])}
    if not mine:
        raise HTTPException(HTTPStatus.FORBIDDEN)
    on = desk.rehearsing() if body.preview else desk
    results = [
        _erased(on, one, jobs[one], act) if one in mine else _refused(one, *answers.WORDS[HTTPStatus.FORBIDDEN])
        for one in jobs
    ]
    return {"preview": body.preview, "results": results, "is_forgotten": body.preview or desk.forget()}


def _visible(rights: Rights, message_id: str, method: ResourceMethod) -> list[str]:
    """Return the jobs of a message which the caller may see; 403 when there is none.

    A message that no job has, or that is not there at all, is for those with the right on all DAGs.
    """
    jobs = rights.room.jobs_of(message_id)
    if jobs:
        return rights.need_any(method, jobs)
    rights.need(method, None)
    return []


def _act(body: Named, rights: Rights) -> Act:
    """Return what the record will say of this act; refuse ids and reasons that are none."""
    if not 1 <= len(body.ids) <= AT_ONCE or not all(map(IDENTIFIER.fullmatch, body.ids)):
        raise HTTPException(422, {"error": "invalid_request", "detail": f"ids: give 1 to {AT_ONCE} message ids"})
    return rights.act(body.reason)


def _on_each(
    body: Chosen, rights: Rights, desk: Desk, do: Callable[[Desk, str, Act, str], list[str]]
) -> dict[str, Any]:
    """Act on each message at each job the caller may edit, each a transaction of its own; one refusal stops no other.

    A preview does the same and takes it back.
    """
    act = _act(body, rights)
    wanted = {
        one: [job for job in rights.room.jobs_of(one) if body.job in (None, job)] for one in dict.fromkeys(body.ids)
    }
    editable = set(rights.among("PUT", {job for jobs in wanted.values() for job in jobs}))
    if not editable:
        rights.need("PUT", body.job)
    on = desk.rehearsing() if body.preview else desk
    return {
        "preview": body.preview,
        "results": [_one(on, one, jobs, editable, act, do) for one, jobs in wanted.items()],
    }


def _one(
    desk: Desk,
    message_id: str,
    jobs: list[str],
    editable: set[str],
    act: Act,
    do: Callable[[Desk, str, Act, str], list[str]],
) -> dict[str, Any]:
    """Return what became of one message: at which jobs it was done, or the first reason why at none."""
    if not jobs:
        return _refused(message_id, UnknownMessage.code, f"{message_id}: no such message, or no job here has it")
    mine = [job for job in jobs if job in editable]
    if not mine:
        return _refused(message_id, *answers.WORDS[HTTPStatus.FORBIDDEN])
    done, refusals = [], []
    for job in mine:
        try:
            done += do(desk, message_id, act, job)
        except (ActRefused, UnknownMessage) as error:
            refusals.append((error.code, str(error)))
    return {"message_id": message_id, "ok": True, "jobs": done} if done else _refused(message_id, *refusals[0])


def _erased(desk: Desk, message_id: str, jobs: list[str], act: Act) -> dict[str, Any]:
    """Return what became of one message's payload."""
    try:
        if not desk.erase(message_id, act):
            return _refused(message_id, Erased.code, f"{message_id}: its payload was erased already")
    except (ActRefused, UnknownMessage) as error:
        return _refused(message_id, error.code, str(error))
    return {"message_id": message_id, "ok": True, "jobs": jobs}


def _refused(message_id: str, code: str, detail: str) -> dict[str, Any]:
    return {"message_id": message_id, "ok": False, "error": code, "detail": detail}
