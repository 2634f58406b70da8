"""The vendor of ``fhir.r4.v1``: the sandbox's hospital, with every bad habit."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING, Any

from tests.vendors.fhir_things import thing_of
from tests.vendors.reopened import Reopened

from hms_syn.conformance import Arrival, Manner, Thing
from hms_syn.ports import Credentials
from hms_syn.sandbox.hospital_fhir import Hospital, manners, serve

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

TOKEN = "correct-horse-battery"
JOB = """
job:
  name: "HUD → Hospital"
  id: hospital
  push_adapter: fhir.r4.v1
  pull_adapter: fhir.r4.v1
  source_topic: hud.eviction.ordered
  target_endpoint: {origin}/fhir
  allow_private: ["127.0.0.0/8"]
  heartbeat: {{timeout: 600ms}}
  push:
    timeout: 600ms
    request: {{resource: Task, interaction: create}}
  pull:
    timeout: 600ms
    request: {{resource: Task}}
    dedupe_key: "[id, meta.versionId]"
    cursor: {{field: meta.lastUpdated, parameter: _lastUpdated}}
"""
MODES = {
    Manner.WELL: "ok",
    Manner.REFUSING: "refuse",
    Manner.BUSY: "http_503",
    Manner.LOCKED: "ok",
    Manner.UNPROVED: "empty_200",
    Manner.SILENT: "silent",
}


class SandboxHospital(Reopened):
    """A hospital that wants one token."""

    file = JOB
    modes = MODES
    words = ("told to refuse", "busy")

    def __init__(self) -> None:
        self._hospital = Hospital(accept_after=3600, complete_after=3600)
        super().__init__(manners())

    def credentials(self) -> Credentials:
        return Credentials(password=TOKEN, extra={"auth": "bearer"})

    def payload(self, text: str) -> Mapping[str, Any]:
        return {"resourceType": "Task", "status": "requested", "intent": "order", "description": text}

    def _served(self, manner: Manner) -> AbstractContextManager[str]:
        token = "another" if manner is Manner.LOCKED else TOKEN
        return serve(self._hospital, port=self._port, token=token, manners=self._manners)

    def arrivals(self) -> Sequence[Arrival]:
        return [
            Arrival(key=row["key"], digest=row["digest"])
            for row in self._hospital.received()["arrivals"]
            if row["operation"].startswith("P")
        ]

    def things(self) -> Sequence[Thing]:
        return [thing_of(task) for task in self._hospital.received()["resources"]]

    def offer(self, count: int) -> Sequence[Any]:
        """Write down tasks as somebody else does, through a door of its own."""
        before = len(self._hospital.received()["resources"])
        with serve(self._hospital) as door:
            for _ in range(count):
                headers = {"Content-Type": "application/fhir+json"}
                body = json.dumps(self.payload("ward 4")).encode()
                urllib.request.urlopen(urllib.request.Request(f"{door}/fhir/Task", data=body, headers=headers)).close()
        return [[task["id"], task["meta"]["versionId"]] for task in self._hospital.received()["resources"][before:]]
