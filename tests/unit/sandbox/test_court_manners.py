"""How the pretend court misbehaves."""

from __future__ import annotations

import http.client
import json
import socket
import time
from urllib.parse import urlsplit

import pytest
from tests.unit.sandbox.letters import CREATE, KEY, ask, create, letter, received, texts

from hms_syn.sandbox.court_manners import AFTER, INSTEAD
from hms_syn.sandbox.court_soap import Manners, serve


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
