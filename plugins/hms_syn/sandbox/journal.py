"""A state file that outlives its vendor: JSON lines, each with what happened together."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


class Lines:
    """A file of JSON lines, one list of rows per line: a line is there as a whole or not at all."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> Iterator[tuple[int, list[dict[str, Any]]]]:
        """Give each line's number and rows; half a line at the end is what a crash left, and is cut off.

        :raises ValueError: naming the line that is not a list of rows
        """
        if not self.path.exists():
            return
        whole = self.path.read_bytes()
        kept = whole[: whole.rfind(b"\n") + 1]
        if len(kept) < len(whole):
            os.truncate(self.path, len(kept))
        for number, line in enumerate(kept.splitlines(), start=1):
            try:
                rows = json.loads(line)
            except ValueError as error:
                raise self.foreign(number) from error
            if not isinstance(rows, list):
                raise self.foreign(number)
            yield number, rows

    def foreign(self, number: int) -> ValueError:
        """Return the error that names a line somebody else has written."""
        return ValueError(f"{self.path}:{number}: this is not a line of a pretend vendor's state file")

    def append(self, rows: Sequence[dict[str, Any]], *, durable: bool = True) -> None:
        """Put the rows on the disk together; on return they survive a power cut, or at least our own end."""
        is_new = not self.path.exists()
        with open(self.path, "ab", opener=_private) as file:
            start = file.tell()
            try:
                file.write(json.dumps(rows, ensure_ascii=False).encode("utf-8") + b"\n")
                file.flush()
                if durable:
                    os.fsync(file.fileno())
            except OSError:
                os.ftruncate(file.fileno(), start)
                raise
        if is_new:
            _sync_folder(self.path.parent)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
