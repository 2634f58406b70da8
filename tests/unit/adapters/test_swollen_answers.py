"""Answers that are far larger than they look, or never end: what they cost us is bounded."""

from __future__ import annotations

import gzip
import re
import time
import zlib
from pathlib import Path

import pytest
from tests.unit.adapters.liar import court, court_job, hearing, http, liar, scheduled

from hms_syn import errors
from hms_syn.domain.job_spec import Push

MIB = 1024 * 1024
MOST = 64 * MIB
TIMEOUT = 2.0
MEMORY = Path("/proc/self/clear_refs")


def peak() -> int:
    """Return the most memory this process has held since the mark was reset."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    return int(found[1]) * 1024 if found else 0


def endless(head: bytes, piece: bytes, times: int):
    """Say the head, then the same piece again and again."""

    def script(conn) -> None:
        conn.sendall(head)
        for _ in range(times):
            conn.sendall(piece)

    return script


def packed(size: int) -> bytes:
    """Pack so many zeros."""
    packer = zlib.compressobj(wbits=31)
    return b"".join([*(packer.compress(bytes(MIB)) for _ in range(size // MIB)), packer.flush()])


HEAD = b"HTTP/1.1 200 OK\r\n"
GZIP = "Content-Encoding: gzip\r\n"
LAUGHS = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
SWOLLEN = {
    "a gzip bomb of 256 megabytes": lambda: http(packed(256 * MIB), headers=GZIP),
    "a gzip bomb that unpacks to a gzip bomb": lambda: http(gzip.compress(packed(256 * MIB)), headers=GZIP),
    "a billion laughs": lambda: http(f'<!DOCTYPE a [<!ENTITY l0 "lol">{LAUGHS}]>{scheduled("&l9;")}'),
    "a million headers": lambda: endless(HEAD, b"X-Header: y\r\n" * 1000, 1000),
    "one header of a hundred megabytes": lambda: endless(HEAD + b"X: ", b"y" * MIB, 100),
    "a million trailers": lambda: endless(HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n" * 1000, 1000),
    "a body without end": lambda: endless(HEAD + b"\r\n", b"<" * MIB, 300),
    "chunks without end": lambda: endless(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 10_000, 3000),
    "a chunk extension without end": lambda: endless(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x" * MIB, 100),
    "interim answers without end": lambda: endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, 1000),
    "elements a hundred thousand deep": lambda: http("<a>" * 100_000 + "</a>" * 100_000),
    "a hundred thousand empty elements": lambda: http(scheduled("<b/>" * 100_000)),
    "a million blanks for a reference": lambda: http(scheduled(" " * 1_000_000)),
}


@pytest.mark.parametrize("name", SWOLLEN)
def test_a_swollen_answer_costs_neither_memory_nor_time(name):
    """F30: the process grows by less than 64 MiB, the deadline holds, and it is no receipt."""
    if not MEMORY.exists():
        pytest.skip("this system does not tell a process its peak of memory")
    script = SWOLLEN[name]()
    with liar(script) as peer:
        adapter = court(court_job(peer.origin, push=Push(request={"wsdl": "court.wsdl"}, timeout=TIMEOUT)))
        adapter.check()
        MEMORY.write_text("5", encoding="ascii")
        before, started = peak(), time.monotonic()
        with pytest.raises(errors.OutcomeUnknown):
            adapter.send(hearing())
        assert time.monotonic() - started < TIMEOUT + 8
        assert peak() - before < MOST
