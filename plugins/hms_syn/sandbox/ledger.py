"""What a vendor has written down, in the order it happened: all it knows follows from that. No HTTP, no JSON rules."""

from __future__ import annotations

import heapq
import threading
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from hms_syn.sandbox.journal import Lines
from hms_syn.sandbox.moments import a_moment, told, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Row = dict[str, Any]


class UnacceptableError(ValueError):
    """The vendor does not do what it was asked: an HTTP status, a short word, and the field it is about."""

    def __init__(self, status: int, code: str, *, field: str = "") -> None:
        super().__init__(f"{code}: {field}" if field else code)
        self.status, self.code, self.field = status, code, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request as the log keeps it: what was asked, the sender's idempotency key, the SHA-256 of the body."""

    operation: str
    key: str = ""
    digest: str = ""


class Ledger(ABC):
    """An append-only list of rows that any number of threads may use; with ``state`` it survives a restart.

    No timer runs: what has become due is written down whenever somebody looks, so that a change has the same number
    and time for every reader.
    """

    def __init__(self, *, clock: Callable[[], datetime] = utc_now, state: Path | None = None) -> None:
        self._clock = clock
        self.lock = threading.RLock()
        self.arrivals: list[Row] = []
        self._due: list[tuple[datetime, int, Row]] = []
        self._planned = 0
        self._latest = self._changed = datetime.min.replace(tzinfo=timezone.utc)
        self._lines = Lines(state) if state else None
        if self._lines:
            self._load(self._lines)

    @abstractmethod
    def apply(self, row: Row) -> None:
        """Take one row into memory: the only place where anything changes, also when a state file is read back."""

    @abstractmethod
    def come_due(self, plan: Row, at: datetime) -> list[Row]:
        """Return the rows that a plan becomes at its time; none where it has been overtaken."""

    @abstractmethod
    def received(self) -> dict[str, list[Row]]:
        """Everything the vendor knows, in the order it happened, as JSON values."""

    def arrived(self, call: Call, outcome: str, *, case_id: str = "") -> None:
        """Log a request that was not carried out, and why."""
        with self.lock:
            self.record(self.arrival(call, self.now(), outcome, case_id=case_id))

    def arrival(self, call: Call, at: datetime, outcome: str, *, case_id: str = "") -> Row:
        """Return the row that logs a request."""
        return {"kind": "arrival", "at": told(at), **asdict(call), "case_id": case_id, "outcome": outcome}

    def record(self, *rows: Row) -> None:
        """Write rows down, all of them or none, and only then believe them.

        :raises OSError: the state file cannot be written
        """
        if self._lines:
            self._lines.append(rows)
        for row in rows:
            self._take(row)

    def plan(self, at: datetime, plan: Row) -> None:
        """Have something come due."""
        self._planned += 1
        heapq.heappush(self._due, (at, self._planned, plan))

    def settle(self) -> datetime:
        """Write down all that has become due, in order of its time, and say what time it is."""
        now = self.now()
        while self._due and self._due[0][0] <= now:
            due, _, plan = self._due[0]
            rows = self.come_due(plan, max(due, self._changed))
            if rows:
                self.record(*rows)
            heapq.heappop(self._due)  # only once it is written down
        return now

    def now(self) -> datetime:
        """Read the clock, never earlier than what is already written."""
        return max(self._clock(), self._latest)

    def _take(self, row: Row) -> None:
        at = a_moment(row["at"])
        self._latest = max(self._latest, at)
        if row["kind"] == "arrival":
            self.arrivals.append(row)
        else:
            self._changed = max(self._changed, at)
            self.apply(row)

    def _load(self, lines: Lines) -> None:
        for number, rows in lines.load():
            try:
                for row in rows:
                    self._take(row)
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise lines.foreign(number) from error
