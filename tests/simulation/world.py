"""The world of one schedule: two jobs that may share a vendor, their workers, publishers, time; and what must hold."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from random import Random
from typing import TYPE_CHECKING, Any

from tests.simulation import arrivals, gates, promises
from tests.simulation.clock import BEGIN, Clock
from tests.simulation.database import Database, Fate, Killed
from tests.simulation.record import Record
from tests.simulation.vendor import Vendor
from tests.simulation.worker import Order, Worker

from hms_syn.domain.job_spec import Breaker, JobSpec, Push, Retry
from hms_syn.domain.topic_event import new_event
from hms_syn.errors import PayloadConflict, StoreUnavailable
from hms_syn.flow.publish import publish
from hms_syn.store.desk import Desk

if TYPE_CHECKING:
    from tests.simulation.vendor import Arrival

    from hms_syn.domain.delivery import Delivery

TOPIC = "hud.hearing.created"
LEASE = 10.0
RETRY = Retry(initial_delay=1, multiplier=2, max_delay=30, jitter=0.2)


def make_job(job_id: str, **changes: Any) -> JobSpec:
    """Build a job with short times; ``push`` is given as its options."""
    options = {"timeout": 3.0, "lease": LEASE, "breaker": Breaker(after=2, open_for=20.0), **changes.pop("push", {})}
    wanted: dict[str, Any] = {
        "id": job_id,
        "name": job_id,
        "file": f"{job_id}.yaml",
        "source_topics": (TOPIC,),
        "target_endpoint": "https://court.example.gov/",
        "retry": RETRY,
        **changes,
    }
    return JobSpec(push=Push(**options), **wanted)


@dataclass
class World:
    """What a schedule acts on. Each act is one method; after each the promises are checked."""

    database: Database
    clock: Clock
    seed: int = 0
    vendor: Vendor = field(default_factory=Vendor)
    specs: dict[str, JobSpec] = field(default_factory=dict)
    traits: dict[str, tuple[bool, bool]] = field(default_factory=dict)
    workers: list[Worker] = field(default_factory=list)
    offered: dict[str, str] = field(default_factory=dict)
    returned: dict[str, list[str]] = field(default_factory=dict)
    not_before: dict[tuple[str, str], float] = field(default_factory=dict)
    tips: dict[str, str] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    story: list[str] = field(default_factory=list)
    record: Record = field(default_factory=Record)
    edited: bool = False
    count: int = 0

    def __post_init__(self) -> None:
        self.clock.now = BEGIN
        self.database.reset()
        self.draw = Random(self.seed).random
        self.desk = Desk(self.database.publishers)
        self._seen = self.database.version

    def register(self, job: JobSpec, *, idempotent: bool = True, finds: bool = False) -> None:
        """Make a job known, or edit it; workers that run already keep what they have read."""
        self.tell("register", job.id, job.push, job.target_endpoint, job.on_refused, idempotent, finds)
        self.edited = self.edited or job.id in self.specs
        self.specs[job.id] = job
        self.traits[job.id] = (idempotent, finds)
        self.database.workers.register(job)
        self.check()

    def publish(self, payloads: list[dict[str, Any]], fate: Fate = Fate.NONE) -> list[str]:
        """Publish new events in one call; return their ids."""
        self.count += 1
        ids = [f"m{self.count}.{place}" for place in range(len(payloads))]
        for message_id, payload in zip(ids, payloads, strict=True):
            self.offered[message_id] = self._event(message_id, payload).body
        self._offer([self._event(*one) for one in zip(ids, payloads, strict=True)], fate)
        return ids

    def publish_again(self, message_id: str, fate: Fate = Fate.NONE) -> None:
        """Publish what was offered before under the same id, as a publisher does that got no answer."""
        self._offer([self._event(message_id, json.loads(self.offered[message_id]))], fate)

    def publish_another(self, message_id: str) -> None:
        """Try to publish another payload under an id that is taken."""
        if message_id not in self.record.published:
            return
        self.tell("publish another", message_id)
        try:
            publish(self.database.publishers, [self._event(message_id, {"case": "another"})])
        except PayloadConflict:
            return
        self.violations.append(f"I7 {message_id} was changed by publishing again")

    def publish_joined(self, payload: dict[str, Any], *, commits: bool) -> None:
        """Publish within the publisher's own transaction, which it commits or not."""
        self.count += 1
        message_id = f"m{self.count}.0"
        self.tell("publish joined", message_id, payload, commits)
        event = self._event(message_id, payload)
        with self.database.theirs.connect() as connection:
            publish(self.database.publishers, [event], connection=connection)
            if commits:
                connection.commit()
                self.offered[message_id] = event.body
                self.returned[message_id] = list(self.specs)
            else:
                connection.rollback()
        self.check()

    def start(self, job_id: str) -> Worker:
        """Start a worker with the job as its file says now."""
        self.count += 1
        worker = Worker(self, self.specs[job_id], f"w{self.count}", self.traits[job_id])
        self.tell("start", worker.owner, job_id)
        self.workers.append(worker)
        return worker

    def step(self, worker: Worker, order: Order) -> None:
        """Let a worker go on by one step."""
        before = self.record
        where = worker.step(order)
        self.database.fate = Fate.NONE
        self.tell(worker.owner, order.fate.name, order.answer.name, order.stops, "→", where)
        if not worker.alive:
            self.workers.remove(worker)
        if self.check():
            self.violations += gates.broken(self, worker, before, self.record)
            self.verdict()

    def kill(self, worker: Worker) -> None:
        """End a worker's process where it stands."""
        self.tell("kill", worker.owner, "at", worker.at)
        worker.kill()
        self.workers.remove(worker)
        self.check()

    def tick(self, seconds: float) -> None:
        """Let time pass."""
        self.tell("tick", seconds)
        self.clock.now += seconds

    def arrived(self, worker: Worker, message: Delivery, *, takes: bool, late: bool) -> None:
        """A request has reached the vendor."""
        arrival: Arrival = self.vendor.arrive(worker.spec.target_endpoint, message, takes=takes, late=late)
        self.violations += arrivals.broken(self, worker, message, arrival)

    def check(self) -> bool:
        """Read what is committed, if anything is new, and raise when a promise is broken."""
        version = self.database.version
        is_new = self._seen != version
        if is_new:
            self._seen = version
            before, self.record = self.record, self.record.next(self.database)
            self.violations += promises.broken(self, before, self.record)
            self._note_when_due()
        self.verdict()
        return is_new

    def verdict(self) -> None:
        """Raise when a promise is broken, with the story that led there."""
        if self.violations:
            story = "\n".join(f"  {line}" for line in self.story)
            raise AssertionError("\n".join([*self.violations, "the story:", story]))

    def tell(self, *words: object) -> None:
        """Add to the story."""
        self.story.append(f"{self.clock.monotonic():8.1f}  " + " ".join(str(word) for word in words))

    def end(self) -> None:
        """Kill what still runs."""
        for worker in self.workers:
            worker.kill()
        self.workers.clear()

    def _offer(self, events: list[Any], fate: Fate) -> None:
        self.tell("publish", [(event.message_id, event.body[:60]) for event in events], fate.name)
        self.database.fate = fate
        try:
            publish(self.database.publishers, events)
        except (Killed, StoreUnavailable):
            pass
        else:
            for event in events:
                jobs = [] if event.message_id in self.record.published else list(self.specs)
                self.returned.setdefault(event.message_id, jobs)
        self.database.fate = Fate.NONE
        self.check()

    def _event(self, message_id: str, payload: dict[str, Any]) -> Any:
        return new_event(TOPIC, payload, agency="hud", message_id=message_id)

    def _note_when_due(self) -> None:
        """Remember until when the vendor wants to hear nothing of a message, as its adapter was told."""
        for row in self.record.fresh:
            wait = row["said"].get("detail", {}).get("wait_s")
            if wait is not None:
                self.not_before[row["job"], row["message_id"]] = self.clock.now + wait
            if row["event"] in ("replayed", "resolved"):
                self.not_before.pop((row["job"], row["message_id"]), None)


def renewed(job: JobSpec, **changes: Any) -> JobSpec:
    """Return a job as its file says after an edit; ``push`` is given as its changed options."""
    push = replace(job.push, **changes.pop("push", {})) if job.push else None
    return replace(job, push=push, **changes)
