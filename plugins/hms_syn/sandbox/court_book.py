"""The court's book: hearings, their changes of status, and every request that arrived. No HTTP, no XML."""

from __future__ import annotations

import heapq
import threading
from collections import Counter
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from hms_syn.sandbox.court_records import Arrival, Call, Change, Entry, Hearing, Journal, Visit, plain
from hms_syn.sandbox.moments import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Done = tuple[list[Entry], dict[str, Any], str]


class UnacceptableError(ValueError):
    """The caller asked for something this court cannot do; the text says what."""


class Court:
    """A calendar that any number of threads may call; with ``state`` it survives a restart.

    Hearings move on by themselves: SCHEDULED, then CONFIRMED. No timer runs: what has become due is written down
    whenever somebody looks, so that a change has the same id and time for every reader.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] = utc_now,
        schedule_after: float = 2.0,
        confirm_after: float = 5.0,
        state: Path | None = None,
    ) -> None:
        if not 0 <= schedule_after <= confirm_after:
            raise ValueError("a hearing is scheduled first and confirmed later: 0 <= schedule_after <= confirm_after")
        self._clock = clock
        self._steps = (("SCHEDULED", schedule_after), ("CONFIRMED", confirm_after))
        self._lock = threading.RLock()
        self._hearings: dict[str, Hearing] = {}
        self._statuses: dict[str, list[str]] = {}
        self._changes: list[Change] = []
        self._arrivals: list[Arrival] = []
        self._visits: list[Visit] = []
        self._attempts: Counter[str] = Counter()
        self._letters: dict[str, tuple[str, ...]] = {}
        self._receipts: dict[str, str] = {}
        self._due: list[tuple[datetime, str, int]] = []
        self._latest = datetime.min.replace(tzinfo=timezone.utc)
        self._journal = Journal(state) if state else None
        for entry in self._journal.load() if self._journal else ():
            self._apply(entry)

    def handle(self, call: Call, *, note: str = "") -> dict[str, Any]:
        """Do what the call asks, log its arrival in the same breath, and give the answer's fields."""
        acts = {
            "CreateHearing": self._create,
            "CancelHearing": self._cancel,
            "GetHearing": self._get,
            "FindHearing": self._look_up,
            "ListHearingChanges": self._list,
        }
        with self._lock:
            now = self._settle()
            try:
                entries, answer, outcome = acts[call.operation](call, now)
            except UnacceptableError as error:
                self.arrived(call, f"fault: {error}")
                raise
            self._record(*entries, self._arrival(call, now, f"{note}: {outcome}" if note else outcome))
        return answer

    def arrived(self, call: Call, outcome: str) -> None:
        """Log a request that was not carried out, and why."""
        with self._lock:
            self._record(self._arrival(call, self._now(), outcome))

    def now(self) -> datetime:
        """Read the court's clock."""
        with self._lock:
            return self._now()

    def visited(self, call: Call, began: datetime, ended: datetime | None, digest: str) -> None:
        """Note that a request is over."""
        visit = Visit(began=began, ended=ended, message_id=call.message_id, operation=call.operation, digest=digest)
        with self._lock:
            self._record(visit, durable=False)

    def received(self) -> dict[str, list[dict[str, Any]]]:
        """Everything the court knows, in the order it happened, as plain JSON values."""
        with self._lock:
            self._settle()
            hearings = [
                plain(hearing)
                | {"status": self._statuses[reference][-1], "arrivals": self._attempts[hearing.message_id] or 1}
                for reference, hearing in self._hearings.items()
            ]
            changes = [plain(change) for change in self._changes]
            arrivals = [plain(arrival) for arrival in self._arrivals]
            visits = [plain(visit) for visit in self._visits]
        for row in changes:
            del row["message_id"]
        return {"hearings": hearings, "arrivals": arrivals, "changes": changes, "visits": visits}

    def _create(self, call: Call, now: datetime) -> Done:
        if self._is_repeat(call):
            reference = self._receipts[call.message_id]
            return [], {"reference": reference, "status": "ALREADY-ACCEPTED"}, f"already accepted {reference}"
        reference = f"COURT-{len(self._hearings) + 1:06d}"
        hearing = Hearing(
            reference=reference,
            case_id=call.values["caseId"],
            hearing_date=call.values["hearingDate"].isoformat(),
            received_at=now,
            message_id=call.message_id,
        )
        return [hearing], {"reference": reference, "status": "ACCEPTED"}, f"accepted {reference}"

    def _cancel(self, call: Call, now: datetime) -> Done:
        hearing, reference = self._find(call), call.values["reference"]
        if self._is_repeat(call) or self._statuses[reference][-1] == "CANCELLED":
            return [], {"reference": reference, "status": "ALREADY-CANCELLED"}, f"already cancelled {reference}"
        change = self._change(hearing, "CANCELLED", now, message_id=call.message_id)
        return [change], {"reference": reference, "status": "CANCELLED"}, f"cancelled {reference}"

    def _get(self, call: Call, _now: datetime) -> Done:
        hearing = self._find(call)
        return [], self._told(hearing), f"read {hearing.reference}"

    def _look_up(self, call: Call, _now: datetime) -> Done:
        message_id, case_id = (call.values.get(name) for name in ("messageId", "caseId"))
        if message_id is None and case_id is None:
            raise UnacceptableError("ask by messageId, by caseId, or by both")
        for hearing in reversed(self._hearings.values()):
            if message_id in {None, hearing.message_id} and case_id in {None, hearing.case_id}:
                return [], {"hearing": self._told(hearing)}, f"found {hearing.reference}"
        return [], {}, "found nothing"

    def _list(self, call: Call, _now: datetime) -> Done:
        since, size, after = (call.values.get(name) for name in ("changedSince", "pageSize", "after"))
        if size is not None and size < 1:
            raise UnacceptableError("pageSize must be 1 or more")
        if after is not None and not (after.isascii() and after.isdigit() and len(after) < 20):  # noqa: PLR2004 - a long
            raise UnacceptableError("after is not a place this court has given out")
        later = self._changes[int(after or 0) :]  # change n stands at place n - 1
        found = [change for change in later if since is None or change.changed_at >= since]
        page = found[:size]
        answer: dict[str, Any] = {"change": [_shown(change) for change in page]}
        if len(page) < len(found):
            answer["next"] = str(page[-1].change_id)
        return [], answer, f"listed {len(page)} of {len(found)} changes"

    def _told(self, hearing: Hearing) -> dict[str, Any]:
        return {
            "reference": hearing.reference,
            "caseId": hearing.case_id,
            "hearingDate": date.fromisoformat(hearing.hearing_date),
            "status": self._statuses[hearing.reference][-1],
            "receivedAt": hearing.received_at,
        }

    def _find(self, call: Call) -> Hearing:
        hearing = self._hearings.get(call.values["reference"])
        if hearing is None:
            raise UnacceptableError("no hearing of this reference is on the calendar")
        return hearing

    def _is_repeat(self, call: Call) -> bool:
        """Whether this very letter came before; another letter under the same id is refused."""
        known = self._letters.get(call.message_id)
        if known is not None and known != (call.operation, *map(str, call.values.values())):
            raise UnacceptableError("this MessageID was used before for another request")
        return known is not None

    def _change(self, hearing: Hearing, status: str, at: datetime, *, message_id: str = "") -> Change:
        return Change(
            change_id=len(self._changes) + 1,
            reference=hearing.reference,
            case_id=hearing.case_id,
            status=status,
            changed_at=at,
            message_id=message_id,
        )

    def _arrival(self, call: Call, at: datetime, outcome: str) -> Arrival:
        hearing = self._hearings.get(str(call.values.get("reference", "")))
        case_id = hearing.case_id if hearing else str(call.values.get("caseId", ""))
        return Arrival(at=at, message_id=call.message_id, case_id=case_id, operation=call.operation, outcome=outcome)

    def _now(self) -> datetime:
        """Read the clock, never earlier than what is already in the book."""
        return max(self._clock(), self._latest)

    def _settle(self) -> datetime:
        """Write down every change that has become due, in order of its time, and say what time it is."""
        now = self._now()
        while self._due and self._due[0][0] <= now:
            due, reference, step = self._due[0]
            status = self._steps[step][0]
            if not {status, "CANCELLED"} & set(self._statuses[reference]):
                last = self._changes[-1].changed_at if self._changes else due
                self._record(self._change(self._hearings[reference], status, max(due, last)))
            heapq.heappop(self._due)  # only once it is written down
        return now

    def _record(self, *entries: Entry, durable: bool = True) -> None:
        if self._journal:
            self._journal.append(entries, durable=durable)
        for entry in entries:
            self._apply(entry)

    def _apply(self, entry: Entry) -> None:
        """Take one entry into memory: the only place where anything changes, also when a state file is read back."""
        if isinstance(entry, Arrival):
            self._latest = max(self._latest, entry.at)
            self._arrivals.append(entry)
            if entry.message_id and entry.operation == "CreateHearing":
                self._attempts[entry.message_id] += 1
        elif isinstance(entry, Visit):
            self._visits.append(entry)
        elif isinstance(entry, Change):
            self._changes.append(entry)
            self._statuses[entry.reference].append(entry.status)
            if entry.message_id:
                self._letters[entry.message_id] = ("CancelHearing", entry.reference)
        else:
            self._hearings[entry.reference] = entry
            self._statuses[entry.reference] = ["ACCEPTED"]
            if entry.message_id:
                self._receipts[entry.message_id] = entry.reference
                self._letters[entry.message_id] = ("CreateHearing", entry.case_id, entry.hearing_date)
            for step, (_status, after) in enumerate(self._steps):
                heapq.heappush(self._due, (entry.received_at + timedelta(seconds=after), entry.reference, step))


def _shown(change: Change) -> dict[str, Any]:
    return {
        "changeId": change.change_id,
        "reference": change.reference,
        "caseId": change.case_id,
        "status": change.status,
        "changedAt": change.changed_at,
    }
