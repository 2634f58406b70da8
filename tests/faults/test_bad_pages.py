"""Pages that are wrong in themselves: what was stored stays, the run says why it failed, and the next goes on."""

from __future__ import annotations

import pytest
from tests.unit.adapters.liar import court, court_job, http, liar
from tests.unit.adapters.test_cursors import PAGING, listing

from hms_syn.domain.job_spec import Cursor, Pull
from hms_syn.errors import ContractMismatch, OutcomeUnknown
from hms_syn.flow.pull import pull


def pulling(store, *answers, **options):
    """Pull once from a vendor that gives these answers; return its job."""
    with liar(*answers) as peer:
        side = Pull(
            publish_topic="syn.court.pulled",
            request=PAGING,
            page_size=2,
            dedupe_key="ConfirmationNumber",
            cursor=Cursor(field="ChangedAt", parameter="ChangedSince"),
            **{"timeout": 5.0, **options},
        )
        adapter = court(court_job(peer.origin, pull=side))
        try:
            return pull(court_job(peer.origin, pull=side), store, adapter)
        finally:
            adapter.close()


def pulled(store):
    return [event["payload"]["ConfirmationNumber"] for event in store.read("syn.court.pulled", after=0, limit=99)]


def mended(store):
    """The vendor is itself again: everything comes, and the cursor is where the newest record is."""
    [job] = {event["agency"] for event in store.read("syn.court.pulled", after=0, limit=9)}
    pulling(store, listing(3, 5, token="p2"), listing(4, token="p3"), listing(6))
    assert pulled(store) == ["C3", "C5", "C4", "C6"]
    assert store.cursor(job) == "2024-01-06T00:00:00Z"


def test_pages_that_lead_back_end_the_pull(store):
    """F8: both pages are stored, the run fails in a sentence, the cursor stays before them."""
    with pytest.raises(OutcomeUnknown, match=r"^page 3: The vendor's pages lead back"):
        pulling(store, listing(3, 5, token="p2"), listing(4, token="p2"))
    assert pulled(store) == ["C3", "C5", "C4"]
    mended(store)


def test_a_page_too_large_is_not_read_and_those_before_it_stay(store):
    """F30: a record of ten megabytes is cut at the cap; the run names the page."""
    page = listing(4, token="p3").partition(b"\r\n\r\n")[2]
    giant = http(page.replace(b"<CaseID>H<", b"<CaseID>" + b"H" * 10_000_000 + b"<"))
    with pytest.raises(OutcomeUnknown, match=r"^page 2: The answer is larger") as caught:
        pulling(store, listing(3, 5, token="p2"), giant)
    assert caught.value.code == "too_large"
    assert pulled(store) == ["C3", "C5"]
    mended(store)


def test_a_record_without_its_key_holds_back_the_cursor_only(store):
    """F8: the others of its page and the pages behind it are on the bus; it is named by page, place and expression."""
    whole = listing(4, token="p3").partition(b"\r\n\r\n")[2]
    keyless = http(whole.replace(b">C4<", b"><"))
    with pytest.raises(ContractMismatch, match=r"page 2, record 1: 'pull\.dedupe_key'.* at 'ConfirmationNumber'"):
        pulling(store, listing(3, 5, token="p2"), keyless, listing(6))
    assert pulled(store) == ["C3", "C5", "C6"]
    pulling(store, listing(3, 5, token="p2"), listing(4, token="p3"), listing(6))
    assert pulled(store) == ["C3", "C5", "C6", "C4"]


def test_a_pull_that_breaks_in_the_middle_goes_on_from_where_it_began(store):
    """F7: the connection is cut on the second page."""
    with pytest.raises(OutcomeUnknown, match=r"^page 2: "):
        pulling(store, listing(3, 5, token="p2"), listing(4, token="p3")[:-40], timeout=0.6)
    assert pulled(store) == ["C3", "C5"]
    mended(store)
