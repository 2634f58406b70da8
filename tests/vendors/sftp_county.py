"""The vendor of ``sftp.csv.v1``: a county with a drop folder, on a server that nobody here wrote."""

from __future__ import annotations

import csv
import io
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tests.harness.sftp_server import County

from hms_syn.conformance import Arrival, Manner, PretendVendor, Thing, read_job

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.ports import Credentials

JOB = """
job:
  name: "HUD → County"
  id: county
  push_adapter: sftp.csv.v1
  pull_adapter: sftp.csv.v1
  source_topic: hud.hearing.created
  target_endpoint: "{endpoint}"
  allow_private: ["127.0.0.0/8"]
  heartbeat: {{timeout: 1s}}
  push:
    timeout: 1s
    request: {{file_name: "hearing-{{key}}.csv"}}
    mapping: {{case_id: case_id, hearing_on: date}}
  pull:
    timeout: 1s
    request: {{folder: out, pattern: "status-*.csv"}}
    dedupe_key: id
    mapping: {{id: id, state: state}}
"""
MOODS = MappingProxyType({Manner.BUSY: "full", Manner.REFUSING: "refusing"})


class SftpCounty(PretendVendor):
    """It wants a login, takes files named ``hearing-…`` and puts out files named ``status-…``."""

    words = ("not in this county", "the quota of")

    def __init__(self) -> None:
        self._county = County()
        (self._county.folder / "out").mkdir()
        self._offered = 0

    def __exit__(self, *_: object) -> None:
        self._county.close()

    def job(self) -> JobSpec:
        return read_job(JOB.format(endpoint=self._county.endpoint))

    def credentials(self) -> Credentials:
        return self._county.credentials()

    def payload(self, text: str) -> Mapping[str, Any]:
        return {"case_id": text, "date": "2024-09-02"}

    def behave(self, manner: Manner) -> None:
        county = self._county
        county.mood = MOODS.get(manner, manner.value)
        county.password = "another" if manner is Manner.LOCKED else "correct horse battery"
        if manner is Manner.DOWN:
            county.shut()
        else:
            county.open()
        if manner is Manner.LOCKED:
            county.shut(listening=True)

    def arrivals(self) -> Sequence[Arrival]:
        return [Arrival(key=name, digest=digest) for name, digest in self._county.arrivals]

    def things(self) -> Sequence[Thing]:
        found = []
        for name, content in self._county.files().items():
            if not name.startswith("."):
                [row] = csv.DictReader(io.StringIO(content.decode(), newline=""))
                found.append(Thing(key=name, reference=name, text=row["case_id"]))
        return found

    def offer(self, count: int) -> Sequence[Any]:
        self._offered += 1
        ids = [f"S-{self._offered}-{number}" for number in range(count)]
        rows = "".join(f"{each},LODGED\r\n" for each in ids)
        (self._county.folder / "out" / f"status-{self._offered:04}.csv").write_text(f"id,state\r\n{rows}")
        return ids
