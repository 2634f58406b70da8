"""The pretend court, asked over real connections: by hand-written bytes and by a SOAP client that is not ours."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import zeep
from lxml import etree
from zeep.wsse.username import UsernameToken

from hms_syn.sandbox import court_envelope
from hms_syn.sandbox.court_manners import AFTER, INSTEAD
from hms_syn.sandbox.court_soap import Court, Login, Manners, serve

START = datetime(2024, 8, 1, 9, 0, tzinfo=timezone.utc)
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
COURT = "urn:county-court:calendar:1998"
CREATE = f"<CreateHearing xmlns='{COURT}'><caseId>{{}}</caseId><hearingDate>{{}}</hearingDate></CreateHearing>"
KEY = "urn:uuid:5c2d1c4e-0000-4000-8000-000000000001"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now

    def move(self, seconds):
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def court(clock):
    return Court(clock=clock)


@pytest.fixture
def url(court):
    with serve(court) as address:
        yield address


@pytest.fixture
def client(url):
    with zeep.Client(f"{url}/soap?wsdl") as soap:
        yield soap.service


def ask(url, method, path, body=None, headers=None):
    """One request on its own connection; status, headers and body as they came."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def letter(request, *, key=""):
    header = f"<wsa:MessageID xmlns:wsa='http://www.w3.org/2005/08/addressing'>{key}</wsa:MessageID>" if key else ""
    return f"<s:Envelope xmlns:s='{SOAP}'><s:Header>{header}</s:Header><s:Body>{request}</s:Body></s:Envelope>"


def post(url, request, *, key=""):
    body = letter(request, key=key).encode()
    return ask(url, "POST", "/soap", body, {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'})


def create(url, case="HUD-22-109", day="2024-09-02", *, key=KEY):
    return post(url, CREATE.format(case, day), key=key)


def texts(body):
    """Collect the texts of the answer's fields, by name."""
    return {
        etree.QName(e).localname: e.text for e in etree.fromstring(body).find(f"{{{SOAP}}}Body")[0].iter() if e.text
    }


def received(url):
    return json.loads(ask(url, "GET", "/received")[2])


def fault(answer):
    """Give the status, code and text of an answer that is a fault."""
    found = texts(answer[2])
    return answer[0], found["faultcode"], found["faultstring"]


# What it can do


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


# Changes of status


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


# The contract and strict reading


def test_the_wsdl_names_the_actual_address(url):
    """The address in the contract is where it was asked for."""
    assert f'location="{url}/soap"'.encode() in ask(url, "GET", "/soap?wsdl")[2]
    assert (
        b'location="http://court.example:9/soap"' in ask(url, "GET", "/soap?WSDL", None, {"Host": "court.example:9"})[2]
    )
    assert f'"{url}/soap"'.encode() in ask(url, "GET", "/soap?wsdl", None, {"Host": 'x"/><evil a="'})[2]


def test_the_reader_and_the_contract_agree(url):
    """Each operation's fields, their order and which must be there are the same in the WSDL and in the reader."""
    wsdl = etree.fromstring(ask(url, "GET", "/soap?wsdl")[2])
    xsd = "{http://www.w3.org/2001/XMLSchema}"
    told = {
        element.get("name"): [(f.get("name"), f.get("minOccurs") != "0") for f in element.iter(f"{xsd}element")][1:]
        for element in wsdl.iterfind(f".//{xsd}schema/{xsd}element")
        if not element.get("name").endswith("Response")
    }
    read = court_envelope.OPERATIONS.items()
    assert told == {name: [(f, must) for f, (_, must) in fields.items()] for name, fields in read}


ITEM = f"<CreateHearing xmlns='{COURT}'>{{}}</CreateHearing>"
LIST = f"<ListHearingChanges xmlns='{COURT}'>{{}}</ListHearingChanges>"


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        (CREATE.format("A", "soon"), "hearingDate: not a date"),
        (CREATE.format("A", "2024-02-30"), "hearingDate"),
        (CREATE.format("A", "20240902"), "hearingDate: not a date"),
        (CREATE.format(" ", "2024-09-02"), "caseId: empty"),
        (CREATE.format("<b>A</b>", "2024-09-02"), "caseId: text is expected"),
        (ITEM.format("<caseId>A</caseId>"), "hearingDate is missing"),
        (ITEM.format("<hearingDate>2024-09-02</hearingDate><caseId>A</caseId>"), "caseId is missing"),
        (ITEM.format("<caseId>A</caseId><hearingDate>2024-09-02</hearingDate><x/>"), "x is not expected"),
        (CREATE.format("A", "2024-09-02").replace(COURT, "urn:other"), "not an operation"),
        (f"<SealHearing xmlns='{COURT}'/>", "SealHearing is not an operation"),
        (f"<GetHearing xmlns='{COURT}'><reference>COURT-9</reference></GetHearing>", "no hearing of this reference"),
        (LIST.format("<pageSize>0</pageSize>"), "pageSize must be 1"),
        (LIST.format("<pageSize>many</pageSize>"), "pageSize: not a whole number"),
        (LIST.format("<changedSince>yesterday</changedSince>"), "changedSince: not a date and time"),
        (LIST.format("<after>-1</after>"), "after is not a place"),
        ("", "one request"),
    ],
)
def test_a_request_that_breaks_the_contract_is_the_clients_fault(url, request_, says):
    """Anything but the contract's fields, in their order and of their type, is a Client fault, and it is logged."""
    status, code, text = fault(post(url, request_))
    assert (status, code) == (500, "soap:Client")
    assert says in text
    (arrival,) = received(url)["arrivals"]
    assert arrival["outcome"] == f"fault: {text}"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"not xml", "soap:Client"),
        (b"<a/>", "soap:Client"),
        (b"<Envelope xmlns='http://www.w3.org/2003/05/soap-envelope'/>", "soap:VersionMismatch"),
        (
            b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'>" + letter(CREATE.format("A", "2024-09-02")).encode(),
            "soap:Client",
        ),
        (
            b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
            + letter(CREATE.format("&x;", "2024-09-02")).encode(),
            "soap:Client",
        ),
        (letter("<a/>").replace("<s:Header>", "<s:Header><x s:mustUnderstand='1'/>").encode(), "soap:MustUnderstand"),
    ],
)
def test_what_is_not_a_plain_soap_message_is_refused(url, body, code):
    """No document type, no other SOAP version, no header that must be understood and is not."""
    answer = ask(url, "POST", "/soap", body, {"Content-Type": "text/xml"})
    assert fault(answer)[1] == code
    assert b"root:" not in answer[2]
    assert received(url)["hearings"] == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "application/soap+xml"}, 415),
        ({"Content-Type": "text/xml", "Transfer-Encoding": "chunked"}, 411),
        ({"Content-Type": "text/xml", "Content-Encoding": "gzip"}, 415),
        ({"Content-Type": "text/xml", "Content-Length": "9999999"}, 413),
        ({"Content-Type": "text/xml", "Content-Length": "-1"}, 400),
    ],
)
def test_a_request_it_cannot_take_is_logged_too(url, headers, status):
    """Also a request refused for its form has arrived."""
    assert ask(url, "POST", "/soap", b"", headers)[0] == status
    assert len(received(url)["arrivals"]) == 1


def test_half_a_request_is_logged_too(url):
    """A sender that goes away in the middle has arrived, and nothing of it is believed."""
    with socket.create_connection((urlsplit(url).hostname, urlsplit(url).port), timeout=5) as wire:
        wire.sendall(b"POST /soap HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: 99\r\n\r\n<s:Env")
        wire.shutdown(socket.SHUT_WR)
        assert wire.recv(99).startswith(b"HTTP/1.1 400 ")
    assert [row["outcome"] for row in received(url)["arrivals"]] == ["unreadable request: 400"]


def test_one_connection_serves_many_requests(url):
    """Connections are kept alive."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
    for _ in range(3):
        connection.request("GET", "/health")
        answer = connection.getresponse()
        assert (answer.status, answer.read(), answer.will_close) == (200, b"ok", False)
    connection.close()


# Who may come in


@pytest.fixture
def locked():
    with serve(login=Login("hud", "s3cret-päss")) as address:
        yield address


def enter(url, token):
    with zeep.Client(f"{url}/soap?wsdl", wsse=token) as soap:
        return soap.service.CreateHearing(caseId="A", hearingDate=date(2024, 9, 2))


@pytest.mark.parametrize("digest", [False, True])
def test_the_right_token_comes_in(locked, digest):
    """A UsernameToken is taken as text and as digest."""
    assert enter(locked, UsernameToken("hud", "s3cret-päss", use_digest=digest)).status == "ACCEPTED"


NOW = datetime.now(timezone.utc)


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        (None, "no UsernameToken"),
        (UsernameToken("hud", "wrong"), "wrong user or password"),
        (UsernameToken("hud", "wrong", use_digest=True), "wrong user or password"),
        (UsernameToken("eve", "s3cret-päss"), "wrong user or password"),
        (UsernameToken("hud", "s3cret-päss", use_digest=True, created=NOW - timedelta(hours=1)), "stale token"),
        (UsernameToken("hud", "s3cret-päss", use_digest=True, created=NOW + timedelta(hours=1)), "stale token"),
    ],
)
def test_a_wrong_token_stays_out(locked, token, reason):
    """The sender learns that it failed, the court's log why, and neither holds the password."""
    with pytest.raises(zeep.exceptions.Fault) as caught:
        enter(locked, token)
    assert (caught.value.code, received(locked)["hearings"]) == ("wsse:FailedAuthentication", [])
    assert received(locked)["arrivals"][0]["outcome"] == f"not authenticated: {reason}"
    assert b"s3cret" not in ask(locked, "GET", "/")[2] + ask(locked, "GET", "/received")[2]


def test_a_token_is_good_once(locked):
    """A replayed nonce is refused."""
    token = UsernameToken("hud", "s3cret-päss", use_digest=True, nonce="abc", created=datetime.now(timezone.utc))
    assert enter(locked, token).status == "ACCEPTED"
    with pytest.raises(zeep.exceptions.Fault):
        enter(locked, token)
    assert received(locked)["arrivals"][-1]["outcome"] == "not authenticated: token used before"


def test_a_stranger_gets_401(locked):
    """A missing token is HTTP 401 with a fault and a challenge."""
    status, headers, _ = answer = create(locked)
    assert (status, fault(answer)[1], headers["WWW-Authenticate"][:4]) == (401, "wsse:FailedAuthentication", "WSSE")


# Misbehaviour


@pytest.fixture
def rude():
    """Start courts in a mode."""
    started = []

    def start(mode, *, times=None, delay=0.2):
        context = serve(manners=Manners(mode, times=times, delay=delay))
        started.append(context)
        return context.__enter__()

    yield start
    for context in started:
        context.__exit__(None, None, None)


@pytest.mark.parametrize(
    ("mode", "status", "content_type", "holds"),
    [
        ("fault_client", 500, "text/xml", b"<faultcode>soap:Client</faultcode>"),
        ("fault_server", 500, "text/xml", b"<faultcode>soap:Server</faultcode>"),
        ("refuse", 200, "text/xml", b"<court:reference></court:reference><court:status>REJECTED</court:status>"),
        ("http_503", 503, "text/plain", b"busy"),
        ("http_500_html", 500, "text/html", b"<!doctype html>"),
        ("html_200", 200, "text/html", b"<!doctype html>"),
        ("garbage", 200, "text/xml", b"\x00\xff\xfe"),
        ("foreign_body", 200, "text/xml", b"<w:Forecast"),
        (
            "missing_ack",
            200,
            "text/xml",
            b'Response xmlns:court="urn:county-court:calendar:1998"><court:status>ACCEPTED',
        ),
        ("empty_ack", 200, "text/xml", b"<court:reference></court:reference><court:status></court:status>"),
        ("redirect", 302, "text/xml", b""),
        ("empty_200", 200, "text/xml", b""),
        ("accepted_202_empty", 202, "text/xml", b""),
    ],
)
def test_a_mode_answers_as_it_says_and_records_nothing(rude, mode, status, content_type, holds):
    """Each of these modes has its own bytes, keeps no hearing, and says so in the log."""
    url = rude(mode)
    got, headers, body = create(url)
    assert (got, headers.get_content_type()) == (status, content_type)
    assert holds in body
    assert holds or body == b""
    (arrival,) = received(url)["arrivals"]
    assert (arrival["outcome"], arrival["message_id"], arrival["case_id"], arrival["operation"]) == (
        f"{mode}: nothing recorded",
        KEY,
        "HUD-22-109",
        "CreateHearing",
    )
    assert received(url)["hearings"] == []


def test_503_says_when_to_come_back(rude):
    """The 503 carries Retry-After: 1."""
    assert create(rude("http_503"))[1]["Retry-After"] == "1"


def test_a_followed_redirect_gives_a_worthless_receipt(rude):
    """Somebody who follows the redirect gets a receipt, but nothing is recorded, and the log shows it."""
    url = rude("redirect")
    assert create(url)[1]["Location"] == "/elsewhere"
    assert b"ELSEWHERE-000001" in ask(url, "GET", "/elsewhere")[2]
    assert received(url)["arrivals"][-1]["operation"] == "GET /elsewhere"
    assert received(url)["hearings"] == []


def test_reset_ends_the_connection_with_a_reset(rude):
    """The connection breaks and nothing was recorded."""
    url = rude("reset")
    with pytest.raises(ConnectionResetError) as caught:
        create(url)
    assert not isinstance(caught.value, http.client.RemoteDisconnected)
    assert (received(url)["hearings"], received(url)["arrivals"][0]["outcome"]) == ([], "reset: nothing recorded")


def test_drop_records_and_closes_without_an_answer(rude):
    """The hearing is on the calendar, but the sender never hears of it."""
    url = rude("drop")
    with pytest.raises(http.client.RemoteDisconnected):
        create(url)
    assert received(url)["hearings"][0]["reference"] == "COURT-000001"
    assert received(url)["arrivals"][0]["outcome"] == "drop: accepted COURT-000001"


def test_truncated_stops_in_the_middle(rude):
    """The hearing is on the calendar, but the answer is only half there."""
    url = rude("truncated")
    with pytest.raises(http.client.IncompleteRead):
        create(url)
    assert len(received(url)["hearings"]) == 1


def test_silent_waits_until_the_sender_gives_up(rude):
    """The hearing is on the calendar, and no byte comes back."""
    url = rude("silent")
    body = letter(CREATE.format("A", "2024-09-02"), key=KEY).encode()
    with socket.create_connection((urlsplit(url).hostname, urlsplit(url).port), timeout=0.3) as wire:
        wire.sendall(
            b"POST /soap HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        )
        with pytest.raises(TimeoutError):
            wire.recv(1)
    assert received(url)["arrivals"][0]["outcome"] == "silent: accepted COURT-000001"


@pytest.mark.parametrize(("mode", "delay"), [("slow", 0.2), ("drip", 0.01)])
def test_a_late_answer_is_still_a_good_one(rude, mode, delay):
    """The hearing is on the calendar, and a sender patient enough gets the receipt."""
    url, before = rude(mode, delay=delay), time.monotonic()
    assert texts(create(url)[2])["status"] == "ACCEPTED"
    assert time.monotonic() - before >= 0.2
    assert received(url)["arrivals"][0]["outcome"].startswith(f"{mode}: accepted")


def test_no_mode_is_of_two_kinds():
    """A mode either carries the request out or does not."""
    assert not set(INSTEAD) & set(AFTER)
    assert set(AFTER) == {"slow", "silent", "drop", "truncated", "drip"}


def test_misbehaviour_can_end_by_itself(url):
    """After so many requests the court behaves well again, and a resent hearing is accepted once."""
    status, _, body = ask(url, "POST", "/behave", b'{"mode": "http_503", "times": 2}')
    assert (status, json.loads(body)) == (200, {"mode": "http_503", "times": 2})
    assert [create(url)[0] for _ in range(3)] == [503, 503, 200]
    assert [row["arrivals"] for row in received(url)["hearings"]] == [3]


@pytest.mark.parametrize(
    "wish", [b"", b"[]", b"{}", b'{"mode": "rude"}', b'{"mode": ["ok"]}', b'{"mode": "ok", "times": 0}',
             b'{"mode": "ok", "times": true}', b'{"mode": "ok", "time": 1}'],
)  # fmt: skip
def test_a_wish_it_does_not_know_is_refused(url, wish):
    """A misspelt mode or number is an error that says what is possible; it does not pass as good behaviour."""
    status, _, body = ask(url, "POST", "/behave", wish)
    assert (status, bool(json.loads(body)["error"])) == (400, True)


def test_a_page_from_elsewhere_cannot_change_the_manners(url):
    """A browser that carries another page's wish is turned away."""
    assert ask(url, "POST", "/behave", b'{"mode": "drop"}', {"Origin": "http://evil.example"})[0] == 403


# What people see


def test_the_page_shows_text_never_markup(url):
    """Hostile text in a case id or a key is shown as text."""
    create(url, case="&lt;script&gt;alert(1)&lt;/script&gt;", key="&lt;img src=x&gt;")
    page = ask(url, "GET", "/")[2].decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert not re.search("<script|<img|style=|onerror=", page)


def test_the_page_may_load_nothing_but_its_own_style(url):
    """The page's policy allows no script and nobody else's content."""
    _, headers, _ = ask(url, "GET", "/")
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "script-src" not in headers["Content-Security-Policy"]
    assert ask(url, "GET", "/style.css")[1].get_content_type() == "text/css"


def test_an_empty_calendar_says_what_to_type(url):
    """Before the first hearing the page shows the command that makes one."""
    page = ask(url, "GET", "/")[2].decode()
    assert "hms-syn publish hud.hearing.created &#x27;{&quot;case_id&quot;:&quot;HUD-22-109&quot;" in page


def test_the_page_and_the_json_tell_the_same(url):
    """Receipt, case, date, key, status and count are on both."""
    create(url)
    (hearing,) = received(url)["hearings"]
    page = ask(url, "GET", "/")[2].decode()
    assert all(hearing[name] in page for name in ("reference", "case_id", "hearing_date", "message_id", "status"))
    assert hearing | {"received_at": ""} == {
        "reference": "COURT-000001", "case_id": "HUD-22-109", "hearing_date": "2024-09-02", "received_at": "",
        "message_id": KEY, "status": "ACCEPTED", "arrivals": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/health", 200),
        ("HEAD", "/health", 200),
        ("GET", "/soap", 405),
        ("GET", "/nothing", 404),
        ("POST", "/nothing", 404),
    ],
)
def test_addresses(url, method, path, status):
    """Each address answers with its status."""
    assert ask(url, method, path)[0] == status


# What outlives it


def test_a_restarted_court_knows_everything(tmp_path, clock):
    """Hearings, changes, arrivals and MessageIDs come back from the state file, and the numbers go on."""
    state = tmp_path / "court.jsonl"
    with serve(Court(clock=clock, state=state)) as url:
        create(url)
        clock.move(3)
        before = received(url)
    with serve(Court(clock=clock, state=state)) as url:
        assert received(url) == before
        assert texts(create(url)[2])["status"] == "ALREADY-ACCEPTED"
        assert texts(create(url, key="")[2])["reference"] == "COURT-000002"
        clock.move(60)
        assert [row["change_id"] for row in received(url)["changes"]] == [1, 2, 3, 4]


def test_half_a_line_is_not_believed(tmp_path):
    """What a crash left of a line is cut off, and the file is good to go on with."""
    state = tmp_path / "court.jsonl"
    with serve(Court(state=state)) as url:
        create(url)
    whole = state.read_bytes()
    state.write_bytes(whole + whole[: len(whole) // 2])
    with serve(Court(state=state)) as url:
        create(url, key="")
        assert len(received(url)["hearings"]) == 2
    assert len(Court(state=state).received()["arrivals"]) == 2


def test_a_foreign_state_file_is_named(tmp_path):
    """A file that is not a court's is refused with its line."""
    state = tmp_path / "notes.txt"
    state.write_text("milk\n")
    with pytest.raises(ValueError, match=r"notes\.txt:1: "):
        Court(state=state)


def test_a_hearing_that_cannot_be_written_is_not_accepted(tmp_path):
    """When the state file cannot be written, the answer is a Server fault and nothing is kept."""
    court = Court(state=tmp_path / "gone" / "court.jsonl")
    with serve(court) as url:
        assert fault(create(url))[1] == "soap:Server"
        assert received(url)["hearings"] == []


def test_a_stopped_court_is_gone_for_every_connection():
    """After the end no kept-alive connection is answered any more."""
    with serve() as url:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
        connection.request("GET", "/health")
        connection.getresponse().read()
        kept = connection.sock
    kept.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        http.client.HTTPResponse(kept).begin()
    connection.close()


# As a command


def command(*arguments, **environment):
    paths = {"PYTHONPATH": str(Path(__file__).parents[3] / "plugins")}
    return subprocess.Popen(
        [sys.executable, "-m", "hms_syn.sandbox.court_soap", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | paths | environment,
    )  # fmt: skip


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_serves_until_it_is_told_to_end(number):
    """It prints its address in one line and ends with 0 on either signal."""
    with command("--port", "0") as process:
        url = re.fullmatch(r"court listening on (http://127\.0\.0\.1:\d+)\n", process.stdout.readline()).group(1)
        assert ask(url, "GET", "/health")[2] == b"ok"
        process.send_signal(number)
        assert (process.wait(5), process.stdout.read(), process.stderr.read()) == (0, "", "")


def test_the_password_can_come_from_the_environment():
    """With --user and COURT_PASSWORD the court lets only its user in."""
    with command("--port", "0", "--user", "hud", COURT_PASSWORD="s3cret") as process:
        url = process.stdout.readline().split()[-1]
        assert enter(url, UsernameToken("hud", "s3cret", use_digest=True)).status == "ACCEPTED"
        assert create(url)[0] == 401
        process.terminate()


def test_a_user_without_a_password_is_wrong_usage():
    """A court that would let nobody or everybody in does not start."""
    with command("--port", "0", "--user", "hud", COURT_PASSWORD="") as process:
        assert (process.wait(10), "COURT_PASSWORD" in process.stderr.read()) == (2, True)


def test_a_taken_port_is_said_in_one_line(url):
    """The error names what is wrong, without a traceback."""
    with command("--port", str(urlsplit(url).port)) as process:
        assert (process.wait(10), process.stderr.read().count("\n")) == (1, 1)
