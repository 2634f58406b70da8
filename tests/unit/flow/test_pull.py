"""Pulling: each record once on the bus, and the cursor never without its page."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.conftest import make_job
from tests.unit.flow.vendors import TOPIC, Pages, Scripted, drain, hearing, trail

from hms_syn.domain.ack import Ack, Page
from hms_syn.domain.job_spec import Cursor, Pull, Push
from hms_syn.domain.topic_event import new_event
from hms_syn.domain.trace_context import read
from hms_syn.errors import ContractMismatch, OutcomeUnknown
from hms_syn.flow.publish import idempotency_key, publish
from hms_syn.flow.pull import pull
from hms_syn.store import audit_trail


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
    """F8: overlaps and repeats are skipped and not counted as new."""
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


def test_a_record_without_a_version_is_known_by_its_id(store):
    """Some of a vendor's records have never been changed, and have no version yet."""
    job = job_with(dedupe_key="[id, version]")
    assert pull(job, store, Pages(page(1, 2), page(1, version=1))) == 3


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
    """F7: the first page and its cursor are there; the next pull brings the rest, each record once."""
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


BAD = {
    "no key": ({"note": "Jane Doe"}, {"dedupe_key": "id"}, "'pull.dedupe_key'.*'id'"),
    "an empty key": ({"id": " ", "note": "Jane Doe"}, {"dedupe_key": "id"}, "'pull.dedupe_key'.*'id'"),
    "a version and no id": ({"version": 2}, {"dedupe_key": "[id, version]"}, r"'pull.dedupe_key'.*'\[id, version\]'"),
    "a key of another type": ({"id": {"a": "Jane Doe"}}, {"dedupe_key": "join('', [id])"}, "'pull.dedupe_key'"),
    "too large": ({"id": "x", "note": "Jane Doe" * 200_000}, {}, "larger than 1048576 bytes.*'pull.mapping'"),
    "not JSON": ({"id": "x", "note": float("nan")}, {}, "NaN"),
    "half a character": ({"id": "x", "note": "Jane Doe \ud800"}, {}, "only JSON values"),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_record_holds_up_the_cursor_and_no_other_record(store, bad):
    """Its page and the next are on the bus; the error says which page, record and rule, and no value."""
    record, options, rule = BAD[bad]
    seen = []
    first = Page(records=({"id": "x1"}, record, {"id": "x3"}), cursor="5", more=True)
    vendor = Pages(first, Page(records=({"id": "x4"},), cursor="6"))
    with pytest.raises(ContractMismatch, match=rule) as caught:
        pull(job_with(**options), store, vendor, report=lambda new, of: seen.append((new, of)))
    assert "page 1, record 2: " in str(caught.value)
    assert "Jane" not in str(caught.value)
    assert (pulled(store), store.cursor("court"), seen) == (["x1", "x3", "x4"], None, [(2, 3), (1, 1)])


def test_a_bad_record_is_asked_for_again_until_it_is_sound(store):
    """Each pull fails and names it; once the vendor has mended it, it comes, and the cursor goes on."""
    job = job_with(dedupe_key="id")
    bad = Page(records=({"id": 1}, {"status": "OK"}), cursor="9")
    for _ in range(2):
        with pytest.raises(ContractMismatch, match="page 1, record 2"):
            pull(job, store, Pages(bad))
    assert pull(job, store, Pages(Page(records=({"id": 1}, {"id": 2}), cursor="9"))) == 1
    assert (pulled(store), store.cursor("court")) == ([1, 2], "9")


def test_many_bad_records_are_counted_and_few_are_shown(store):
    """A sentence that an officer reads does not grow with the page."""
    page_ = Page(records=tuple({"n": n} for n in range(40)))
    with pytest.raises(ContractMismatch, match=r"record 5.*\(and 35 more\)$") as caught:
        pull(job_with(dedupe_key="id"), store, Pages(page_))
    assert "record 6:" not in str(caught.value)


def test_an_error_in_the_middle_says_on_which_page(store):
    """Its branch and code stay what they were; bad records before it are told too."""
    pages = Pages(Page(records=({"note": 1},), more=True), page(1, more=True), OutcomeUnknown("No.", code="page_loop"))
    with pytest.raises(OutcomeUnknown, match=r"^page 3: No\. Before that: page 1, record 1") as caught:
        pull(job_with(dedupe_key="id"), store, pages)
    assert caught.value.code == "page_loop"


def test_the_key_is_the_vendors_record_whatever_is_published_of_it(store):
    """What the mapping leaves out still tells two records apart."""
    sources = ({"id": 1, "version": 1}, {"id": 1, "version": 2})
    job = job_with(dedupe_key="[id, version]")
    assert pull(job, store, Pages(Page(records=({"id": 1}, {"id": 1}), sources=sources))) == 2
    assert pull(job, store, Pages(Page(records=({"id": 1},), sources=sources[:1]))) == 0


def test_without_a_key_an_adapter_may_know_what_makes_a_record_itself(store):
    """It counts where the job names no ``dedupe_key``, and there only."""
    twice = Page(records=({"a": 1}, {"a": 1}, {"a": 2}), identities=([1], [2], [2]))
    assert pull(job_with(), store, Pages(twice)) == 2
    assert pull(job_with(dedupe_key="a"), store, Pages(twice)) == 2


def test_an_edited_job_asks_from_the_stored_cursor_and_never_from_before(store):
    """``initial`` is for the first pull; a smaller one later, or a vendor that answers with the past, moves nothing."""
    vendor = Pages(page(1, cursor="2024-09-02T00:00:00Z"))
    pull(job_with(cursor=Cursor(field="at", parameter="since", initial="2024-01-01T00:00:00Z")), store, vendor)
    vendor.pages = (page(2, cursor="2024-03-01T00:00:00Z"),)
    pull(job_with(cursor=Cursor(field="at", parameter="since", initial="2020-01-01T00:00:00Z")), store, vendor)
    assert vendor.asked == [None, "2024-09-02T00:00:00Z"]
    assert store.cursor("court") == "2024-09-02T00:00:00Z"
    assert pulled(store) == [1, 2]


def test_an_idle_pull_leaves_no_trace(store):
    """Known records, a cursor that stands: no audit row, whatever the number of pulls."""
    job = job_with(dedupe_key="id")
    pull(job, store, Pages(page(1, 2, cursor="7")))
    before = store.audit_rows()
    for _ in range(3):
        assert pull(job, store, Pages(page(1, 2, cursor="7"))) == 0
    assert store.audit_rows() == before


def test_what_the_vendor_says_of_our_message_is_in_its_trace(store):
    """Push, ack, status: the hop has the time and the pulled event's id, and nothing of the record."""
    job = job_with(dedupe_key="id")
    store.register(job)
    publish(store, [hearing(1), hearing(2)])
    drain(store, job, Scripted(Ack(reference="COURT-000017"), Ack(reference="COURT-000018")))[0].run()
    pull(job, store, Pages(Page(records=({"id": 1, "caseRef": "COURT-000018", "state": "CONFIRMED"},))))
    [message] = store.trace("m2")
    [event] = store.read("syn.court.pulled", after=0, limit=9)
    assert message["hops"][-1]["event"] == "pulled"
    assert message["hops"][-1]["detail"] == {"event": event["message_id"], "by": "receipt"}
    assert trail(store)[-1] == "delivered"
    assert audit_trail.verify(store.audit_rows(limit=1000))
    assert "CONFIRMED" not in str(store.audit_rows(limit=1000))


def test_a_status_that_comes_before_the_receipt_is_linked_when_it_is_seen_again(store):
    """The vendor may tell of a message before we have stored its answer; the overlap shows the record once more."""
    job = job_with(dedupe_key="id")
    store.register(job)
    publish(store, [hearing(1)])
    status = Page(records=({"id": 1, "ref": "COURT-000017"},))
    assert pull(job, store, Pages(status)) == 1
    drain(store, job, Scripted(Ack(reference="COURT-000017")))[0].run()
    for _ in range(2):
        assert pull(job, store, Pages(status)) == 0
    assert trail(store)[-2:] == ["delivered", "pulled"]


def test_a_vendor_that_echoes_our_key_is_understood(store):
    """The key may stand inside an identifier, at any depth."""
    job = job_with()
    store.register(job)
    publish(store, [hearing(1)])
    key = idempotency_key("court", "m1")
    drain(store, job, Scripted(Ack(reference="Patient/1")))[0].run()
    pull(job, store, Pages(Page(records=({"id": 9, "identifier": [{"value": f"urn:uuid:{key.upper()}"}]},))))
    assert store.trace("m1")[0]["hops"][-1]["detail"]["by"] == "key"


def test_a_receipt_that_says_nothing_links_nothing(store):
    """A vendor that calls every message OK speaks of none of them; nor does a short number in just any field."""
    job = replace(job_with(), push=Push(ack={"reference": "data.bookingNo"}))
    store.register(job)
    publish(store, [hearing(n) for n in range(13)])
    receipts = [Ack(reference="ALL-IS-WELL")] * 11 + [Ack(reference="17"), Ack(reference="18")]
    drain(store, job, Scripted(*receipts))[0].run()
    records = ({"state": "ALL-IS-WELL"}, {"room": 17}, {"booking_no": 18})
    pull(job, store, Pages(Page(records=records)))
    linked = [
        row["message_id"] for row in store.audit_rows(limit=1000) if row["event"] == "pulled" and row["message_id"]
    ]
    assert linked == ["m12"]


def test_another_jobs_receipt_is_not_this_jobs(store):
    """Two vendors may give the same reference."""
    other = make_job("clinic")
    store.register(other)
    publish(store, [hearing(1)])
    drain(store, other, Scripted(Ack(reference="COURT-000017")))[0].run()
    pull(job_with(), store, Pages(Page(records=({"id": 1, "ref": "COURT-000017"},))))
    assert trail(store)[-1] == "delivered"


def test_a_page_is_counted_in_the_audit_trail(store):
    """How many came, how many were new, and a digest of where the next pull goes on; never a value."""
    job = job_with(dedupe_key="id")
    pull(job, store, Pages(page(1, cursor="Jane")))
    pull(job, store, Pages(page(1, 2, 3, cursor="Janet")))
    details = [json.loads(row["body"])["detail"] for row in store.audit_rows() if row["event"] == "pulled"]
    assert [(detail["new"], detail["seen"]) for detail in details] == [(1, 1), (2, 3)]
    assert "Jane" not in str(details)


def test_what_the_vendor_says_of_our_message_is_in_the_messages_trace(store):
    """Publish, call, ack, status, and what a job makes of the status: one trace id; of several, the oldest's."""
    job = job_with(dedupe_key="id")
    follower = make_job("follower", source_topics=("syn.court.pulled",))
    store.register(job)
    store.register(follower)
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    publish(store, [new_event(TOPIC, {"a": 1}, agency="hud", message_id="m1", headers={"traceparent": parent})])
    publish(store, [hearing(2)])
    vendor = Scripted(Ack(reference="COURT-000017"), Ack(reference="COURT-000018"))
    drain(store, job, vendor)[0].run()
    records = (
        {"id": 1, "ref": "COURT-000017"},
        {"id": 2, "ref": "COURT-000018"},
        {"id": 3, "ref": "COURT-000017", "before": "COURT-000018"},
        {"id": 4, "ref": "COURT-000099"},
    )
    pull(job, store, Pages(Page(records=records)))
    traces = [read(event["traceparent"]).trace_id for event in store.read("syn.court.pulled", after=0, limit=9)]
    assert traces[0] == traces[2] == read(parent).trace_id == vendor.sent[0].trace_id
    assert traces[1] == vendor.sent[1].trace_id == store.trace("m2")[0]["trace_id"]
    assert len(set(traces)) == 3
    receiver = Scripted()
    drain(store, follower, receiver)[0].run()
    assert [message.trace_id for message in receiver.sent] == traces
    told = store.read("syn.court.delivered", after=0, limit=9)
    assert [read(event["headers"]["traceparent"]).trace_id for event in told] == traces[:2]
