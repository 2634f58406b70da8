"""A vendor of ``oracle.soap.v1`` that nobody here wrote: a county court on node-soap."""

from __future__ import annotations

import hashlib
import json
import urllib.request
import uuid
from typing import TYPE_CHECKING, Any

from tests.peers.node import HERE, install
from tests.vendors.spoken_to import SpokenTo

from hms_syn.conformance import Arrival, Thing, read_job
from hms_syn.ports import Credentials

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hms_syn.domain.job_spec import JobSpec

USER, PASSWORD = "hud", "pass&<word>"
JOB = """
job:
  name: "HUD → CountyCourtCalendar"
  id: court
  push_adapter: oracle.soap.v1
  pull_adapter: oracle.soap.v1
  source_topic: hud.hearing.created
  target_endpoint: {origin}/soap
  allow_private: ["127.0.0.0/8"]
  heartbeat: {{timeout: 600ms}}
  push:
    timeout: 600ms
    find: {{request: {{operation: FindHearing, arguments: {{MessageID: "urn:uuid:{{key}}"}}}}, match: Hearing}}
  pull:
    timeout: 600ms
    dedupe_key: ConfirmationNumber
    cursor: {{field: ChangedAt, parameter: ChangedSince}}
"""


class NodeCourt(SpokenTo):
    """A court that checks a login in each envelope."""

    words = ("not for this court", "a hearing needs a case")

    def __init__(self) -> None:
        install()
        login = ["--user", USER, "--password", PASSWORD]
        super().__init__(["node", "court.mjs", "--port", "0", *login], folder=HERE)

    def job(self) -> JobSpec:
        return read_job(JOB.format(origin=self._origin))

    def credentials(self) -> Credentials:
        return Credentials(login=USER, password=PASSWORD, extra={"wsse": "username_token_digest"})

    def payload(self, text: str) -> Mapping[str, Any]:
        return {"case_id": text, "date": "2024-09-02"}

    def arrivals(self) -> Sequence[Arrival]:
        return [Arrival(key=row["MessageID"], digest=_digest(row)) for row in self._received()["arrivals"]]

    def things(self) -> Sequence[Thing]:
        known = self._received()
        return [
            Thing(key=key, reference=hearing["ConfirmationNumber"], text=hearing["CaseID"])
            for key, hearing in zip(known["keys"], known["hearings"], strict=True)
        ]

    def offer(self, count: int) -> Sequence[Any]:
        """Enter hearings without a look at who asks."""
        before = len(self._received()["hearings"])
        for _ in range(count):
            self._told(f"enter urn:uuid:{uuid.uuid4()}")
        return [hearing["ConfirmationNumber"] for hearing in self._received()["hearings"][before:]]

    def _received(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self._origin}/received", timeout=5) as answer:
            known: dict[str, Any] = json.load(answer)
        return known


def _digest(row: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()
