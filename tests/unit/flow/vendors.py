"""Vendors that do what a test's script says, and the waiting that a queue needs."""

from __future__ import annotations

import time
from collections import Counter

from hms_syn.domain.ack import Ack
from hms_syn.domain.topic_event import new_event
from hms_syn.flow.push import Drain

TOPIC = "hud.hearing.created"


class Scripted:
    """Answers each send with the next word of its script: a receipt, an error to raise, or something to call."""

    idempotent = True
    finds = False

    def __init__(self, *script):
        self.script = list(script)
        self.sent = []

    def send(self, message):
        self.sent.append(message)
        word = self.script.pop(0) if self.script else Ack(reference=f"R-{len(self.sent)}", status="ACCEPTED")
        if callable(word):
            word = word()
        if isinstance(word, BaseException):
            raise word
        return word

    @property
    def order(self):
        """The message ids in the order they came."""
        return [message.message_id for message in self.sent]


class Pages:
    """Gives its pages, whatever the cursor; one that is an error is raised."""

    def __init__(self, *pages):
        self.pages = pages
        self.asked = []

    def pull(self, cursor):
        self.asked.append(cursor)
        for page in self.pages:
            if isinstance(page, BaseException):
                raise page
            yield page


def hearing(number=1, *, message_id=None, **payload):
    return new_event(
        TOPIC, {"case_id": f"HUD-{number}", **payload}, agency="hud", message_id=message_id or f"m{number}"
    )


def drain(store, job, adapter, **options):
    """One worker, and the list of what it reported."""
    reports = []
    return Drain(job=job, store=store, adapter=adapter, owner="w1", report=reports.append, **options), reports


def settle(store, job, worker):
    """Run a worker until nothing of its job is open, coming back when a lane is due."""
    deadline = time.monotonic() + 15
    worker.run()
    while (due := store.next_due(job.id)) is not None:
        assert time.monotonic() < deadline, "not settled in 15 s"
        time.sleep(max(due, 0.002))
        worker.run()


def trail(store, message_id="m1"):
    """Return a message's events in the audit trail, without those that every message begins with."""
    return [row["event"] for row in store.audit_rows() if row["message_id"] == message_id][2:]


def state(store, message_id="m1"):
    """Where a message stands at its one job."""
    return store.trace(message_id)[0]["deliveries"][0]["state"]


def topics(store):
    """How many events of each topic are on the bus."""
    return Counter(event["topic"] for event in store.read("*", after=0, limit=1000))
