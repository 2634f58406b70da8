"""Cursors and pages."""

from __future__ import annotations

import itertools

import pytest
from tests.unit.adapters.liar import COURT, court, court_job, http, liar, soap

from hms_syn import errors
from hms_syn.adapters import cursors
from hms_syn.domain.job_spec import Cursor, Pull

PAGING = {
    "wsdl": "court.wsdl",
    "operation": "GetHearings",
    "records": "Hearing",
    "page": {"size": "PageSize", "after": "PageToken", "next": "NextToken"},
}


def listing(*days: int, token: str = "") -> bytes:
    rows = "".join(
        f"<Hearing><ConfirmationNumber>C{day}</ConfirmationNumber><CaseID>H</CaseID><DateOfHearing>2024-09-02"
        f"</DateOfHearing><ChangedAt>2024-01-{day:02}T00:00:00Z</ChangedAt><Fee>12.50</Fee><Sealed>true</Sealed></Hearing>"
        for day in days
    )
    more = f"<NextToken>{token}</NextToken>" if token else ""
    return http(soap(f'<GetHearingsResponse xmlns="{COURT}">{rows}{more}</GetHearingsResponse>'))


def pull(origin: str, **changes: object):
    cursor = Cursor(field="ChangedAt", parameter="ChangedSince", overlap=60.0)
    job = court_job(
        origin, pull=Pull(publish_topic="t", request=PAGING, timeout=0.6, cursor=cursor, page_size=2, **changes)
    )
    return court(job)


def test_pages_are_followed_and_only_the_last_moves_the_cursor():
    """F7, F8: a crash between two pages asks again from where it began; records come as plain JSON."""
    with liar(listing(3, 5, token="p2"), listing(4)) as peer:
        pages = list(pull(peer.origin).pull("2024-01-02T00:00:00Z"))
    assert [page.cursor for page in pages] == ["2024-01-02T00:00:00Z", "2024-01-05T00:00:00Z"]
    assert [page.more for page in pages] == [True, False]
    assert pages[0].records[0] == {
        "ConfirmationNumber": "C3",
        "CaseID": "H",
        "DateOfHearing": "2024-09-02",
        "ChangedAt": "2024-01-03T00:00:00Z",
        "Fee": "12.50",
        "Sealed": True,
    }
    assert b"ChangedSince>2024-01-01T23:59:00Z<" in peer.requests[0]
    assert b"PageSize>2<" in peer.requests[0]
    assert b"PageToken>p2<" in peer.requests[1]


def test_pages_are_followed_without_a_word_in_the_job():
    """A list that the vendor cuts into pages is read to its end."""
    with liar(listing(3, token="p2"), listing(4)) as peer:
        pages = list(court(court_job(peer.origin)).pull(None))
    assert [row["CaseID"] for page in pages for row in page.records] == ["H", "H"]
    assert b"PageToken>p2<" in peer.requests[1]


def test_a_page_that_leads_back_is_no_endless_pull():
    """A repeated token ends the pull as unknown."""
    with liar(listing(3, token="p2")) as peer, pytest.raises(errors.OutcomeUnknown) as caught:
        list(itertools.islice(pull(peer.origin).pull(None), 10))
    assert caught.value.code == "page_loop"


def test_records_are_mapped():
    """The job's mapping is applied to each record."""
    with liar(listing(3)) as peer:
        pages = list(pull(peer.origin, mapping={"id": "ConfirmationNumber"}).pull(None))
    assert pages[0].records == ({"id": "C3"},)


def test_a_cut_page_is_no_page():
    """A pull never takes a part for the whole."""
    with liar(listing(3)[:-30]) as peer, pytest.raises(errors.OutcomeUnknown):
        list(pull(peer.origin).pull(None))


@pytest.mark.parametrize(
    ("value", "other", "after"),
    [
        ("10", "9", True),
        ("2024-01-02T00:00:00Z", "2024-01-02T01:00:00+02:00", True),
        ("2024-01-02", "2024-01-01T23:00:00Z", True),
        ("b", "a", True),
        ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00.5Z", False),
    ],
)
def test_cursors_are_compared_as_what_they_are(value, other, after):
    """Numbers as numbers, moments as moments, the rest as text."""
    assert cursors.is_after(value, other) is after


def test_a_cursor_never_moves_back():
    """Old records do not undo what is done."""
    spec = Cursor(field="n", parameter="since")
    assert cursors.furthest("7", spec, [{"n": "3"}, {"n": None}, {}]) == "7"


@pytest.mark.parametrize(
    ("cursor", "asked"),
    [
        (None, "I"),
        ("17", "17"),
        ("abc", "abc"),
        ("2024-01-02T00:01:00+00:00", "2024-01-02T00:00:00Z"),
        ("2024-01-02T00:01:00", "2024-01-02T00:00:00"),
    ],
)
def test_moments_are_asked_for_with_an_overlap(cursor, asked):
    """F8: only what is a moment can be asked for earlier."""
    assert cursors.asked_for(cursor, Cursor(field="f", parameter="p", initial="I", overlap=60.0)) == asked
