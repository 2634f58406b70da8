"""A vendor in a process of its own, which is told what to do line by line and says each line back when it is done."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hms_syn.conformance import Manner, PretendVendor

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from typing_extensions import Self


class SpokenTo(PretendVendor):
    """One process for many tests; each begins with an empty calendar."""

    def __init__(self, command: Sequence[str], *, folder: Path) -> None:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, cwd=folder, stdin=pipe, stdout=pipe, text=True, bufsize=1)
        word, _, port = self._heard().partition(" ")
        if word != "listening":
            raise RuntimeError(f"the court did not start: {word!r}")
        self._origin = f"http://127.0.0.1:{port}"

    def __enter__(self) -> Self:
        self._told("forget")
        self.behave(Manner.WELL)
        return self

    @classmethod
    @contextmanager
    def started(cls) -> Iterator[SpokenTo]:
        """Run the process for as long as this lasts."""
        court = cls()  # each subclass knows its command
        try:
            yield court
        finally:
            court._process.kill()
            court._process.communicate()

    def behave(self, manner: Manner) -> None:
        self._told(manner.value)

    def _told(self, line: str) -> None:
        """Say something to the court and wait until it is done."""
        self._say(line)
        heard = self._heard()
        if heard != line:
            raise RuntimeError(f"the court answered {heard!r}")

    def _say(self, line: str) -> None:
        print(line, file=self._process.stdin, flush=True)

    def _heard(self) -> str:
        return self._process.stdout.readline().strip() if self._process.stdout else ""
