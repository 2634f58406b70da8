"""Who may see and do what: Airflow's own auth manager decides, by the right on a job's DAG ``syn.<id>.push``.

To read a job, its messages and its vendor needs reading the DAG; to act on it, editing the DAG. What belongs to no job
(events that nobody took, the whole audit trail) needs the right on all DAGs: that on ``hms-syn``, a DAG that is not
there. Some auth managers, asked of no DAG by name, say yes to whoever has a right on any.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import GetUserDep
from airflow.configuration import conf
from airflow.models.dag import DagModel
from fastapi import Depends, HTTPException, Request

from hms_syn.console.store import RoomDep
from hms_syn.domain.topic_event import MAX_PAYLOAD_BYTES
from hms_syn.errors import ActRefused
from hms_syn.ports import Act

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from airflow.api_fastapi.auth.managers.base_auth_manager import ResourceMethod
    from airflow.api_fastapi.auth.managers.models.base_user import BaseUser

    from hms_syn.store.reading_room import ReadingRoom

PAYLOADS = "HMS-SYN Payloads"
"""The view of our own that a role needs, beside editing the DAG, to look into a message."""
ALL_DAGS = "hms-syn"
"""No DAG is called so: a right on it is one on all, or was given by this name."""
MAX_BODY_BYTES = 2 * MAX_PAYLOAD_BYTES
SAME_SITE = frozenset({"same-origin", "none"})


@dataclass(frozen=True, slots=True)
class Rights:
    """What the caller of one request may do: Airflow's user, and the queue's database, which knows the jobs."""

    user: BaseUser
    room: ReadingRoom

    def act(self, reason: str) -> Act:
        """Return what the record will say of who acts, and why; refuse a reason that cannot go there."""
        try:
            return Act(actor=str(self.user.get_name()), reason=reason)
        except ActRefused as error:
            raise HTTPException(422, {"error": "invalid_request", "detail": str(error)}) from None

    def may(self, method: ResourceMethod, job: str | None, entity: DagAccessEntity | None = None) -> bool:
        """Return whether the caller may do so to a job's DAG; None is all DAGs."""
        dag_id = ALL_DAGS if job is None else dag_of(job)
        team = DagModel.get_team_name(dag_id) if _has_teams() else None
        details = DagDetails(id=dag_id, team_name=team)
        return bool(
            get_auth_manager().is_authorized_dag(method=method, access_entity=entity, details=details, user=self.user)
        )

    def need(self, method: ResourceMethod, job: str | None, entity: DagAccessEntity | None = None) -> None:
        """Refuse with 403 unless the caller may."""
        if not self.may(method, job, entity):
            raise HTTPException(403)

    def may_read_code(self, job: str) -> bool:
        """Return whether the caller may see a job's YAML, which Airflow shows as its DAG's code."""
        return self.may("GET", job, DagAccessEntity.CODE)

    def may_see_payloads(self) -> bool:
        """Return whether the caller may look into messages at all."""
        return bool(get_auth_manager().is_authorized_custom_view(method="GET", resource_name=PAYLOADS, user=self.user))

    def need_payloads(self) -> None:
        """Refuse with 403 unless the caller may look into messages at all."""
        if not self.may_see_payloads():
            raise HTTPException(403)

    def marked(self, rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Return rows of jobs, each with ``may_edit``: a page offers no act that would be refused."""
        editable = set(self.among("PUT", {row["job"] for row in rows if row["job"] is not None}))
        return [{**row, "may_edit": row["job"] in editable} for row in rows]

    def among(self, method: ResourceMethod, jobs: Iterable[str]) -> list[str]:
        """Return those of these jobs to which the caller may do so, in their order."""
        dags = {dag_of(job): job for job in jobs}
        teams: dict[str, Any] = DagModel.get_dag_id_to_team_name_mapping(list(dags)) if _has_teams() else {}
        by_team: dict[str | None, set[str]] = defaultdict(set)
        for dag_id in dags:
            by_team[teams.get(dag_id)].add(dag_id)
        allowed: set[str] = set()
        for team, dag_ids in by_team.items():
            allowed |= get_auth_manager().filter_authorized_dag_ids(
                dag_ids=dag_ids, user=self.user, method=method, team_name=team
            )
        return [job for dag_id, job in dags.items() if dag_id in allowed]

    def readable(self) -> list[str]:
        """Return all jobs that the caller may see."""
        return self.among("GET", self.room.job_ids())

    def may_on_all(self, method: ResourceMethod, jobs: Collection[str]) -> bool:
        """Return whether the caller may do so to every one of these jobs; where there is none, to all DAGs."""
        return len(self.among(method, jobs)) == len(jobs) if jobs else self.may(method, None)

    def need_any(self, method: ResourceMethod, jobs: Collection[str]) -> list[str]:
        """Return those of these jobs that the caller may act on so; refuse with 403 when it is none."""
        allowed = self.among(method, jobs)
        if not allowed:
            raise HTTPException(403)
        return allowed


def rights(user: GetUserDep, room: RoomDep) -> Rights:
    """Return the caller's rights; 401 when nobody is logged in."""
    return Rights(user, room)


RightsDep = Annotated[Rights, Depends(rights)]


def dag_of(job: str) -> str:
    """Return the DAG whose rights are the job's."""
    return f"syn.{job}.push"


def from_here(request: Request) -> None:
    """Refuse what another site's page makes a browser send: it would come with the officer's cookie.

    ``Sec-Fetch-Site`` is the browser's own word; one that does not say it sends the ``Origin`` with every act. A
    program that sends neither is no browser, and has a token of its own.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    is_here = site in SAME_SITE if site is not None else origin is None or origin in _origins(request)
    if not is_here:
        raise HTTPException(403, {"error": "other_origin", "detail": "Acts are taken from the console's own pages."})


def json_from_here(request: Request) -> None:
    """Refuse an act that is not JSON from this origin, or larger than any payload may be."""
    from_here(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, {"error": "not_json", "detail": "Send Content-Type: application/json."})
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
        detail = f"Send a Content-Length of at most {MAX_BODY_BYTES} bytes; publish a reference to a larger document."
        raise HTTPException(413, {"error": "too_large", "detail": detail})


def _origins(request: Request) -> set[str]:
    """Return where the console is for a browser: as this request says, and as Airflow is configured."""
    base = urlsplit(conf.get("api", "base_url", fallback=""))
    return {f"{request.url.scheme}://{request.url.netloc}", f"{base.scheme}://{base.netloc}"}


def _has_teams() -> bool:
    return bool(conf.getboolean("core", "multi_team", fallback=False))
