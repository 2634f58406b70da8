"""One thing wrong with a job file, with the place and the cure."""

from __future__ import annotations

from dataclasses import dataclass

from hms_syn.domain.ack import printable


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A finding of the loader or of an adapter's own check.

    ``key`` is the dotted path in the file (``job.push.request.operation``); line and column count from 1.
    """

    file: str
    line: int = 1
    column: int = 1
    key: str = ""
    text: str

    def __str__(self) -> str:
        where = f"{printable(self.file)}:{self.line}:{self.column}: error: "
        return f"{where}{self.key}: {self.text}" if self.key else f"{where}{self.text}"
