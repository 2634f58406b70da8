"""A day at an agency, made by the real flow in a real store: what the pages are walked with, and photographed.

The vendors are mailboxes of this process with a mood; all else is the product.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hms_syn.adapters.in_memory_v1 import InMemoryV1, mailbox
from hms_syn.domain.job_spec import JobSpec, Pull, Push, Retry
from hms_syn.domain.topic_event import new_event
from hms_syn.domain.vendor_health import Verdict
from hms_syn.errors import NotSent, OutcomeUnknown, VendorBusy, VendorRefused
from hms_syn.flow import heartbeat, switch
from hms_syn.flow.publish import publish
from hms_syn.flow.pull import pull
from hms_syn.flow.push import Drain
from hms_syn.ports import Act
from hms_syn.store.desk import Desk
from hms_syn.store.vendor_board import VendorBoard

if TYPE_CHECKING:
    from hms_syn.domain.ack import Ack
    from hms_syn.domain.delivery import Delivery
    from hms_syn.store.sql_store import SqlStore

PAULA = Act(actor="paula", reason="the hospital moves house until noon")
AWAY = Retry(initial_delay=3600.0, max_delay=3600.0, jitter=0.0)
COURT, PAYMENTS, HOSPITAL, RECORDS = "county_court", "state_payments", "county_hospital", "records_office"


class Moody(InMemoryV1):
    """A vendor that answers each message with the next of its moods, then as a mailbox does."""

    idempotent = False
    finds = False
    moods: list[Exception]
    receipt = "CAL-{0}"

    def send(self, message: Delivery) -> Ack:
        if self.moods:
            raise self.moods.pop(0)
        return super().send(message)

    def _reference(self, message: Delivery) -> str:
        return self.receipt.format(1041 + list(self._mailbox.received).index(message.idempotency_key))


@dataclass
class Scene:
    """The jobs of the day, by id, and the message whose flight was the longest."""

    store: SqlStore
    retry: float = 0.05
    jobs: dict[str, JobSpec] = field(default_factory=dict)
    flight: str = ""
    doubtful: str = ""
    dead: list[str] = field(default_factory=list)

    def play(self) -> Scene:
        """Let the day happen."""
        self._job(COURT, "HUD → CountyCourtCalendar", "hud.hearing.created", "https://court.example.gov/soap")
        self._job(PAYMENTS, "Rent → State Payments", "hud.rent.held", "https://pay.example.gov/v2")
        self._job(HOSPITAL, "Intake → County Hospital", "hud.intake.opened", "https://hospital.example.org/fhir/R4")
        self._job(RECORDS, "Deeds → Records Office", "hud.deed.filed", "https://records.example.gov/api")
        for job, many in ((COURT, 8), (PAYMENTS, 5), (HOSPITAL, 6), (RECORDS, 4)):
            self.publish(job, many)
            self.drain(job)
        self._fly()
        self.publish(RECORDS, 2)
        self.dead = self.publish(RECORDS, 2)
        self.drain(RECORDS, *(VendorRefused(code="http_422") for _ in range(4)))
        self.doubtful = self.doubt()
        for job in self.jobs:
            self.vendor(job, is_up=job != COURT)
        self.publish(HOSPITAL, 3)
        switch.pause(self.store, HOSPITAL, PAULA)
        self.publish(COURT, 4)
        self.drain(COURT, *(NotSent(code="connect_refused") for _ in range(4)))
        return self

    def doubt(self) -> str:
        """Send a message that the vendor may have, with two behind it; return its id."""
        [doubtful, *_] = self.publish(PAYMENTS, 3)
        self.drain(PAYMENTS, OutcomeUnknown(code="timeout"))
        return doubtful

    def _fly(self) -> None:
        """Send one message that has a long way to go: away, busy, refused, replayed, accepted, spoken of."""
        [self.flight] = self.publish(COURT, 1)
        self.drain(COURT, NotSent(code="connect_timeout"), VendorBusy(code="http_503"), VendorRefused(code="http_422"))
        Desk(self.store).replay(self.flight, Act(actor="paula", reason="the clerk has mended the court's calendar"))
        self.drain(COURT)
        job = self.jobs[COURT]
        receipt = self.store.trace(self.flight)[0]["deliveries"][0]["reference"]
        mailbox(job.target_endpoint).records.append({"id": "change-1", "reference": receipt, "status": "CONFIRMED"})
        pull(job, self.store, InMemoryV1(job, None, self.store))

    def _job(self, job: str, name: str, topic: str, endpoint: str) -> None:
        spec = JobSpec(
            id=job,
            name=name,
            file=f"{job}.yaml",
            push_adapter="in_memory.v1",
            pull_adapter="in_memory.v1",
            source_topics=(topic,),
            target_endpoint=endpoint,
            push=Push(on_unknown="hold", ordering_key="case_id"),
            pull=Pull(publish_topic=f"syn.{job}.pulled"),
            retry=Retry(initial_delay=self.retry, max_delay=self.retry, jitter=0.0),
        )
        self.jobs[job] = spec
        self.store.register(spec)

    def publish(self, job: str, many: int) -> list[str]:
        """Publish so many events for a job; return their ids."""
        [topic] = self.jobs[job].source_topics
        cases = [f"HUD-22-{n}" for n in range(109, 109 + many)]
        events = [
            new_event(topic, {"case_id": case, "date": "2024-09-02"}, agency="hud", ordering_key=case) for case in cases
        ]
        publish(self.store, events)
        return [event.message_id for event in events]

    def drain(self, job: str, *moods: Exception, receipt: str = "CAL-{0}") -> None:
        """Send what is due, the vendor being in these moods first; come back for what it puts off, until they end."""
        is_away = bool(moods) and isinstance(moods[-1], NotSent)
        spec = replace(self.jobs[job], retry=AWAY) if is_away else self.jobs[job]
        vendor = Moody(spec, None, self.store)
        vendor.moods, vendor.receipt = list(moods), receipt
        worker = Drain(
            job=spec, store=self.store, adapter=vendor, owner="scene", stop=lambda: is_away and not vendor.moods
        )
        while True:
            worker.run()
            due = self.store.next_due(job)
            if due is None or is_away or due > self.retry + 1:
                return
            time.sleep(max(due, 0.01))

    def vendor(self, job: str, *, is_up: bool) -> None:
        """Have the vendor of a job answer its heartbeat, or not, until that counts."""
        spec = self.jobs[job]
        board, [vendor] = VendorBoard(self.store), heartbeat.vendors_of([spec]).values()
        board.watch({spec.target_endpoint: 3600.0})
        verdict, code = (Verdict.ANSWERED, "") if is_up else (Verdict.FAILED, "connect_refused")
        for _ in range(spec.heartbeat.offline_after):
            board.note([heartbeat.found(vendor, verdict, code=code)], heartbeat.news)
