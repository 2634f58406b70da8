"""The one guarded client: deadlines, caps, redirects, phases; against servers that lie byte by byte."""

from __future__ import annotations

import gzip
import socket
import time

import pytest
from tests.unit.adapters.liar import LOOPBACK, drip, http, liar, say

from hms_syn import errors
from hms_syn.adapters.http_client import GuardedClient


def client(origin: str, *, timeout: float = 0.5, cap: int = 10_000, allow: tuple[str, ...] = LOOPBACK) -> GuardedClient:
    return GuardedClient(f"{origin}/soap", allow_private=allow, timeout=timeout, max_response_bytes=cap)


def ask(origin: str, **limits: object):
    return client(origin, **limits).request("POST", f"{origin}/soap", headers={"X-A": "b"}, body=b"hello")


def failure(script, **limits: object) -> errors.SynError:
    with liar(script) as peer, pytest.raises(errors.SynError) as caught:
        ask(peer.origin, **limits)
    return caught.value


def test_a_whole_answer_is_returned():
    """Status, headers in lower case and body come back as they were sent."""
    with liar(http(b"hi", headers="X-Thing: 1\r\n")) as peer:
        answer = ask(peer.origin)
    assert (answer.status, answer.body, answer.headers["x-thing"]) == (200, b"hi", "1")
    assert b"hello" in peer.requests[0]


def test_a_connection_is_used_again():
    """Two requests in a row need one connection."""
    with liar(http(b"hi")) as peer:
        one = client(peer.origin)
        for _ in range(3):
            one.request("GET", f"{peer.origin}/", headers={})
    assert peer.connections == 1


def test_a_connection_the_peer_closed_is_not_used_again():
    """A kept connection is looked at before it is used, so a closed one costs no message its outcome."""
    with liar(say(http(b"hi"))) as peer:
        one = client(peer.origin)
        one.request("GET", f"{peer.origin}/", headers={})
        time.sleep(0.05)
        one.request("GET", f"{peer.origin}/", headers={})
    assert peer.connections == 2


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_an_answer_and_not_a_way(status):
    """F27: nobody hears of our request but the vendor it is for."""
    with liar(http(b"stolen")) as thief, liar(http(status=status, headers=f"Location: {thief.origin}/\r\n")) as peer:
        assert ask(peer.origin).status == int(status[:3])
    assert thief.requests == []


@pytest.mark.parametrize(
    "script",
    [
        drip(b"HTTP/1.1 200 OK\r\nX: "),
        drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n"),
        drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", piece=b"1\r\nx\r\n"),
        drip(b"", piece=b"HTTP/1.1 100 Continue\r\n\r\n"),
        lambda _conn: time.sleep(2),
    ],
    ids=["header", "body", "chunks", "continue", "silence"],
)
def test_one_deadline_covers_the_whole_answer(script):
    """F22: a peer that keeps talking slowly is cut off as one that says nothing."""
    started = time.monotonic()
    error = failure(script)
    assert isinstance(error, errors.OutcomeUnknown)
    assert error.code == "timeout"
    assert 0.4 < time.monotonic() - started < 10


def test_a_peer_that_never_reads_is_cut_off():
    """F29: a request that fills the window ends at the deadline, and may have arrived."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        origin = f"http://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(errors.OutcomeUnknown):
            client(origin).request("POST", f"{origin}/", headers={}, body=b"x" * 20_000_000)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (http(b"half", length=100), "truncated"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf", "truncated"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"whole", mtime=0)[:-6], "truncated"),
        (http(b"x" * 10_001), "too_large"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 10_001, "too_large"),
        (http(gzip.compress(b"\0" * 50_000_000), headers="Content-Encoding: gzip\r\n"), "too_large"),
        (http(b"x", headers="Content-Encoding: br\r\n"), "bad_http"),
        (http(b"junk", headers="Content-Encoding: gzip\r\n"), "bad_http"),
        (http(b"x", headers="Content-Length: 7\r\n"), "bad_http"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "bad_http"),
        (b"SSH-2.0-OpenSSH\r\n", "bad_http"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1_000 + b"\r\n", "bad_http"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n", "bad_http"),
        (b"", "bad_http"),
    ],
)
def test_an_answer_that_is_not_whole_proves_nothing(raw, code):
    """Cut, swollen, mislabelled or foreign answers leave the outcome unknown, each under its code."""
    error = failure(say(raw), cap=10_000, timeout=3)
    assert isinstance(error, errors.OutcomeUnknown)
    assert error.code in (code, "reset")


def test_a_compressed_answer_is_read_under_the_cap():
    """A peer that compresses against our wish is still understood."""
    with liar(http(gzip.compress(b"fine"), headers="Content-Encoding: gzip\r\n")) as peer:
        assert ask(peer.origin).body == b"fine"


def test_a_close_delimited_answer_is_whole_for_http():
    """Without a length the end of the connection is the end of the body."""
    with liar(say(b"HTTP/1.1 200 OK\r\n\r\nall of it")) as peer:
        assert ask(peer.origin).body == b"all of it"


def test_nothing_is_sent_to_a_closed_port():
    """F26: a refused connection is known not to have carried the message."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        origin = f"http://127.0.0.1:{server.getsockname()[1]}"
    with pytest.raises(errors.NotSent) as caught:
        ask(origin)
    assert caught.value.code == "connect"


def test_nothing_is_sent_to_a_name_that_does_not_resolve():
    """F26: a name without an address is known not to have carried the message."""
    with pytest.raises(errors.NotSent) as caught:
        ask("http://no-such-host.invalid", timeout=3)
    assert caught.value.code == "dns"


def test_nothing_is_sent_to_a_peer_that_fails_the_tls_handshake():
    """F25: no plain text is spoken to a peer that does not speak TLS."""
    with liar(http()) as peer, pytest.raises(errors.NotSent) as caught:
        ask(peer.origin.replace("http:", "https:"))
    assert caught.value.code == "tls"
    assert not any(b"hello" in request for request in peer.requests)


def test_a_name_that_leads_to_a_private_address_is_refused(monkeypatch):
    """F28: what counts is the address a name resolves to when the message goes out."""
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _host, port, **more: real("127.0.0.1", port, **more))
    with liar(http()) as peer, pytest.raises(errors.NotSent) as caught:
        ask(peer.origin.replace("127.0.0.1", "court.example.gov"), allow=())
    assert caught.value.code == "address_refused"
    assert peer.connections == 0


def test_a_url_of_another_origin_is_refused():
    """One client serves one origin."""
    with pytest.raises(errors.ContractMismatch) as caught:
        client("http://127.0.0.1:1").request("GET", "http://127.0.0.1:2/", headers={})
    assert caught.value.code == "foreign_origin"


def test_proxies_of_the_environment_are_ignored(monkeypatch):
    """A proxy somebody exported does not get to read hearings."""
    with liar(http(b"proxy")) as proxy, liar(http(b"vendor")) as peer:
        monkeypatch.setenv("http_proxy", proxy.origin)
        monkeypatch.setenv("ALL_PROXY", proxy.origin)
        assert ask(peer.origin).body == b"vendor"


def test_no_error_quotes_the_vendor_or_the_query():
    """Errors hold codes and lengths, never a body or what stood in the URL."""
    with liar(say(http(b"Jane Doe", length=50))) as peer, pytest.raises(errors.OutcomeUnknown) as caught:
        client(peer.origin).request("GET", f"{peer.origin}/?ssn=123-45-6789", headers={})
    assert "Jane" not in repr(caught.value)
    assert "123-45" not in repr(caught.value)
