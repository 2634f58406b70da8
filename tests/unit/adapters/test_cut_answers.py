"""A full yes, cut at every byte: nothing short of the whole is ever a receipt."""

from __future__ import annotations

import gzip
import itertools
import socket
import struct

import pytest
from tests.unit.adapters.liar import court, court_job, hearing, http, liar, scheduled

from hms_syn import errors

YES = scheduled().encode()
HALF = len(YES) // 2
HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (
    HALF,
    YES[:HALF],
    len(YES) - HALF,
    YES[HALF:],
)
WHOLE = {
    "measured": http(YES),
    "chunked": CHUNKED,
    "packed": http(gzip.compress(YES), headers="Content-Encoding: gzip\r\n"),
    "unmeasured": HEAD + b"\r\n" + YES,
}


def cut(raw: bytes, *, reset: bool):
    """Say these bytes and hang up."""

    def script(conn: socket.socket) -> None:
        conn.sendall(raw)
        if reset:
            conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return script


@pytest.mark.parametrize("kind", WHOLE)
def test_an_answer_cut_at_any_byte_is_never_a_receipt(kind):
    """F19: each length but the whole leaves the outcome unknown; every other cut is a reset."""
    whole = WHOLE[kind]
    scripts = [cut(whole[:size], reset=bool(size % 2)) for size in range(len(whole))]
    with liar(*scripts, cut(whole, reset=False)) as peer:
        adapter = court(court_job(peer.origin))
        for size in range(len(whole)):
            with pytest.raises(errors.OutcomeUnknown) as caught:
                adapter.send(hearing())
            assert caught.value.code in {"reset", "truncated", "bad_http", "bad_xml", "empty"}, size
        assert adapter.send(hearing()).reference == "COURT-1"


def test_a_reference_cut_short_is_not_a_shorter_reference():
    """F19: COURT-1 of COURT-17 would be another hearing's receipt."""
    body = scheduled("COURT-17")
    until = body.index("COURT-1") + len("COURT-1")
    with liar(cut(HEAD + b"\r\n" + body[:until].encode(), reset=False)) as peer, pytest.raises(errors.OutcomeUnknown):
        court(court_job(peer.origin)).send(hearing())


def test_an_answer_that_comes_byte_by_byte_is_still_the_whole_one():
    """Where the pieces of an answer are divided means nothing."""

    def script(conn: socket.socket) -> None:
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in CHUNKED:
            conn.sendall(bytes([byte]))

    with liar(script) as peer:
        assert court(court_job(peer.origin)).send(hearing()).reference == "COURT-1"


def test_a_late_answer_is_not_the_answer_to_the_next_message():
    """What a vendor says behind its answer ends the connection and is read by nobody."""
    for head, late in itertools.product(
        [b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 204 No\r\nContent-Length: 9\r\n\r\n"],
        [http(scheduled("LATE-1"))],
    ):
        with liar(head + late, http(scheduled("COURT-2"))) as peer:
            adapter = court(court_job(peer.origin))
            with pytest.raises(errors.OutcomeUnknown):
                adapter.send(hearing())
            assert adapter.send(hearing()).reference == "COURT-2"
        assert peer.connections == 2
