"""The letterbox as the conformance suite wants it described."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from hms_syn.conformance import Arrival, Manner, PretendVendor, Thing, read_job
from hms_syn.ports import Credentials
from letterbox.vendor import ANSWERS, TOKEN, Box

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hms_syn.domain.job_spec import JobSpec

JOB = """
job:
  name: "HUD → Letterbox"
  id: letters
  push_adapter: letterbox.v1
  pull_adapter: letterbox.v1
  source_topic: hud.letter.written
  target_endpoint: http://127.0.0.1:{port}
  allow_private: ["127.0.0.0/8"]
  heartbeat: {{timeout: 500ms}}
  push: {{timeout: 500ms}}
  pull: {{timeout: 500ms, dedupe_key: number}}
"""


class Letterbox(PretendVendor):
    """A letterbox that keeps its letters and its port while it is away."""

    words = tuple(answer["error"] for _, answer in ANSWERS.values() if "error" in answer)

    def __init__(self) -> None:
        self._box = Box()
        self._box.server_close()
        self._thread: threading.Thread | None = None

    def job(self) -> JobSpec:
        return read_job(JOB.format(port=self._box.server_port))

    def credentials(self) -> Credentials:
        return Credentials(password=TOKEN, extra={"auth": "bearer"})

    def payload(self, text: str) -> Mapping[str, Any]:
        return {"to": "County Court", "text": text}

    def behave(self, manner: Manner) -> None:
        if self._thread is not None:
            self._box.closing.set()
            self._box.shutdown()
            self._box.server_close()
            self._thread.join()
            self._thread = None
        if manner is not Manner.DOWN:
            self._open(manner.value)

    def arrivals(self) -> Sequence[Arrival]:
        return [Arrival(key=key, digest=digest) for key, digest in self._box.posted]

    def things(self) -> Sequence[Thing]:
        return [
            Thing(key=key, reference=kept["number"], text=kept["letter"]["text"])
            for key, kept in self._box.letters.items()
        ]

    def offer(self, count: int) -> Sequence[Any]:
        return [self._box.change("a letter was read") for _ in range(count)]

    def _open(self, manner: str) -> None:
        """Listen again, at the same port and with the same letters."""
        before, self._box = self._box, Box(self._box.server_port)
        self._box.posted, self._box.letters, self._box.changes = before.posted, before.letters, before.changes
        self._box.manner = manner
        self._thread = threading.Thread(target=self._box.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
