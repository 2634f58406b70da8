"""What the court writes down, and the file that outlives it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hms_syn.sandbox.journal import Lines

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request from its coming until its answer left; ``ended`` is None where not all of it did.

    ``digest`` is of the SOAP body alone: what the letter says, without when and by whom it was sent.
    """

    began: datetime
    ended: datetime | None
    message_id: str
    operation: str
    digest: str


Entry = Hearing | Change | Arrival | Visit
TIMES = frozenset({"received_at", "changed_at", "at", "began", "ended"})


def plain(entry: Entry) -> dict[str, Any]:
    """Give the entry as JSON values; times are ISO 8601 in UTC."""
    return {name: value.isoformat() if name in TIMES and value else value for name, value in asdict(entry).items()}


class Journal:
    """The court's entries in a state file: what happened together is there as a whole or not at all."""

    def __init__(self, path: Path) -> None:
        self._lines = Lines(path)

    def load(self) -> Iterator[Entry]:
        """Read every entry back."""
        for number, rows in self._lines.load():
            try:
                entries = [_entry(row) for row in rows]
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise self._lines.foreign(number) from error
            yield from entries

    def append(self, entries: Sequence[Entry], *, durable: bool = True) -> None:
        """Put the entries on the disk together; on return they survive a power cut, or at least our own end."""
        rows = [{"kind": type(entry).__name__.lower()} | plain(entry) for entry in entries]
        self._lines.append(rows, durable=durable)


def _entry(row: dict[str, Any]) -> Entry:
    kind = {"hearing": Hearing, "change": Change, "arrival": Arrival, "visit": Visit}[row.pop("kind")]
    entry: Entry = kind(
        **{name: datetime.fromisoformat(row[name]) if name in TIMES and row[name] else row[name] for name in row}
    )
    return entry
