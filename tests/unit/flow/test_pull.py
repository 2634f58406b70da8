"""Pulling: each record once on the bus, and the cursor never without its page."""

from __future__ import annotations

import pytest
from tests.conftest import make_job
from tests.unit.flow.vendors import Pages, Scripted, drain

from hms_syn.domain.ack import Page
from hms_syn.domain.job_spec import Pull
from hms_syn.errors import ContractMismatch, OutcomeUnknown
from hms_syn.flow.pull import pull


def job_with(**options):
    return make_job(pull=Pull(publish_topic="syn.court.pulled", **options))


def page(*numbers, cursor=None, more=False, **extra):
    return Page(records=tuple({"id": number, "status": "OK", **extra} for number in numbers), cursor=cursor, more=more)


def pulled(store):
    return [event["payload"]["id"] for event in store.read("syn.court.pulled", after=0, limit=1000)]


def test_each_record_is_published_in_the_vendors_order(store):
    """Records are events of the job's own agency, in the order they came."""
    assert pull(job_with(), store, Pages(page(1, 2, more=True), page(3))) == 3
    assert pulled(store) == [1, 2, 3]
    assert {event["agency"] for event in store.read("*", after=0, limit=9)} == {"court"}


def test_a_record_seen_before_is_not_published_again(store):
    """Overlaps and repeats are skipped and not counted as new."""
    seen = []
    job = job_with(dedupe_key="id")
    assert pull(job, store, Pages(page(1, 2))) == 2
    assert pull(job, store, Pages(page(2, 3)), report=lambda new, of: seen.append((new, of))) == 1
    assert pulled(store) == [1, 2, 3]
    assert seen == [(1, 2)]


def test_without_a_dedupe_key_the_whole_record_is_its_identity(store):
    """An unchanged record is known again; a changed one is a new fact."""
    pull(job_with(), store, Pages(page(1)))
    assert pull(job_with(), store, Pages(page(1))) == 0
    assert pull(job_with(), store, Pages(page(1, note="changed"))) == 1


def test_with_a_dedupe_key_only_that_counts(store):
    """The first version of a record stays; give id and version where a vendor changes its records."""
    job = job_with(dedupe_key="id")
    pull(job, store, Pages(page(1)))
    assert pull(job, store, Pages(page(1, note="changed"))) == 0
    versions = job_with(dedupe_key="[id, note]")
    assert pull(versions, store, Pages(page(1, note="a"), page(1, note="b"))) == 2


def test_a_record_without_its_dedupe_key_needs_an_officer(store):
    """Nothing of the page is published, the cursor stays, and the text names the key."""
    with pytest.raises(ContractMismatch, match=r"pull\.dedupe_key.*'version'"):
        pull(job_with(dedupe_key="version"), store, Pages(page(1, cursor="9")))
    assert (pulled(store), store.cursor("court")) == ([], None)


def test_a_dedupe_key_that_does_not_fit_the_records_needs_an_officer(store):
    """An expression that fails on a record stops the pull with a sentence, not with a traceback."""
    with pytest.raises(ContractMismatch, match=r"pull\.dedupe_key"):
        pull(job_with(dedupe_key="join('-', [status, id])"), store, Pages(page(1, cursor="9")))
    assert pulled(store) == []


def test_the_cursor_moves_with_its_page(store):
    """The next pull asks from where the last stored page ended."""
    vendor = Pages(page(1, cursor="10"))
    pull(job_with(), store, vendor)
    pull(job_with(), store, vendor)
    assert vendor.asked == [None, "10"]


def test_a_pull_that_breaks_off_keeps_what_it_stored_and_no_more(store):
    """The first page and its cursor are there; the next pull brings the rest, each record once."""
    job = job_with(dedupe_key="id")
    with pytest.raises(OutcomeUnknown):
        pull(job, store, Pages(page(1, cursor="1", more=True), OutcomeUnknown(), page(2, cursor="2")))
    assert (pulled(store), store.cursor("court")) == ([1], "1")
    pull(job, store, Pages(page(1, 2, cursor="2")))
    assert (pulled(store), store.cursor("court")) == ([1, 2], "2")


def test_a_page_without_a_cursor_leaves_it_where_it_was(store):
    """A vendor that gives no place to go on is asked from the last known one again."""
    pull(job_with(), store, Pages(page(1, cursor="5")))
    pull(job_with(), store, Pages(page(2)))
    assert store.cursor("court") == "5"


def test_an_empty_page_moves_only_the_cursor(store):
    """Nothing new is nothing on the bus and nothing in the audit trail."""
    assert pull(job_with(), store, Pages(Page(cursor="7"))) == 0
    assert (store.cursor("court"), store.audit_rows()) == ("7", [])


def test_pulled_records_reach_the_jobs_that_listen_for_them(store):
    """What comes in can go out again."""
    follower = make_job("follower", source_topics=("syn.court.pulled",))
    store.register(follower)
    pull(job_with(), store, Pages(page(1, 2)))
    vendor = Scripted()
    drain(store, follower, vendor)[0].run()
    assert [message.payload["id"] for message in vendor.sent] == [1, 2]


def test_a_job_without_a_pull_side_says_so(store):
    """It is the job file that lacks something, not the vendor."""
    with pytest.raises(ContractMismatch, match="no pull side"):
        pull(make_job(pull=None), store, Pages(page(1)))


def test_an_integer_too_large_for_json_comes_as_text(store):
    """It neither stops the pull nor loses a digit."""
    pull(job_with(dedupe_key="id"), store, Pages(Page(records=({"id": 2**60, "deep": [{"n": -(2**60)}]},))))
    [event] = store.read("syn.court.pulled", after=0, limit=10)
    assert event["payload"] == {"id": str(2**60), "deep": [{"n": str(-(2**60))}]}
