"""Pulled pages in the store: what is known is skipped, the cursor only goes on, and nobody waits for an idle pull."""

from __future__ import annotations

import json
import threading
from contextlib import closing

import pytest
from sqlalchemy import text

from hms_syn.domain.topic_event import new_event
from hms_syn.flow.publish import planned
from hms_syn.store.sql_store import SqlStore


def record(number):
    return new_event("syn.court.pulled", {"n": number}, agency="court", message_id=f"court:{number:05}")


def take(store, numbers, cursor=None):
    events = [record(number) for number in numbers]
    return planned(store, events, lambda version, routed: store.accept_page("court", version, routed, cursor=cursor))


def pulled(store):
    return [event["payload"]["n"] for event in store.read("syn.court.pulled", after=0, limit=10_000)]


@pytest.mark.parametrize(
    ("stored", "given", "after"),
    [
        ("10", "9", "10"),
        ("9", "10", "10"),
        ("2024-01-02T00:00:00Z", "2024-01-02T01:00:00+02:00", "2024-01-02T00:00:00Z"),
        ("b", "a", "b"),
        ("b", "b", "b"),
        ("2024-01-02T00:00:00Z", "1047", "1047"),
        ("1047", "2024-01-02T00:00:00Z", "2024-01-02T00:00:00Z"),
    ],
)
def test_a_cursor_only_goes_on(store, stored, given, after):
    """Compared as what it is; a number and a moment are of two different fields, and the newer field counts."""
    take(store, [1], stored)
    take(store, [2], given)
    assert (store.cursor("court"), pulled(store)) == (after, [1, 2])


def test_two_pulls_at_a_time_bring_each_record_once(store, store_url):
    """Each has its own connection, and their pages overlap in opposite orders."""
    failures = []

    def pull(pages):
        with closing(SqlStore(store_url)) as own:
            try:
                for numbers in pages:
                    take(own, numbers, str(max(numbers)))
            except Exception as error:  # noqa: BLE001 - whatever it is, it is a failure
                failures.append(error)

    there = [range(start, start + 40) for start in range(0, 400, 20)]
    back = [range(start + 40, start, -1) for start in range(380, 0, -20)]
    threads = [threading.Thread(target=pull, args=(pages,)) for pages in (there, back, there)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(pulled(store)) == list(range(420 + 1))
    assert store.cursor("court") == "420"


def test_an_idle_pull_waits_for_nobody(sql_store):
    """Known records and a cursor that stands take no lock, so another's transaction may be as long as it likes."""
    take(sql_store, [1, 2], "2")
    with sql_store.engine.begin() as busy:
        if busy.dialect.name == "postgresql":
            busy.execute(text("LOCK TABLE hms_syn_event, hms_syn_cursor IN EXCLUSIVE MODE"))
        finished = threading.Thread(target=take, args=(sql_store, [1, 2], "2"))
        finished.start()
        finished.join(10)
        assert not finished.is_alive()


def test_a_page_that_fails_leaves_nothing(sql_store):
    """Events, audit rows and cursor are one transaction."""
    take(sql_store, [1], "1")
    before = sql_store.audit_rows()
    with sql_store.engine.begin() as connection:
        connection.execute(text("DROP TABLE hms_syn_cursor"))
    with pytest.raises(Exception, match="tables"):
        take(sql_store, [2, 3], "3")
    assert (pulled(sql_store), sql_store.audit_rows()) == ([1], before)


def test_the_audit_trail_counts_pages_that_brought_something(store):
    """One row for each, with a digest of where the next pull goes on."""
    take(store, range(3), "2")
    take(store, range(3), "2")
    take(store, [], "3")
    take(store, range(2, 5), None)
    rows = [json.loads(row["body"]) for row in store.audit_rows() if row["event"] == "pulled"]
    assert [(row["job"], row["message_id"], row["detail"]["new"], row["detail"]["seen"]) for row in rows] == [
        ("court", None, 3, 3),
        ("court", None, 2, 3),
    ]
    assert len(rows[0]["detail"]["cursor"]) == 64
    assert "cursor" not in rows[1]["detail"]
    assert store.cursor("court") == "3"
