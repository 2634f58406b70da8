"""A worker that waits hears of a new message at once, on both databases, and of what came before it listened."""

from __future__ import annotations

import threading
import time

from hms_syn.domain.topic_event import new_event
from hms_syn.flow.publish import publish

LONG = 20.0


def hearing():
    return new_event("hud.hearing.created", {"case_id": "HUD-1"}, agency="hud")


def test_a_publication_ends_the_wait(store, job):
    """Published while somebody listens: heard long before the wait would end by itself."""
    store.register(job)
    store.wait(job.id, 0.01)  # opens the ear, and tells publishers that somebody listens
    threading.Timer(0.1, publish, (store, [hearing()])).start()
    started = time.monotonic()
    while store.next_due(job.id) is None and time.monotonic() - started < LONG:
        store.wait(job.id, LONG)
    assert time.monotonic() - started < LONG / 2
    assert store.next_due(job.id) <= 0


def test_what_was_published_before_anybody_listened_is_seen_at_once(store, job):
    """No wake-up is lost between the last look and the first wait."""
    store.register(job)
    publish(store, [hearing()])
    started = time.monotonic()
    store.wait(job.id, LONG)
    assert time.monotonic() - started < LONG / 2


def test_nothing_published_ends_the_wait_in_time(store, job):
    """The wait is no longer than asked for."""
    store.register(job)
    started = time.monotonic()
    store.wait(job.id, 0.2)
    assert 0.15 < time.monotonic() - started < LONG


def test_another_jobs_message_wakes_nobody_for_long(sql_store, job):
    """On PostgreSQL a notice names its job; on SQLite the waiter looks and goes on waiting."""
    sql_store.register(job)
    sql_store.wait(job.id, 0.01)
    publish(sql_store, [new_event("other.topic", {}, agency="hud")])
    sql_store.wait(job.id, 0.05)
    assert sql_store.next_due(job.id) is None
