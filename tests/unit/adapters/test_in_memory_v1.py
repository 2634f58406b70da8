"""The smallest adapter."""

from __future__ import annotations

from tests.unit.adapters.liar import KEY, MemoryPins, court_job, hearing

from hms_syn.adapters.in_memory_v1 import InMemoryV1, mailbox
from hms_syn.domain.job_spec import Pull


def test_a_message_arrives_once_however_often_it_is_sent():
    """A repeat of a key is recognised and gets the same receipt."""
    job = court_job("https://twice.example.gov")
    adapter = InMemoryV1(job, None, MemoryPins())
    first, second = adapter.send(hearing()), adapter.send(hearing())
    assert first.reference == second.reference
    assert (first.status, second.status) == ("accepted", "duplicate")
    assert mailbox(job.target_endpoint).received == {KEY: {"case_id": "HUD-22-109", "date": "2024-09-02"}}


def test_a_mailbox_finds_what_it_has_by_its_key():
    """Before it arrives there is nothing; after it, the receipt that was given."""
    adapter = InMemoryV1(court_job("https://find.example.gov"), None, MemoryPins())
    assert adapter.finds
    assert adapter.find(hearing()) is None
    sent = adapter.send(hearing())
    assert adapter.find(hearing()) == sent


def test_a_pull_goes_on_where_the_last_one_ended():
    """Records come in order, page by page, and none twice."""
    job = court_job("https://pages.example.gov", pull=Pull(publish_topic="t", page_size=2))
    mailbox(job.target_endpoint).records.extend({"n": n} for n in range(3))
    pages = list(InMemoryV1(job, None, MemoryPins()).pull(None))
    assert [(len(page.records), page.cursor, page.more) for page in pages] == [(2, "2", True), (1, "3", False)]
    assert [page.records for page in InMemoryV1(job, None, MemoryPins()).pull("3")] == [()]
