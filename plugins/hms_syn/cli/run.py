"""``hms-syn run``: the same flow in this process, without Airflow."""

from __future__ import annotations

import contextlib
import json
import signal
import sys
import time
from typing import TYPE_CHECKING

from hms_syn import job_files, settings, wiring
from hms_syn.cli import given_file, heart
from hms_syn.cli.output import next_step
from hms_syn.domain.delivery import Outcome
from hms_syn.domain.durations import in_words
from hms_syn.errors import NeedsOfficer, StoreUnavailable, SynError
from hms_syn.flow.pull import pull
from hms_syn.flow.push import Drain
from hms_syn.flow.switch import Follower

if TYPE_CHECKING:
    import argparse

    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.flow.hand_off import HandOff
    from hms_syn.ports import Adapter, Credentials
    from hms_syn.store.sql_store import SqlStore

POLL = 0.1
DATABASE_AWAY = 1.0
"""Seconds between looks while the database is away; nothing is sent meanwhile."""


def run(arguments: argparse.Namespace) -> int:
    """Push, pull and ping until told to end; exit 1 when something that was due was not acked."""
    job = job_files.load_job(given_file.job_file(arguments.file))
    store = wiring.open_store()
    if store.engine.dialect.name == "sqlite":
        store.create()
    store.check()
    store.register(job)
    _say(f"⏳  Listening for {', '.join(job.source_topics) or job.target_endpoint} …", error=arguments.json)
    runner = _Runner(job, store, as_json=arguments.json)
    previous = signal.signal(signal.SIGTERM, lambda *_: runner.end())
    try:
        return runner.run(
            drain=arguments.drain,
            until_settled=arguments.until_settled,
            timeout=float("inf") if arguments.timeout is None else arguments.timeout,
        )
    except KeyboardInterrupt:
        return 0
    finally:
        signal.signal(signal.SIGTERM, previous)


class _Runner:
    """One job's loop: send what is due, ask for statuses when it is time, look again."""

    def __init__(self, job: JobSpec, store: SqlStore, *, as_json: bool) -> None:
        self._job, self._store, self._as_json = job, store, as_json
        self._ending = False
        self._bad = 0
        self._pull_failed = False
        self._next_pull = 0.0
        self._follower = Follower(store)

    def end(self) -> None:
        """Stop after the message in hand."""
        self._ending = True

    def run(self, *, drain: bool, until_settled: bool, timeout: float) -> int:
        deadline = time.monotonic() + timeout
        with contextlib.ExitStack() as stack:
            pusher = self._pusher(stack)
            if not drain:
                rounds = wiring.rounds(self._store, find_credentials=_named)
                stack.enter_context(heart.beating(rounds, self._job, lambda line: _say(line, error=self._as_json)))
            while not self._ending and time.monotonic() < deadline:
                try:
                    self._follower.look()
                    if pusher:
                        pusher.run()
                    self._pull_when_due()
                    due = self._store.next_due(self._job.id)
                    paused = due is not None and due <= 0 and self._store.is_paused(self._job.id)
                except StoreUnavailable as error:
                    if drain:
                        raise
                    _say(f"… {error}; looking again in {DATABASE_AWAY:.0f} s", error=True)
                    time.sleep(DATABASE_AWAY)
                    continue
                if drain and (due is None or due > 0 or paused):
                    return self._verdict(open_=due is not None)
                if until_settled and due is None:
                    return self._verdict(open_=self._is_held())
                if due is None:
                    self._store.wait(self._job.id, POLL)
                else:
                    time.sleep(min(max(due, 0.01), POLL))
        return 1 if drain or until_settled else self._verdict(open_=False)

    def _is_held(self) -> bool:
        """Return whether a message waits that only an officer can move."""
        return any(row["waiting"] for row in self._store.status([self._job.id]))

    def _pusher(self, stack: contextlib.ExitStack) -> Drain | None:
        if self._job.push is None:
            return None
        adapter = stack.enter_context(contextlib.closing(self._push_adapter()))
        drain = Drain(
            job=self._job,
            store=self._store,
            adapter=adapter,
            owner=wiring.worker_name(),
            stop=lambda: self._ending or self._store.is_paused(self._job.id),
            report=self._report,
            another=self._push_adapter,
        )
        return stack.enter_context(contextlib.closing(drain))

    def _push_adapter(self) -> Adapter:
        return wiring.push_adapter(self._job, self._store, find_credentials=_named)

    def _pull_adapter(self) -> Adapter:
        return wiring.pull_adapter(self._job, self._store, find_credentials=_named)

    def _pull_when_due(self) -> None:
        side = self._job.pull
        if side is None or time.monotonic() < self._next_pull or self._store.is_paused(self._job.id):
            return
        every = side.schedule if isinstance(side.schedule, float) else 60.0  # cron needs Airflow's clock
        self._next_pull = time.monotonic() + every
        try:
            with contextlib.closing(self._pull_adapter()) as adapter:
                new = pull(self._job, self._store, adapter)
        except SynError as error:
            self._pull_failed = True
            _say(f"… pull: {error}", error=True)
            return
        self._pull_failed = False
        if new:
            _say(f"← {new} new record(s) on {side.publish_topic}", error=self._as_json)

    def _report(self, hand_off: HandOff) -> None:
        """Print one line an attempt: a sentence, or with ``--json`` its facts."""
        line = self._told(hand_off)
        _say(json.dumps(hand_off.fields(self._job.id)) if self._as_json else line)

    def _told(self, hand_off: HandOff) -> str:
        """Return what became of an attempt in a sentence, and remember what is not well."""
        if hand_off.reference:
            return (
                f"✓ {hand_off.message_id} delivered {hand_off.reference} "
                f"({hand_off.seconds:.2f} s, attempt {hand_off.attempt})"
            )
        if hand_off.outcome is Outcome.STALE:
            wait = "another worker has taken over"
        elif hand_off.held:
            self._bad += 1
            wait = "held for an officer"
        elif hand_off.wait is None:
            self._bad += 1
            wait = "set aside"
        else:
            wait = f"next try in {in_words(round(hand_off.wait))}"
        return (
            f"… {hand_off.message_id} {hand_off.outcome.value} {hand_off.code} (attempt {hand_off.attempt}), {wait}: "
            f"{hand_off.note}"
        )

    def _verdict(self, *, open_: bool) -> int:
        if self._bad or open_ or self._pull_failed:
            next_step("hms-syn status")
            return 1
        return 0


def _named(connection_id: str) -> Credentials:
    """Return a connection's credentials; a job that names one must not go out without it."""
    credentials = settings.connection(connection_id)
    if credentials is None:
        raise NeedsOfficer(
            f"job.connection_id: this process has no connection '{connection_id}'; set AIRFLOW_CONN_"
            f"{connection_id.upper()} in its environment, or add it in Airflow and use 'airflow hms-syn run'"
        )
    return credentials


def _say(line: str, *, error: bool = False) -> None:
    """Print a line of the log. Where that cannot be written, as on a full disk, the work goes on unsaid."""
    with contextlib.suppress(OSError):
        print(line, file=sys.stderr if error else sys.stdout, flush=True)
