"""The push task: drain the job's queue, linger while it is warm, and hand the waiting over to Airflow's retries."""

from __future__ import annotations

import contextlib
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator, RetryDecision, RetryPolicy
from airflow.sdk.exceptions import AirflowFailException

from hms_syn import settings
from hms_syn.domain.durations import in_words
from hms_syn.operators import hand_off_log
from hms_syn.operators.announcements import Announcements, note_that_airflow_knows
from hms_syn.operators.links import MessagesLink
from hms_syn.operators.push_report import COUNTED, report_of, state_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from airflow.providers.openlineage.extractors import OperatorLineage
    from airflow.sdk import Context

    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.flow.hand_off import HandOff
    from hms_syn.store.sql_store import SqlStore

RESERVED_GRACE = 15.0
"""Seconds after the due time until the bell rings for a lane whose own run did not come back."""
WARM_POLL = 0.05
OWNER_CHARS = 190
"""Of job and run id: short enough that a message of the run, numbered, still has a message id's length."""


class HeadBackingOff(Exception):
    """The head of the queue waits for its next try."""

    def __init__(self, reason: str, *, wait: float) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait


class QueueDueTime(RetryPolicy):
    """Airflow retries a waiting push exactly when the queue says its head is due; other failures as usual."""

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Context | None = None
    ) -> RetryDecision:
        """Return the queue's own due time as the delay of the next try."""
        del try_number, max_tries, context
        if isinstance(exception, HeadBackingOff):
            return RetryDecision.retry(delay=timedelta(seconds=exception.wait), reason=exception.reason)
        return RetryDecision.default()


class PushOperator(BaseOperator):
    """Send what is due of one job to its vendor, in order, and return the receipts.

    Airflow's state is never the truth of a message: clearing, marking or rerunning this task can neither lose a message
    nor send a delivered one again, because only the queue says what is due.

    :param job: the job whose queue is drained
    """

    ui_color = "#dbe7f5"
    operator_extra_links = (MessagesLink(),)

    def __init__(self, *, job: JobSpec, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.job = job
        self.announcements: Announcements | None = None
        self.report: Mapping[str, Any] | None = None
        self.on_success_callback = [*self.on_success_callback, note_that_airflow_knows]

    def execute(self, context: Context) -> Mapping[str, Any]:
        """Publish what the run was given, drain, linger, report."""
        from hms_syn.hooks.audit import AuditHook, runs_in_one_process  # noqa: PLC0415 - keeps parsing light
        from hms_syn.operators import own_switch  # noqa: PLC0415 - keeps parsing light

        outlets, self.outlets = self.outlets, []  # who waits for a delivery is woken by one, and by nothing else
        params = context["params"]
        given, dry_run = list(params.get("publish") or []), bool(params.get("dry_run"))
        if dry_run:
            return self._rehearse(given)
        store = AuditHook().store
        store.register(self.job)
        owner = f"{self.job.id}/{context['run_id']}"[:OWNER_CHARS]
        mine = [*self._publish(store, given, owner), *self._replay(store, context)]
        alone = runs_in_one_process()
        telling = Announcements(store, self.job, alone=alone)
        linger = 0.0 if alone or telling.is_behind() else settings.duration("linger")
        is_paused = None if alone else own_switch.look(store, self.job.id, context["ti"])
        drained = self._drain(store, owner, linger=linger, is_paused=is_paused)
        report = self.report = report_of(store, owner)
        self.log.info("%s", " · ".join(f"{count} {state}" for state, count in report.items() if state != "acks"))
        try:
            self._fail_unless_acked(store, report, mine, alone=alone)
            if drained is not None and not alone:
                self._come_back_when_due(store, context, drained)
        except Exception:
            telling.leave()  # a run that is not green tells Airflow nothing
            raise
        if drained is not None and telling.make(context["outlet_events"]):
            self.outlets = outlets
        self.announcements = telling
        return report

    def get_openlineage_facets_on_complete(self, task_instance: object) -> OperatorLineage[Any, Any]:
        """Return the run's lineage, for Airflow's OpenLineage provider where it is installed."""
        from hms_syn.operators import lineage  # noqa: PLC0415 - keeps parsing light

        del task_instance
        return lineage.of_push(self.job)

    def _drain(self, store: SqlStore, owner: str, *, linger: float, is_paused: Callable[[], bool] | None) -> str | None:
        """Send what is due; stay while the job is warm.

        Return the last reason a message has to wait, or None when another run drains this queue: what waits is its.
        """
        from hms_syn.flow.push import Drain  # noqa: PLC0415 - keeps parsing light
        from hms_syn.hooks.metrics import Metrics  # noqa: PLC0415 - keeps parsing light
        from hms_syn.hooks.vendor import VendorHook  # noqa: PLC0415 - keeps parsing light
        from hms_syn.operators.drain_lease import PAUSE_CHECK, DrainLease  # noqa: PLC0415 - keeps parsing light

        reasons: list[str] = []
        metrics = Metrics()

        def report(hand_off: HandOff) -> None:
            hand_off_log.write(self.log, self.job.id, hand_off)
            metrics.hand_off(self.job.id, hand_off)
            if hand_off.wait is not None:
                reasons.append(f"{hand_off.message_id}: {hand_off.note or hand_off.code}")

        seconds = settings.duration("drain_lease")
        with DrainLease(store, self.job.id, owner=owner, seconds=seconds, is_paused=is_paused) as lease:
            if not lease.taken:
                self.log.info("Another run is draining this queue; nothing to do here")
                return None
            hook = VendorHook(self.job)
            with (
                contextlib.closing(hook.push_adapter()) as adapter,
                contextlib.closing(
                    Drain(
                        job=self.job,
                        store=store,
                        adapter=adapter,
                        owner=owner,
                        stop=lease.must_stop,
                        report=report,
                        another=hook.push_adapter,
                    )
                ) as drain,
            ):
                drain.run()
                until = time.monotonic() + linger
                while time.monotonic() < until and not lease.must_stop():
                    due = store.next_due(self.job.id)
                    if due is not None and due > 0:
                        break  # a lane waits for its next try: that is Airflow's to show
                    if due is None:
                        if lease.others_wait():
                            self.log.info("Another job waits for a worker; this run makes room")
                            break
                        store.wait(self.job.id, PAUSE_CHECK)
                        continue
                    settled = drain.settled
                    if drain.run() > settled:
                        until = time.monotonic() + linger
                    else:
                        time.sleep(WARM_POLL)  # all that is due is another worker's
        return reasons[-1] if reasons else ""

    def _come_back_when_due(self, store: SqlStore, context: Context, reason: str) -> None:
        """Raise for Airflow's retry when a lane backs off that no other run has promised to come back for."""
        from hms_syn.store.watch import Watch  # noqa: PLC0415 - keeps parsing light

        wait = store.next_due(self.job.id, unreserved=True)
        if wait is None or wait <= 0:
            return
        held = self.job.maintenance and Watch(store).maintenance_until(self.job.id)
        if held:
            self.log.info("Maintenance until %s: what waits goes out after it, one message first", held)
            return
        ti = context["ti"]
        if ti.try_number <= ti.max_tries:
            store.reserve(self.job.id, grace=RESERVED_GRACE)
        raise HeadBackingOff(f"Waiting for the next try in {in_words(round(wait))}. {reason}".strip(), wait=wait)

    def _fail_unless_acked(self, store: SqlStore, report: Mapping[str, Any], mine: list[str], *, alone: bool) -> None:
        """Fail for good when the vendor has not said yes to what a person, or CI, wanted sent.

        In a scheduled run a message that waits is Airflow's to retry, and one set aside is an officer's to look at.
        """
        states = {message_id: state_of(store, self.job.id, message_id) for message_id in mine}
        if alone:
            states.update({ack["id"]: ack["state"] for ack in report["acks"]})
        reasons = {ack["id"]: ack["code"] for ack in report["acks"]}
        accepted = ("delivered",) if alone else ("delivered", "pending", "in_flight")
        bad = [
            f"{key}: {state} {reasons.get(key) or ''}".strip() for key, state in states.items() if state not in accepted
        ]
        left = sum(report[state] for state in COUNTED if state != "delivered")
        if alone and left and not bad:  # beyond the receipts that are shown
            bad = [f"{left} message(s); 'hms-syn messages' lists them"]
        if bad:
            raise AirflowFailException("Not acked: " + "; ".join(bad))

    def _publish(self, store: SqlStore, payloads: list[Mapping[str, Any]], owner: str) -> list[str]:
        """Publish payloads given by the run's conf on the job's first topic; a later try finds them published."""
        if not payloads:
            return []
        from hms_syn.domain.topic_event import new_event  # noqa: PLC0415 - keeps parsing light
        from hms_syn.flow.publish import publish  # noqa: PLC0415 - keeps parsing light

        events = [
            new_event(self._topic(), payload, agency="airflow", message_id=f"{owner}/{number}")
            for number, payload in enumerate(payloads, start=1)
        ]
        publish(store, events)
        return [event.message_id for event in events]

    def _replay(self, store: SqlStore, context: Context) -> list[str]:
        """Have messages sent again that the run's form names; a later try finds them in the queue."""
        ids = [str(one) for one in context["params"].get("replay") or ()]
        if not ids or context["ti"].try_number > 1:
            return ids
        from hms_syn.errors import NeedsOfficer  # noqa: PLC0415 - keeps parsing light
        from hms_syn.ports import Act  # noqa: PLC0415 - keeps parsing light
        from hms_syn.store.desk import Desk  # noqa: PLC0415 - keeps parsing light

        who = getattr(context["dag_run"], "triggering_user_name", None) or "airflow"
        try:
            act = Act(actor=who, reason=str(context["params"].get("reason") or "by the form of a run in Airflow"))
            for message_id in ids:
                Desk(store).replay(message_id, act, job=self.job.id)
        except NeedsOfficer as error:
            raise AirflowFailException(f"Replay: {error}") from error
        return ids

    def _rehearse(self, payloads: list[Mapping[str, Any]]) -> Mapping[str, Any]:
        """Show what each payload would become at the vendor; publish nothing, send nothing.

        What no second try can mend fails at once: whoever asked, CI or a person, waits for the answer.
        """
        from hms_syn.errors import NeedsOfficer, Refused  # noqa: PLC0415 - keeps parsing light
        from hms_syn.flow.rehearse import rehearse  # noqa: PLC0415 - keeps parsing light
        from hms_syn.hooks.vendor import VendorHook  # noqa: PLC0415 - keeps parsing light

        try:
            with contextlib.closing(VendorHook(self.job).push_adapter()) as adapter:
                for payload in payloads:
                    rehearse(self.job, adapter, self._topic(), payload)
        except (NeedsOfficer, Refused) as error:
            raise AirflowFailException(f"Dry run: {error}") from error
        self.log.info("Dry run: %d payload(s) fit the vendor's contract; nothing was sent", len(payloads))
        return {"dry_run": True, "fit": len(payloads), "acks": []}

    def _topic(self) -> str:
        topic = self.job.source_topics[0]
        if "*" in topic:
            raise AirflowFailException(f"'{topic}' is a pattern; publish on a topic of your own with 'hms-syn publish'")
        return topic
