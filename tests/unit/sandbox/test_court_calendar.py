"""The pretend court as a calendar: hearings, receipts, repeats, and changes of status that come by themselves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from lxml import etree
from tests.harness.vendor_clock import START
from tests.unit.sandbox.letters import KEY, create, fault, post, received, texts

from hms_syn.sandbox import court_envelope


def test_a_hearing_is_accepted_with_a_receipt(client):
    """A SOAP client that knows only the WSDL hands a hearing over and gets a reference and a yes."""
    answer = client.CreateHearing(caseId="HUD-22-109", hearingDate=date(2024, 9, 2))
    assert (answer.reference, answer.status) == ("COURT-000001", "ACCEPTED")


def test_a_receipt_says_which_message_it_answers(url):
    """The answer's RelatesTo is the request's MessageID."""
    body = etree.fromstring(create(url)[2])
    assert body.findtext(f".//{{{court_envelope.WSA}}}RelatesTo") == KEY


def test_a_hearing_can_be_read_back(client):
    """GetHearing gives back what was handed over, typed."""
    client.CreateHearing(caseId="HUD-22-109", hearingDate=date(2024, 9, 2))
    hearing = client.GetHearing("COURT-000001")
    assert (hearing.caseId, hearing.hearingDate, hearing.status) == ("HUD-22-109", date(2024, 9, 2), "ACCEPTED")
    assert hearing.receivedAt == START


def test_a_hearing_is_found_by_its_message_or_its_case(url, client, clock):
    """Whoever lost the answer can ask whether the court has the hearing; of a case's hearings the latest is given."""
    create(url, case="A")
    create(url, case="A", day="2024-09-03", key="urn:uuid:2")
    clock.move(2)
    by_message = client.FindHearing(messageId=KEY)
    assert (by_message.reference, by_message.hearingDate, by_message.status) == (
        "COURT-000001",
        date(2024, 9, 2),
        "SCHEDULED",
    )
    assert client.FindHearing(caseId="A").reference == "COURT-000002"
    assert client.FindHearing(messageId=KEY, caseId="A").reference == "COURT-000001"
    assert received(url)["arrivals"][-1]["outcome"] == "found COURT-000001"


@pytest.mark.parametrize("asked", [{"messageId": "urn:uuid:9"}, {"caseId": "B"}, {"messageId": KEY, "caseId": "B"}])
def test_what_the_court_does_not_have_is_not_found(url, client, asked):
    """An empty answer is a clear no, not a fault."""
    create(url, case="A")
    assert client.FindHearing(**asked) is None
    assert received(url)["arrivals"][-1]["outcome"] == "found nothing"


def test_a_cancelled_hearing_stays_cancelled(client, clock):
    """A cancelled hearing is neither scheduled nor confirmed later, and a second cancelling changes nothing."""
    client.CreateHearing(caseId="HUD-22-109", hearingDate=date(2024, 9, 2))
    assert [client.CancelHearing("COURT-000001").status for _ in "12"] == ["CANCELLED", "ALREADY-CANCELLED"]
    clock.move(60)
    assert [change.status for change in client.ListHearingChanges().change] == ["CANCELLED"]


def test_a_repeat_is_one_hearing(url):
    """The same MessageID with the same request gives the same receipt and no second hearing."""
    first, second = texts(create(url)[2]), texts(create(url)[2])
    assert (first["status"], second["status"]) == ("ACCEPTED", "ALREADY-ACCEPTED")
    assert first["reference"] == second["reference"]
    assert [(row["reference"], row["arrivals"]) for row in received(url)["hearings"]] == [("COURT-000001", 2)]


def test_repeats_at_the_same_moment_are_one_hearing(url):
    """Eight senders with one MessageID at once get one receipt, and exactly one of them is the first."""
    with ThreadPoolExecutor(8) as pool:
        answers = [texts(answer[2]) for answer in pool.map(lambda _: create(url), range(8))]
    assert sorted(answer["status"] for answer in answers) == ["ACCEPTED", *["ALREADY-ACCEPTED"] * 7]
    assert {answer["reference"] for answer in answers} == {"COURT-000001"}


def test_the_same_id_for_another_request_is_refused(url):
    """A MessageID stands for one request: another hearing under it is the sender's fault."""
    create(url)
    status, code, _ = fault(create(url, day="2024-09-03"))
    assert (status, code, len(received(url)["hearings"])) == (500, "soap:Client", 1)


def test_a_hearing_without_an_id_is_always_new(url):
    """Without a MessageID the court cannot recognise a repeat, so that duplicates become visible."""
    create(url, key="")
    create(url, key="")
    assert len(received(url)["hearings"]) == 2


def test_an_id_keeps_its_meaning_when_it_is_used_for_cancelling(url):
    """The MessageID of a created hearing cannot cancel it."""
    create(url)
    cancel = "<CancelHearing xmlns='urn:county-court:calendar:1998'><reference>COURT-000001</reference></CancelHearing>"
    assert fault(post(url, cancel, key=KEY))[1] == "soap:Client"


def test_a_hearing_moves_on_by_itself(client, clock):
    """SCHEDULED after two seconds and CONFIRMED after five, each at its own time."""
    client.CreateHearing(caseId="A", hearingDate=date(2024, 9, 2))
    assert client.ListHearingChanges().change == []
    clock.move(60)
    changes = client.ListHearingChanges().change
    assert [(c.changeId, c.status, c.changedAt - START) for c in changes] == [
        (1, "SCHEDULED", timedelta(seconds=2)),
        (2, "CONFIRMED", timedelta(seconds=5)),
    ]
    assert client.GetHearing("COURT-000001").status == "CONFIRMED"


def test_pages_hold_every_change_exactly_once(client, clock):
    """Following ``next`` to the end gives each change once, in order, while new ones keep coming."""
    for case in "ABC":
        client.CreateHearing(caseId=case, hearingDate=date(2024, 9, 2))
        clock.move(1)
    seen, after, pages = [], None, 0
    while pages == 0 or after:
        page = client.ListHearingChanges(pageSize=2, **({"after": after} if after else {}))
        seen += [(c.changeId, c.caseId, c.status) for c in page.change]
        after, pages = page.next, pages + 1
        clock.move(60)
    assert [change for change, _, _ in seen] == [1, 2]
    page = client.ListHearingChanges(pageSize=2, after="2")
    assert [c.changeId for c in page.change] + [int(page.next)] == [3, 4, 4]
    last = client.ListHearingChanges(pageSize=2, after=page.next)
    assert ([c.changeId for c in last.change], last.next) == ([5, 6], None)


def test_a_change_never_changes(client, clock):
    """Two readers at different times see the same ids, words and times."""
    client.CreateHearing(caseId="A", hearingDate=date(2024, 9, 2))
    clock.move(3)
    client.CreateHearing(caseId="B", hearingDate=date(2024, 9, 2))
    early = [(c.changeId, c.caseId, c.status, c.changedAt) for c in client.ListHearingChanges().change]
    clock.move(60)
    late = [(c.changeId, c.caseId, c.status, c.changedAt) for c in client.ListHearingChanges().change]
    assert late[: len(early)] == early
    assert late == sorted(late, key=lambda change: (change[3], change[0]))


def test_changes_can_be_asked_for_since_a_moment(client, clock):
    """The moment itself is included, so that nothing with an equal time is skipped."""
    client.CreateHearing(caseId="A", hearingDate=date(2024, 9, 2))
    clock.move(60)
    changes = client.ListHearingChanges(changedSince=START + timedelta(seconds=5)).change
    assert [c.status for c in changes] == ["CONFIRMED"]


def test_a_clock_set_back_does_not_turn_the_order(court, clock, url):
    """After the clock was set back, later changes still have later ids and no earlier times."""
    create(url, case="A")
    clock.move(60)
    court.received()
    clock.move(-3600)
    create(url, case="B", key="")
    clock.move(7200)
    times = [row["changed_at"] for row in received(url)["changes"]]
    assert (len(times), times) == (4, sorted(times))
