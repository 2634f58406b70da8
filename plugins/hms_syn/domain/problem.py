"""One thing wrong with a job file, with the place and the cure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from hms_syn.domain.ack import printable


class Severity(str, Enum):
    """An error keeps the job from working; a warning is for a person to judge."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A finding of the loader, of an adapter's own check, or about several files.

    ``key`` is the dotted path in the file (``job.push.request.operation``); line and column count from 1.
    """

    file: str
    line: int = 1
    column: int = 1
    key: str = ""
    text: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        where = f"{printable(self.file)}:{self.line}:{self.column}: {self.severity.value}: "
        return f"{where}{self.key}: {self.text}" if self.key else f"{where}{self.text}"
