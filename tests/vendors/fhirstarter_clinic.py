"""A second vendor of ``fhir.r4.v1`` that nobody here wrote: a clinic on fhirstarter, which wants a key in a header."""

from __future__ import annotations

import json
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.harness import logins
from tests.peers.clinics import fhirstarter_clinic
from tests.vendors.behind_a_door import KEPT, BehindADoor
from tests.vendors.fhir_things import thing_of
from tests.vendors.medplum_hospital import BAD, FHIR, outcome

from hms_syn.conformance import Thing, read_job
from hms_syn.ports import Credentials

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.harness.doors import Asked

    from hms_syn.domain.job_spec import JobSpec

HEADER = "X-Clinic-Key"
JOB = """
job:
  name: "HUD → Clinic"
  id: clinic
  push_adapter: fhir.r4.v1
  pull_adapter: fhir.r4.v1
  source_topic: hud.hearing.created
  target_endpoint: {origin}
  allow_private: ["127.0.0.0/8"]
  heartbeat: {{timeout: 1s}}
  push:
    timeout: 1s
    request: {{resource: Appointment, interaction: create}}
  pull:
    timeout: 1s
    request: {{resource: Appointment}}
    dedupe_key: "[id, meta.versionId]"
    cursor: {{field: meta.lastUpdated, parameter: _lastUpdated}}
"""


class FhirstarterClinic(BehindADoor):
    """One process for many tests; each begins with an empty clinic. What it makes has to be read back."""

    words = ("told to find fault",)
    no_login = outcome(401, "login")
    instead = BAD

    def __init__(self, root: str) -> None:
        self._root = root
        super().__init__(root)

    @classmethod
    @contextmanager
    def started(cls) -> Iterator[FhirstarterClinic]:
        """Run its process for as long as this lasts."""
        with fhirstarter_clinic("--conditional") as root:
            yield cls(root)

    def forget(self) -> None:
        self._ask("DELETE")

    def knows(self, asked: Asked, secret: str) -> bool:
        return logins.api_key(asked, HEADER, secret)

    def job(self) -> JobSpec:
        return read_job(JOB.format(origin=self._door.origin))

    def credentials(self) -> Credentials:
        return Credentials(password=KEPT, extra={"auth": "api_key", "header_name": HEADER})

    def payload(self, text: str) -> Mapping[str, Any]:
        tenant = {"actor": {"display": "tenant"}, "status": "accepted"}
        return {"resourceType": "Appointment", "status": "proposed", "description": text, "participant": [tenant]}

    def key_of(self, asked: Asked) -> str:
        return asked.headers.get("if-none-exist", "")

    def things(self) -> Sequence[Thing]:
        return [thing_of(one) for one in self._appointments()]

    def offer(self, count: int) -> Sequence[Any]:
        """Make appointments as somebody else does, past the door."""
        before = len(self._appointments())
        for _ in range(count):
            self._ask("POST", json.dumps(self.payload("ward 4")).encode())
        return [[one["id"], one["meta"]["versionId"]] for one in self._appointments()[before:]]

    def _appointments(self) -> list[dict[str, Any]]:
        return [entry["resource"] for entry in self._ask("GET").get("entry", ())]

    def _ask(self, method: str, body: bytes | None = None) -> Any:
        headers = {"Accept": FHIR, "Content-Type": FHIR}
        request = urllib.request.Request(f"{self._root}/Appointment", body, headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as answered:
            text = answered.read()
        return json.loads(text) if text else None
