"""The sandbox's court in a process of its own, which can be stopped, started again and told to misbehave."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.harness.cli import Process

CREATE = (
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
    '<CreateHearing xmlns="urn:county-court:calendar:1998"><caseId>{}</caseId><hearingDate>{}</hearingDate>'
    "</CreateHearing></soap:Body></soap:Envelope>"
)
CANCEL = (
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
    '<CancelHearing xmlns="urn:county-court:calendar:1998"><reference>{}</reference></CancelHearing>'
    "</soap:Body></soap:Envelope>"
)


@contextmanager
def court(folder: Path, *options: str, password: str = "") -> Iterator[CourtProcess]:
    """Run a court for as long as the context lasts."""
    process = CourtProcess(folder, *options, password=password)
    try:
        process.start()
        yield process
    finally:
        process.stop()


class CourtProcess:
    """A court with a memory: after a restart it is at the same address and knows every hearing."""

    def __init__(self, folder: Path, *options: str, password: str = "") -> None:
        self._state = folder / "court.jsonl"
        self._options = options
        self._environment = {**os.environ, "COURT_PASSWORD": password} if password else dict(os.environ)
        self._process: subprocess.Popen[str] | None = None
        self._port = "0"
        self._read, self._seen = 0, 0
        self.origin = ""

    @property
    def endpoint(self) -> str:
        """Where SOAP is."""
        return f"{self.origin}/soap"

    def start(self) -> None:
        """Open the court, the first time at a free port and then always at the same."""
        options = ["--port", self._port, "--state", str(self._state), *self._options]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "hms_syn.sandbox.court_soap", *options],
            stdout=subprocess.PIPE,
            text=True,
            env=self._environment,
            start_new_session=True,
        )
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line.startswith("court listening on "):
            self.stop()
            raise RuntimeError(f"the court did not open: {line!r}")
        self.origin = line.split()[-1]
        self._port = self.origin.rpartition(":")[2]

    def stop(self) -> None:
        """Close the court: nobody listens at its address any more."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            if self._process.stdout:
                self._process.stdout.close()
            self._process = None

    def behave(self, mode: str, times: int | None = None) -> None:
        """Behave in this way for so many requests."""
        self._ask("/behave", json.dumps({"mode": mode, "times": times}).encode())

    def received(self) -> dict[str, list[dict[str, Any]]]:
        """Everything the court knows: hearings, arrivals, changes."""
        known: dict[str, list[dict[str, Any]]] = json.loads(self._ask("/received"))
        return known

    def cases(self) -> list[str]:
        """Return the cases on the calendar, in the order the court took them."""
        return [hearing["case_id"] for hearing in self.received()["hearings"]]

    def enter(self, case: str, day: str = "2024-09-02") -> None:
        """Put a hearing on the calendar, as one who is not HMS-SYN."""
        self._ask("/soap", CREATE.format(case, day).encode())

    def cancel(self, reference: str) -> None:
        """Cancel a hearing, as one who is not HMS-SYN."""
        self._ask("/soap", CANCEL.format(reference).encode())

    def arrivals(self) -> int:
        """How many requests have arrived: read from the court's own file, which is written before it answers."""
        if self._state.exists() and self._state.stat().st_size > self._read:
            with self._state.open("rb") as file:
                file.seek(self._read)
                added = file.read()
            whole = added[: added.rfind(b"\n") + 1]
            self._read += len(whole)
            self._seen += sum(row["kind"] == "arrival" for line in whole.splitlines() for row in json.loads(line))
        return self._seen

    def wait_for(self, arrivals: int, sender: Process, *, within: float = 20.0) -> None:
        """Return within a millisecond of the arrival of this number; fail with its words when the sender has ended."""
        deadline = time.monotonic() + within
        while self.arrivals() < arrivals:
            hopeless = sender.returncode is not None or time.monotonic() > deadline
            assert not hopeless, f"arrival {arrivals} did not come: {sender.out}{sender.err}"
            time.sleep(0.0005)

    def _ask(self, path: str, body: bytes | None = None) -> bytes:
        headers = {"Content-Type": "text/xml; charset=utf-8" if path == "/soap" else "application/json"}
        request = urllib.request.Request(self.origin + path, data=body, headers=headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            data: bytes = answer.read()
        return data
