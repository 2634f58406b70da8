"""The gateway's book: holds on payments, and every status they have had. No HTTP."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from hms_syn.sandbox.ledger import Call, Ledger, Row, UnacceptableError
from hms_syn.sandbox.moments import a_moment, told, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

FIELDS = {"caseId": True, "subsidyId": True, "reason": True, "effectiveDate": True, "note": False}
"""A hold's fields, and whether each must be there."""
MAX_PAGE = 500


class Gateway(Ledger):
    """A book of holds that any number of threads may use. A hold is PLACED, and CONFIRMED by itself a while later."""

    def __init__(
        self, *, clock: Callable[[], datetime] = utc_now, confirm_after: float = 5.0, state: Path | None = None
    ) -> None:
        if confirm_after < 0:
            raise ValueError("confirm_after cannot be negative")
        self._confirm_after = timedelta(seconds=confirm_after)
        self._holds: dict[str, Row] = {}
        self._by_key: dict[str, str] = {}
        self._statuses: list[Row] = []
        self._present: dict[str, Row] = {}
        super().__init__(clock=clock, state=state)

    def place(self, call: Call, body: Mapping[str, Any], *, note: str = "") -> tuple[bool, Row]:
        """Place a hold, or recognise it; return whether it is new, and its receipt as it was first given.

        :raises UnacceptableError: a field is wrong, or the key stands for another hold
        """
        with self.lock:
            now = self.settle()
            case_id = str(body.get("caseId", ""))
            try:
                _check(body)
                known = self._known(call) if note != "forgetful" else None
            except UnacceptableError as error:
                self.arrived(call, f"refused: {error}", case_id=case_id)
                raise
            hold = known or self._hold(call, body, now)
            did = f"already placed {hold['reference']}" if known else f"placed {hold['reference']}"
            arrival = self.arrival(call, now, f"{note}: {did}" if note else did, case_id=case_id)
            self.record(*([] if known else [hold]), arrival)
        return known is None, _receipt(hold)

    def hold(self, call: Call, key: str) -> Row:
        """Return the hold of an idempotency key or a reference as it stands now.

        :raises UnacceptableError: 404, there is none
        """
        with self.lock:
            now = self.settle()
            hold = self._holds.get(self._by_key.get(key, key))
            self.record(self.arrival(call, now, f"read {hold['reference']}" if hold else "found nothing"))
            if hold is None:
                raise UnacceptableError(404, "no_such_hold")
            present = self._present[hold["reference"]]
            return _receipt(hold) | {"status": present["status"], "changedAt": present["at"]}

    def statuses(
        self, call: Call, *, since: datetime | None, after: int | None, limit: int
    ) -> tuple[list[Row], int | None]:
        """Return statuses in the order they came about, and the place to go on after where there are more."""
        with self.lock:
            now = self.settle()
            later = self._statuses[after or 0 :]  # status n stands at place n - 1
            found = [row for row in later if since is None or a_moment(row["at"]) >= since]
            page = found[:limit]
            self.record(self.arrival(call, now, f"listed {len(page)} of {len(found)} statuses"))
            rows = [
                {
                    "id": row["id"],
                    "reference": row["reference"],
                    "caseId": self._holds[row["reference"]]["case_id"],
                    "idempotencyKey": self._holds[row["reference"]]["key"],
                    "status": row["status"],
                    "changedAt": row["at"],
                }
                for row in page
            ]
            return rows, page[-1]["id"] if len(page) < len(found) else None

    def received(self) -> dict[str, list[Row]]:
        """Everything the gateway knows: holds with their present status, statuses, requests."""
        with self.lock:
            self.settle()
            attempts = Counter(row["key"] for row in self.arrivals if row["key"] and row["operation"].startswith("P"))
            holds = [
                {name: value for name, value in hold.items() if name not in {"kind", "digest"}}
                | {"status": self._present[hold["reference"]]["status"], "arrivals": attempts[hold["key"]] or 1}
                for hold in self._holds.values()
            ]
            plain = ({name: value for name, value in row.items() if name != "kind"} for row in self._statuses)
            arrivals = [{name: value for name, value in row.items() if name != "kind"} for row in self.arrivals]
            return {"holds": holds, "statuses": list(plain), "arrivals": arrivals}

    def apply(self, row: Row) -> None:
        """Take a hold, which is also its first status, or a later status."""
        if row["kind"] == "hold":
            self._holds[row["reference"]] = row
            self._by_key.setdefault(row["key"], row["reference"])
            self.plan(a_moment(row["at"]) + self._confirm_after, {"reference": row["reference"], "status": "CONFIRMED"})
        status = {
            "kind": "status",
            "id": len(self._statuses) + 1,
            "reference": row["reference"],
            "status": row.get("status", "PLACED"),
            "at": row["at"],
        }
        self._statuses.append(status)
        self._present[row["reference"]] = status

    def come_due(self, plan: Row, at: datetime) -> list[Row]:
        """Confirm a hold that is still only placed."""
        if self._present[plan["reference"]]["status"] != "PLACED":
            return []
        return [{"kind": "status", "at": told(at), **plan}]

    def _known(self, call: Call) -> Row | None:
        """Return the hold this key stands for; the same key with another body is refused."""
        reference = self._by_key.get(call.key)
        if reference is None:
            return None
        hold = self._holds[reference]
        if hold["digest"] != call.digest:
            raise UnacceptableError(422, "idempotency_key_reused")
        return hold

    def _hold(self, call: Call, body: Mapping[str, Any], now: datetime) -> Row:
        return {
            "kind": "hold",
            "reference": f"HOLD-{len(self._holds) + 1:06d}",
            "case_id": body["caseId"],
            "subsidy_id": body["subsidyId"],
            "reason": body["reason"],
            "effective_date": body["effectiveDate"],
            "at": told(now),
            "key": call.key,
            "digest": call.digest,
        }


def _receipt(hold: Row) -> Row:
    return {
        "reference": hold["reference"],
        "status": "PLACED",
        "caseId": hold["case_id"],
        "subsidyId": hold["subsidy_id"],
        "effectiveDate": hold["effective_date"],
        "placedAt": hold["at"],
        "idempotencyKey": hold["key"],
    }


def _check(body: Mapping[str, Any]) -> None:
    for name in body:
        if name not in FIELDS:
            raise UnacceptableError(422, "unknown_field", field=name)
    for name, must in FIELDS.items():
        value = body.get(name)
        if value is None and not must:
            continue
        if not isinstance(value, str) or not value.strip():
            raise UnacceptableError(422, "missing" if value is None else "not_text", field=name)
    try:
        date.fromisoformat(body["effectiveDate"])
    except ValueError:
        raise UnacceptableError(422, "not_a_date", field="effectiveDate") from None
