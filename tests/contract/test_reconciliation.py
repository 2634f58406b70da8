"""Counting both sides while messages go on moving."""

from __future__ import annotations

from sqlalchemy import event
from sqlalchemy.engine import Engine

from hms_syn.domain.topic_event import new_event
from hms_syn.flow.publish import publish
from hms_syn.store.desk import Desk


def test_both_sides_are_counted_at_one_moment(sql_store, job):
    """What is published after each statement of the count is on both sides or on neither."""
    sql_store.register(job)
    busy = [False]

    def publish_one(*_):
        if not busy[0]:
            busy[0] = True
            publish(sql_store, [new_event(job.source_topics[0], {"case_id": "HUD-22-109"}, agency="hud")])
            busy[0] = False

    publish_one()
    desk = Desk(sql_store)
    event.listen(Engine, "after_cursor_execute", publish_one)
    try:
        counted = [*desk.reconcile(), *desk.reconcile_bus()]
    finally:
        event.remove(Engine, "after_cursor_execute", publish_one)
    assert [row for row in counted if not row["agrees"]] == []
    assert len(sql_store.read(job.source_topics[0], after=0, limit=100)) > 3
