"""A second vendor of ``oracle.soap.v1`` that nobody here wrote: a county court on soapbar."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tests.peers.listening import HERE
from tests.peers.pythons import python_with
from tests.vendors.spoken_to import SpokenTo

from hms_syn.conformance import Arrival, Manner, Thing, read_job
from hms_syn.ports import Credentials

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hms_syn.domain.job_spec import JobSpec

JOB = """
job:
  name: "HUD → CountyCourtCalendar"
  id: court
  push_adapter: oracle.soap.v1
  source_topic: hud.hearing.created
  target_endpoint: {origin}/soap
  allow_private: ["127.0.0.0/8"]
  heartbeat: {{timeout: 1s}}
  push: {{timeout: 1s}}
"""


class SoapbarCourt(SpokenTo):
    """A court that is pushed to only."""

    cannot = MappingProxyType({Manner.LOCKED: "soapbar tells of a wrong token as of any other fault of the message"})
    words = ("not for this court",)

    def __init__(self) -> None:
        super().__init__([str(python_with("soapbar.txt", folder="soapbar_venv")), "soapbar_court.py"], folder=HERE)

    def job(self) -> JobSpec:
        return read_job(JOB.format(origin=self._origin))

    def credentials(self) -> Credentials:
        return Credentials(login="hud", password="pass&<word>", extra={"wsse": "username_token_digest"})

    def payload(self, text: str) -> Mapping[str, Any]:
        return {"case_id": text, "date": "2024-09-02"}

    def arrivals(self) -> Sequence[Arrival]:
        return [Arrival(key=key, digest=digest) for key, digest in self._received()["arrivals"]]

    def things(self) -> Sequence[Thing]:
        hearings = self._received()["hearings"].items()
        return [Thing(key=key, reference=number, text=case) for key, (number, case) in hearings]

    def _received(self) -> dict[str, Any]:
        self._say("received")
        known: dict[str, Any] = json.loads(self._heard())
        self._heard()
        return known
