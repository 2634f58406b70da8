"""A store whose clock is the test's, a job or two, and the post of those who are told."""

from __future__ import annotations

from tests.conftest import make_job

from hms_syn.domain.job_spec import Alerts, Breaker, Heartbeat, Notifier, Push
from hms_syn.domain.vendor_health import Ping, Verdict
from hms_syn.flow.alerts import look, tell
from hms_syn.flow.heartbeat import news
from hms_syn.ports import Act
from hms_syn.store.vendor_board import VendorBoard
from hms_syn.store.watch import Watch

MAIL = Notifier(type="smtp", connection_id="smtp_default", options={"to": "ops@example.gov"})
PAGER = Notifier(type="pagerduty")
OPS = Alerts(notifiers=(MAIL,))
HOUR = 3600
CLERK = Act(actor="clerk", reason="looked into it")


class Post:
    """Takes every alert, or none while it is down; notifiers whose kind is in ``deaf`` never."""

    def __init__(self):
        self.alerts = []
        self.down = False
        self.deaf = set()

    def send(self, notifier, alert):
        if self.down or notifier.type in self.deaf:
            raise ConnectionRefusedError("pa55word")
        self.alerts.append((notifier.type, alert))

    @property
    def told(self):
        return [(alert.kind, alert.step) for _, alert in self.alerts]


class Room:
    """What a test does to a store: register, let time pass, ping, look and tell. ``send`` tells; else the post does."""

    def __init__(self, store, clock, *, send=None):
        self.store, self.clock, self.watch, self.post = store, clock, Watch(store), Post()
        self.send = send or self.post.send

    def job(self, job_id="court", **changes):
        job = make_job(job_id, **{"alerts": OPS, "push": Push(), **changes})
        self.store.register(job)
        return job

    def later(self, seconds):
        self.clock[0] += seconds

    def go(self):
        """Look, and tell if the bell rings; return what was told."""
        before = len(self.post.told)
        if look(self.watch):
            tell(self.watch, self.send, link=lambda dag_id: f"https://airflow.example.gov/dags/{dag_id}")
        return self.post.told[before:]

    def ping(self, job, *, answers):
        verdict = Verdict.ANSWERED if answers else Verdict.FAILED
        code, note = ("", "") if answers else ("connect", "No connection could be made.")
        ping = Ping(
            endpoint=job.target_endpoint, verdict=verdict, code=code, note=note,
            rules=Heartbeat(offline_after=1), breaker=Breaker(),
        )  # fmt: skip
        VendorBoard(self.store).watch({job.target_endpoint: 30.0})
        VendorBoard(self.store).note([ping], news)
