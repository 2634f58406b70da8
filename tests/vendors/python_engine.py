"""A vendor of ``hl7.mllp.v1`` that nobody here wrote: an interface engine on python-hl7's MLLP server."""

from __future__ import annotations

import json
import sys
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tests.peers.listening import HERE
from tests.vendors.spoken_to import SpokenTo

from hms_syn.conformance import Arrival, Manner, Thing, read_job

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hms_syn.domain.job_spec import JobSpec

JOB = """
job:
  name: "HUD → Hospital"
  id: hospital
  push_adapter: hl7.mllp.v1
  source_topic: hud.eviction.ordered
  target_endpoint: {endpoint}
  allow_private: ["127.0.0.0/8"]
  heartbeat: {{timeout: 1s}}
  push:
    timeout: 600ms
    request: {{message_type: ADT, trigger_event: A31, message_structure: ADT_A05}}
    mapping:
      MSH-3: "'HUD'"
      EVN-2: _meta.published_at
      PID-3.1: case_id
      PID-5.1: note
      PV1-2: "'N'"
"""


class Engine(SpokenTo):
    """What every engine is told and asks; a subclass says how it is started."""

    cannot = MappingProxyType({Manner.LOCKED: "MLLP has no login; certificates are tested in test_hl7_link.py"})
    words = ("not for this engine", "Ms Roe")

    def job(self) -> JobSpec:
        return read_job(JOB.format(endpoint=self._origin.replace("http://", "mllp://")))

    def payload(self, text: str) -> Mapping[str, Any]:
        return {"case_id": "HUD-22-109", "note": text}

    def arrivals(self) -> Sequence[Arrival]:
        return [Arrival(key=key, digest=digest) for key, digest in self._received()["arrivals"]]

    def things(self) -> Sequence[Thing]:
        charts = self._received()["charts"].items()
        return [Thing(key=key, reference=number, text=text) for key, (number, text, *_) in charts]

    def _received(self) -> dict[str, Any]:
        self._say("received")
        known: dict[str, Any] = json.loads(self._heard())
        self._heard()
        return known


class PythonEngine(Engine):
    """It keeps what is new by MSH-10, and acknowledges a repeat as it did the first time."""

    def __init__(self) -> None:
        super().__init__([sys.executable, "engine.py"], folder=HERE)
