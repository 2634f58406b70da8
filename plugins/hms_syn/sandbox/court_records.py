"""What the court writes down, and the file that outlives it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, read and typed; ``message_id`` is the sender's idempotency key, or empty."""

    operation: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    message_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """A hearing as it was first accepted; its present status is its latest change's."""

    reference: str
    case_id: str
    hearing_date: str
    received_at: datetime
    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of one hearing's status, recorded once and never altered."""

    change_id: int
    reference: str
    case_id: str
    status: str
    changed_at: datetime
    message_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One request that reached the court, and what the court did with it."""

    at: datetime
    message_id: str
    case_id: str
    operation: str
    outcome: str


Entry = Hearing | Change | Arrival
TIMES = frozenset({"received_at", "changed_at", "at"})


def plain(entry: Entry) -> dict[str, Any]:
    """Give the entry as JSON values; times are ISO 8601 in UTC."""
    return {name: value.isoformat() if name in TIMES else value for name, value in asdict(entry).items()}


class Journal:
    """A file of JSON lines, one list of entries per line: a line is there as a whole or not at all."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> Iterator[Entry]:
        """Read every entry back; half a line at the end is what a crash left, and is cut off."""
        if not self._path.exists():
            return
        whole = self._path.read_bytes()
        kept = whole[: whole.rfind(b"\n") + 1]
        if len(kept) < len(whole):
            os.truncate(self._path, len(kept))
        for number, line in enumerate(kept.splitlines(), start=1):
            yield from self._entries(line, number)

    def _entries(self, line: bytes, number: int) -> list[Entry]:
        try:
            return [_entry(row) for row in json.loads(line)]
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(f"{self._path}:{number}: this is not a line of a court's state file") from error

    def append(self, entries: Sequence[Entry]) -> None:
        """Put the entries on the disk together; on return they survive a power cut."""
        rows = [{"kind": type(entry).__name__.lower()} | plain(entry) for entry in entries]
        is_new = not self._path.exists()
        with open(self._path, "ab", opener=_private) as file:
            start = file.tell()
            try:
                file.write(json.dumps(rows, ensure_ascii=False).encode("utf-8") + b"\n")
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                os.ftruncate(file.fileno(), start)
                raise
        if is_new:
            _sync_folder(self._path.parent)


def _entry(row: dict[str, Any]) -> Entry:
    kind = {"hearing": Hearing, "change": Change, "arrival": Arrival}[row.pop("kind")]
    entry: Entry = kind(**{name: datetime.fromisoformat(row[name]) if name in TIMES else row[name] for name in row})
    return entry


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
