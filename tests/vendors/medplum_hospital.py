"""A vendor of ``fhir.r4.v1`` that nobody here wrote: a hospital on Medplum's FHIR router, behind HTTP Basic."""

from __future__ import annotations

import json
import urllib.request
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tests.harness import logins
from tests.harness.doors import answer
from tests.peers.node import medplum_hospital
from tests.vendors.behind_a_door import KEPT, BehindADoor
from tests.vendors.fhir_things import thing_of

from hms_syn.conformance import Manner, Thing, read_job
from hms_syn.ports import Credentials

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.harness.doors import Asked

    from hms_syn.domain.job_spec import JobSpec

USER = "hud"
JOB = """
job:
  name: "HUD → Hospital"
  id: hospital
  push_adapter: fhir.r4.v1
  pull_adapter: fhir.r4.v1
  source_topic: hud.eviction.ordered
  target_endpoint: {origin}/fhir/R4
  allow_private: ["127.0.0.0/8"]
  heartbeat: {{timeout: 1s}}
  push:
    timeout: 1s
    request: {{resource: Task, interaction: create}}
  pull:
    timeout: 1s
    request: {{resource: Task}}
    dedupe_key: "[id, meta.versionId]"
    cursor: {{field: meta.lastUpdated, parameter: _lastUpdated}}
"""
FHIR = "application/fhir+json"


def outcome(status: int, code: str, **headers: str) -> bytes:
    """Return an OperationOutcome with one error of this code."""
    issue = {"severity": "error", "code": code, "details": {"text": "told to find fault"}}
    return answer(status, {"resourceType": "OperationOutcome", "issue": [issue]}, media=FHIR, **headers)


BAD = MappingProxyType(
    {
        Manner.REFUSING: outcome(422, "business-rule"),
        Manner.BUSY: outcome(503, "transient", Retry_After="1"),
        Manner.UNPROVED: answer(201, {"resourceType": "Task", "status": "requested", "intent": "order"}, media=FHIR),
    }
)


class MedplumHospital(BehindADoor):
    """One process for many tests; each begins with an empty hospital."""

    words = ("told to find fault",)
    no_login = outcome(401, "login")
    instead = BAD

    def __init__(self, root: str) -> None:
        self._root = root
        super().__init__(root.removesuffix("/fhir/R4"))

    @classmethod
    @contextmanager
    def started(cls) -> Iterator[MedplumHospital]:
        """Run its process for as long as this lasts."""
        with medplum_hospital() as root:
            yield cls(root)

    def forget(self) -> None:
        self._ask("", method="DELETE")

    def knows(self, asked: Asked, secret: str) -> bool:
        return logins.basic(asked, USER, secret)

    def job(self) -> JobSpec:
        return read_job(JOB.format(origin=self._door.origin))

    def credentials(self) -> Credentials:
        return Credentials(login=USER, password=KEPT, extra={"auth": "basic"})

    def payload(self, text: str) -> Mapping[str, Any]:
        return {"resourceType": "Task", "status": "requested", "intent": "order", "description": text}

    def key_of(self, asked: Asked) -> str:
        return asked.headers.get("if-none-exist", "")

    def things(self) -> Sequence[Thing]:
        return [thing_of(task) for task in self._tasks()]

    def offer(self, count: int) -> Sequence[Any]:
        """Write down tasks as somebody else does, past the door."""
        made = [self._ask("/Task", self.payload("ward 4")) for _ in range(count)]
        return [[task["id"], task["meta"]["versionId"]] for task in made]

    def _tasks(self) -> list[dict[str, Any]]:
        return [entry["resource"] for entry in self._ask("/Task?_count=1000").get("entry", ())]

    def _ask(self, path: str, body: Any = None, method: str | None = None) -> Any:
        raw = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._root}{path}", raw, {"Content-Type": FHIR}, method=method)
        with urllib.request.urlopen(request, timeout=10) as answered:
            return json.load(answered)
