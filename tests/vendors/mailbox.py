"""The vendor of ``in_memory.v1``: a mailbox that takes everything."""

from __future__ import annotations

import hashlib
import json
import uuid
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from hms_syn.adapters.in_memory_v1 import mailbox
from hms_syn.conformance import Arrival, Manner, PretendVendor, Thing, read_job

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hms_syn.domain.job_spec import JobSpec

JOB = """
job:
  name: "HUD → Mailbox"
  id: mailbox
  push_adapter: in_memory.v1
  pull_adapter: in_memory.v1
  source_topic: hud.hearing.created
  target_endpoint: {endpoint}
  pull: {{dedupe_key: number}}
"""


class Mailbox(PretendVendor):
    """A mailbox of this process."""

    cannot = MappingProxyType(
        {manner: "a mailbox takes everything, at once" for manner in Manner if manner is not Manner.WELL}
    )

    def __init__(self) -> None:
        self._endpoint = f"https://{uuid.uuid4().hex}.example.gov/"
        self._box = mailbox(self._endpoint)

    def job(self) -> JobSpec:
        return read_job(JOB.format(endpoint=self._endpoint))

    def payload(self, text: str) -> Mapping[str, Any]:
        return {"case_id": text, "date": "2024-09-02"}

    def behave(self, manner: Manner) -> None:
        """Stay as it is."""

    def arrivals(self) -> Sequence[Arrival]:
        return [Arrival(key=key, digest=_digest(self._box.received[key])) for key in self._box.arrivals]

    def things(self) -> Sequence[Thing]:
        return [
            Thing(key=key, reference=f"MEM-{number}", text=str(body["case_id"]))
            for number, (key, body) in enumerate(self._box.received.items(), start=1)
        ]

    def offer(self, count: int) -> Sequence[Any]:
        first = len(self._box.records)
        self._box.records.extend({"number": number} for number in range(first, first + count))
        return list(range(first, first + count))


def _digest(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
