"""The hospital's records: FHIR resources, each with every version it has had. No HTTP."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from hms_syn.sandbox import hospital_rules
from hms_syn.sandbox.hospital_search import Question
from hms_syn.sandbox.ledger import Call, Ledger, Row, UnacceptableError
from hms_syn.sandbox.moments import a_moment, told, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One resource to be written: where (``id`` or ``condition``, or nowhere yet), and only if it is at ``version``.

    A create looks with ``condition`` for what is there already, an update for what to replace.
    """

    kind: str
    resource: Row
    is_update: bool = False
    id: str = ""
    condition: str = ""
    version: str = ""


class Hospital(Ledger):
    """Records that any number of threads may use.

    A requested Task is accepted and completed by itself a while later; completing it places a Flag on what it is about.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] = utc_now,
        accept_after: float = 2.0,
        complete_after: float = 5.0,
        state: Path | None = None,
    ) -> None:
        if not 0 <= accept_after <= complete_after:
            raise ValueError("a task is accepted first and completed later: 0 <= accept_after <= complete_after")
        self._steps = (("accepted", timedelta(seconds=accept_after)), ("completed", timedelta(seconds=complete_after)))
        self._versions: dict[tuple[str, str], list[Row]] = {}
        self._places: dict[tuple[str, str], int] = {}
        self._written = 0
        super().__init__(clock=clock, state=state)

    def write(self, call: Call, wishes: Sequence[Wish], *, note: str = "") -> list[tuple[int, Row]]:
        """Write all these resources or none; return for each 201 or 200 and the resource as it stands.

        :raises UnacceptableError: one cannot be written; the code is an IssueType
        """
        with self.lock:
            now = self.settle()
            rows: list[Row] = []
            try:
                answers = [self._fulfilled(wish, now, rows, forgetful=note == "forgetful") for wish in wishes]
            except UnacceptableError as error:
                self.arrived(call, f"refused: {error}")
                raise
            did = ", ".join(
                f"{'created' if status == 201 else 'kept' if not rows else 'wrote'} {_name(resource)}"  # noqa: PLR2004 - HTTP
                for status, resource in answers
            )
            self.record(*rows, self.arrival(call, now, f"{note}: {did}" if note else did))
        return answers

    def read(self, call: Call, kind: str, id_: str, version: str = "") -> Row:
        """Return a resource as it stands, or as one of its versions was.

        :raises UnacceptableError: 404 ``not-found`` or ``not-supported``
        """
        with self.lock:
            now = self.settle()
            hospital_rules.known(kind)
            versions = self._versions.get((kind, id_), [])
            found = [row for row in versions[-1:] if not version] or [
                row for row in versions if row["meta"]["versionId"] == version
            ]
            self.record(self.arrival(call, now, f"read {_name(found[0])}" if found else "found nothing"))
            if not found:
                raise UnacceptableError(404, "not-found", field=kind)
            return found[0]

    def search(self, call: Call, kind: str, question: Question) -> tuple[list[tuple[int, Row]], int, bool]:
        """Return a page of what matches, each with its place, then how many match, and whether more follow."""
        with self.lock:
            now = self.settle()
            hospital_rules.known(kind)
            found = self._matching(kind, question)
            if question.backwards:
                found.reverse()
                rest = [one for one in found if not question.after or one[0] < question.after]
            else:
                rest = [one for one in found if one[0] > question.after]
            page = rest[: question.count]
            self.record(self.arrival(call, now, f"listed {len(page)} of {len(found)} {kind}"))
            return page, len(found), len(page) < len(rest)

    def received(self) -> dict[str, list[Row]]:
        """Everything the hospital knows: resources as they stand, every version, requests."""
        with self.lock:
            self.settle()
            ordered = sorted(self._versions, key=lambda name: self._places[name])
            versions = [
                {
                    "resource": _name(row),
                    "version": row["meta"]["versionId"],
                    "status": row.get("status", ""),
                    "at": row["meta"]["lastUpdated"],
                }
                for name in ordered
                for row in self._versions[name]
            ]
            arrivals = [{name: value for name, value in row.items() if name != "kind"} for row in self.arrivals]
            return {
                "resources": [self._versions[name][-1] for name in ordered],
                "versions": sorted(versions, key=lambda row: row["at"]),
                "arrivals": arrivals,
            }

    def apply(self, row: Row) -> None:
        """Take a version of a resource; a task that is requested will move on."""
        resource = row["resource"]
        name = (resource["resourceType"], resource["id"])
        self._versions.setdefault(name, []).append(resource)
        self._written += 1
        self._places[name] = self._written
        if name[0] == "Task" and resource["status"] == "requested":
            for status, after in self._steps:
                self.plan(a_moment(row["at"]) + after, {"id": name[1], "status": status})

    def come_due(self, plan: Row, at: datetime) -> list[Row]:
        """Move a task on, unless somebody has moved it otherwise; a completed one has placed a flag."""
        task = self._versions["Task", plan["id"]][-1]
        before = {"accepted": "requested", "completed": "accepted"}[plan["status"]]
        if task["status"] != before:
            return []
        moved = task | {"status": plan["status"]}
        if plan["status"] == "accepted" or "focus" not in task:
            return [self._version(moved, at)]
        flag = {
            "resourceType": "Flag",
            "id": self._new_id(),
            "status": "active",
            "code": task.get("code", {"text": "see the task"}),
            "subject": task["focus"],
        }
        output = {"type": {"text": "flag"}, "valueReference": {"reference": f"Flag/{flag['id']}"}}
        return [self._version(flag, at), self._version(moved | {"output": [output]}, at)]

    def _fulfilled(self, wish: Wish, now: datetime, rows: list[Row], *, forgetful: bool) -> tuple[int, Row]:
        """Add the row that this wish takes to ``rows``; return the status and the resource."""
        hospital_rules.check(wish.kind, wish.resource)
        known = self._known(wish, forgetful=forgetful)
        if known and not wish.is_update:
            return 200, known
        if wish.version and (known is None or known["meta"]["versionId"] != wish.version):
            raise UnacceptableError(412, "conflict", field="If-Match")
        given = {(row["resource"]["resourceType"], row["resource"]["id"]) for row in rows}
        new_id = known["id"] if known else wish.id or self._new_id({id_ for _, id_ in given})
        if (wish.kind, new_id) in given:  # identities may not overlap (R4, http.html#trules)
            raise UnacceptableError(400, "invalid", field=f"{wish.kind}.id")
        row = self._version({**wish.resource, "id": new_id}, now)
        rows.append(row)
        return 200 if known else 201, row["resource"]

    def _known(self, wish: Wish, *, forgetful: bool) -> Row | None:
        if wish.id:
            versions = self._versions.get((wish.kind, wish.id))
            return versions[-1] if versions else None
        if not wish.condition or forgetful:
            return None
        found = self._matching(wish.kind, Question.parse(wish.condition))
        if len(found) > 1:
            raise UnacceptableError(412, "multiple-matches")
        return found[0][1] if found else None

    def _matching(self, kind: str, question: Question) -> list[tuple[int, Row]]:
        present = ((self._places[name], versions[-1]) for name, versions in self._versions.items() if name[0] == kind)
        return sorted(((place, row) for place, row in present if question.matches(row)), key=lambda one: one[0])

    def _new_id(self, given: Collection[str] = ()) -> str:
        """Return an id nobody has had, and that is not among those ``given`` out in the same breath."""
        taken = {*(id_ for _, id_ in self._versions), *given}
        free = (str(number) for number in itertools.count(len(taken) + 1))
        return next(id_ for id_ in free if id_ not in taken)

    def _version(self, resource: Row, at: datetime) -> Row:
        name = (resource["resourceType"], resource["id"])
        number = len(self._versions.get(name, ())) + 1
        meta: dict[str, Any] = {**resource.get("meta", {}), "versionId": str(number), "lastUpdated": told(at)}
        return {"kind": "version", "at": told(at), "resource": {**resource, "meta": meta}}


def _name(resource: Row) -> str:
    return f"{resource['resourceType']}/{resource['id']}"
