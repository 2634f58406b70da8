"""The demo's story: one eviction order, three vendors, three receipts, and what each vendor says afterwards."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hms_a2a import Bus
from hms_syn.cli import hand_offs
from hms_syn.cli.demo_vendors import STATUS_SECONDS, VENDORS, Record
from hms_syn.domain.ack import printable
from hms_syn.errors import NeedsOfficer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hms_syn.cli.local_airflow import LocalAirflow
    from hms_syn.store.sql_store import SqlStore

TOPIC = "hud.eviction.ordered"
ORDER: dict[str, Any] = {
    "case_id": "HUD-22-109",
    "hearing_date": "2024-09-02",
    "subsidy_id": "SUB-80113",
    "reason": "unsafe",
    "property": {"id": "PROP-4471", "address": "12 Mill Lane, Springfield"},
}
DELIVERED_WITHIN = 120.0
STATUSES_WITHIN = 90.0
ASKED_AGAIN_AFTER = 8.0
"""Seconds from one pull of a job to the next, where its last status has not come: a run takes about three."""


@dataclass(slots=True)
class Story:
    """What has happened so far: the message, each job's receipt, and the newest status that was brought back."""

    airflow: LocalAirflow
    store: SqlStore
    origins: Mapping[str, str]
    message_id: str = ""
    receipts: dict[str, Record] = field(default_factory=dict)
    statuses: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By job: the receipt and status in the newest record that the vendor gave us."""

    def deliver(self) -> None:
        """Publish one order and print the hand-offs until every vendor has said yes."""
        print(f"\n⏳  Listening for {TOPIC} …", flush=True)
        before = hand_offs.newest(self.store)
        self.message_id = Bus("hud").publish_topic(TOPIC, ORDER, ordering_key=ORDER["case_id"])
        print(f"→ {_now()} {self.message_id} published {TOPIC} {ORDER['case_id']}", flush=True)
        deadline = time.monotonic() + DELIVERED_WITHIN

        def all_delivered() -> bool:
            if time.monotonic() > deadline:
                missing = ", ".join(vendor.job for vendor in VENDORS if vendor.job not in self.receipts)
                logs = self.airflow.home / "logs"
                raise NeedsOfficer(f"Not delivered in {DELIVERED_WITHIN:.0f} s: {missing}; logs: {logs}")
            self.airflow.check()
            self._note_receipts()
            return len(self.receipts) == len(VENDORS)

        hand_offs.follow(self.store, [vendor.job for vendor in VENDORS], until=all_delivered, after=before)

    def bring_back(self) -> None:
        """Have each job's pull DAG ask its vendor until the vendor's last status is on the bus."""
        print("\nThe vendors change statuses by themselves; the pull DAGs bring them back:", flush=True)
        deadline = time.monotonic() + STATUSES_WITHIN
        ask_at = dict.fromkeys((vendor.job for vendor in VENDORS), time.monotonic() + STATUS_SECONDS)
        seen = 0
        while waiting := [v.job for v in VENDORS if self.statuses.get(v.job, ("", ""))[1] != v.last]:
            if time.monotonic() > deadline:
                raise NeedsOfficer(f"Not all statuses came back in {STATUSES_WITHIN:.0f} s: {', '.join(waiting)}")
            self.airflow.check()
            for job in waiting:
                if time.monotonic() >= ask_at[job]:
                    self.airflow.trigger(f"syn.{job}.pull")
                    ask_at[job] = time.monotonic() + ASKED_AGAIN_AFTER
            for event in self.store.read("syn.*.pulled", after=seen, limit=100):
                seen = event["seq"]
                self._note_status(event)
            time.sleep(0.3)

    def compare(self) -> None:
        """Hold our record against each vendor's own and print both.

        :raises NeedsOfficer: they differ
        """
        print("\nOur record and each vendor's own:", flush=True)
        differing = []
        for vendor in VENDORS:
            ours = Record(self.receipts[vendor.job].key, *self.statuses[vendor.job])
            theirs = vendor.records(self.origins[vendor.job])
            agree = theirs == [ours] and ours.reference == self.receipts[vendor.job].reference
            line = f"{'=' if agree else '≠'} {vendor.name:16} {ours.reference} is {ours.status}"
            print(printable(line if agree else f"{line}; it says {theirs}"), flush=True)
            differing += [] if agree else [vendor.name]
        if differing:
            raise NeedsOfficer(f"Our record and the vendor's own differ: {', '.join(differing)}")

    def _note_receipts(self) -> None:
        """Keep what the queue itself says of the message, once it is delivered."""
        for message in self.store.trace(self.message_id):
            for delivery in message["deliveries"]:
                if delivery["state"] == "delivered":
                    self.receipts[delivery["job"]] = Record(
                        delivery["idempotency_key"], delivery["reference"], delivery["status"]
                    )

    def _note_status(self, event: Mapping[str, Any]) -> None:
        job = event["topic"].removeprefix("syn.").removesuffix(".pulled")
        record = event["payload"]
        self.statuses[job] = (str(record.get("reference")), str(record.get("status")))
        words = (
            f"← {_now()} {event['topic']}  {record.get('caseId')}: {record.get('reference')} is {record.get('status')}"
        )
        print(printable(words), flush=True)


def _now() -> str:
    return time.strftime("%H:%M:%S", time.gmtime())
