"""The pretend court holds its own contract, and reads strictly."""

from __future__ import annotations

import http.client
import socket
from urllib.parse import urlsplit

import pytest
from lxml import etree
from tests.unit.sandbox.letters import COURT, CREATE, KEY, ask, fault, letter, post, received

from hms_syn.sandbox import court_envelope


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
        (f"<FindHearing xmlns='{COURT}'/>", "ask by messageId"),
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


@pytest.mark.parametrize("prefix", ["s", "soap-env", "ns.1"])
def test_a_visit_notes_what_the_letter_says_whatever_its_prefix(prefix):
    """Two letters of one body have one digest, whoever wrote the envelope; another body has another."""
    first = letter(CREATE.format("A", "2024-09-02"), key=KEY).replace("s:", f"{prefix}:")
    again = first.replace(KEY, "urn:uuid:2")
    other = first.replace("2024-09-02", "2024-09-03")
    digests = [court_envelope.digest(one.encode()) for one in (first, again, other)]
    assert digests[0] == digests[1] != digests[2]
    assert len(digests[0]) == 64


def test_one_connection_serves_many_requests(url):
    """Connections are kept alive."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
    for _ in range(3):
        connection.request("GET", "/health")
        answer = connection.getresponse()
        assert (answer.status, answer.read(), answer.will_close) == (200, b"ok", False)
    connection.close()
