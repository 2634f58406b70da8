"""Reconciling while messages come in, and its sentences."""

from __future__ import annotations

import contextlib

import pytest
from sqlalchemy import event
from tests.unit.flow.vendors import hearing

from hms_syn.flow.publish import publish
from hms_syn.flow.reconcile import differences
from hms_syn.store.desk import Desk
from hms_syn.store.sql_store import SqlStore


@pytest.mark.parametrize(("ask", "first"), [("reconcile", "event = 'queued'"), ("reconcile_bus", "'published'")])
def test_what_comes_in_while_it_counts_is_not_taken_for_a_difference(sql_store, store_url, job, ask, first):
    """A message is published between the two counts."""
    sql_store.register(job)
    publish(sql_store, [hearing(1)])
    came = []
    with contextlib.closing(SqlStore(store_url)) as other:

        @event.listens_for(sql_store.engine, "after_cursor_execute")
        def publish_another(_connection, _cursor, statement, *_more):
            if first in statement and not came:
                came.append(publish(other, [hearing(2)]))

        rows = getattr(Desk(sql_store), ask)()
    assert came
    assert [row["agrees"] for row in rows] == [True] * len(rows)
    assert list(differences(rows)) == []


def test_a_difference_without_a_name_is_told_too():
    assert list(differences([{"topic": "hud.x", "agrees": False, "gaps": []}])) == ["hud.x: the counts differ"]
