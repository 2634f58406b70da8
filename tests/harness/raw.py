"""A court on a bare socket that stops at a chosen byte, and knows when each request came and when it was over."""

from __future__ import annotations

import hashlib
import re
import select
import socket
import struct
import threading
import time
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING

from tests.harness.history import Arrival
from tests.harness.pace import Visit
from tests.harness.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STAGES = (
    "connected",  # nothing is read
    "head",  # the request's head is read, its body is not
    "read",  # the request is read and carried out, nothing is answered
    "half",  # half of the answer is sent
    "last byte",  # all of the answer but its last byte is sent
)
"""Where a request may stop until it is let go, or its sender hangs up."""
CUTS = ("reset", "truncated", "undelimited")
"""How an answer may break off in its middle: by a reset, before its announced end, or without an announced end."""
DRIPS = ("dripping head", "dripping body")
"""A byte of the answer every so often."""
DRIP = 0.3

PATIENCE = 60.0
GONE = select.POLLRDHUP | select.POLLHUP | select.POLLERR
ANSWER = (
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
    '<CreateHearingResponse xmlns="urn:county-court:calendar:1998"><reference>{}</reference><status>{}</status>'
    "</CreateHearingResponse></soap:Body></soap:Envelope>"
)


def contract(folder: Path) -> str:
    """Put the court's WSDL beside the job file, so that every connection is a delivery; return its name."""
    text = resources.files("hms_syn.sandbox").joinpath("court.wsdl").read_bytes()
    (folder / "court.wsdl").write_bytes(text)
    return "court.wsdl"


@contextmanager
def raw_vendor() -> Iterator[RawVendor]:
    """Listen for as long as the context lasts."""
    with closing(RawVendor()) as vendor:
        yield vendor


@dataclass(slots=True)
class Manner:
    """How requests are treated from now on; ``reached`` counts those that have come to the stage."""

    stage: str = "answer"
    left: int | None = None
    reached: int = 0
    go: threading.Event = field(default_factory=threading.Event)


class RawVendor:
    """One request a connection, one thread a connection; a repeated key gets its first receipt again."""

    def __init__(self) -> None:
        self._server = socket.socket()
        self._server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # a window that fills at once
        self._server.bind(("127.0.0.1", 0))
        self._server.listen(64)
        self.endpoint = f"http://127.0.0.1:{self._server.getsockname()[1]}/soap"
        self.arrivals: list[Arrival] = []
        self.visits: list[Visit] = []
        self._receipts: dict[str, str] = {}
        self._manner = Manner()
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Listen no more, and let everybody go."""
        self._manner.go.set()
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def behave(self, stage: str, times: int | None = None) -> Manner:
        """Treat the next requests in this way, so many of them; let go whoever is held now."""
        before, manner = self._manner, Manner(stage, times)
        with self._lock:
            self._manner = manner
        before.go.set()
        return manner

    def wait_for(self, manner: Manner, count: int = 1, *, within: float = 20.0) -> None:
        """Return when so many requests have come to the stage."""
        eventually(lambda: manner.reached >= count, within=within, every=0.0005, what=f"{count} at {manner.stage}")

    @property
    def facts(self) -> list[str]:
        """The hearings it has accepted, in their order."""
        return list(dict.fromkeys(arrival.fact for arrival in self.arrivals if arrival.accepted))

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._server.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _take(self) -> Manner:
        with self._lock:
            manner = self._manner
            if manner.left is not None:
                manner.left -= 1
                if manner.left < 0:
                    return Manner()
            return manner

    def _serve(self, connection: socket.socket) -> None:
        began, manner, request = time.time(), self._take(), b""
        with connection:
            try:
                request = self._request(connection, manner)
                last = self._answer(connection, manner, self._carry_out(request))
            except OSError:
                last = b""
            self.visits.append(Visit(key=_key(request), digest=digest(request), began=began, ended=time.time()))
            with suppress(OSError):
                connection.sendall(last)

    def _request(self, connection: socket.socket, manner: Manner) -> bytes:
        self._stop(connection, manner, "connected")
        data = b""
        while b"\r\n\r\n" not in data:
            data += _more(connection, 1)
        self._stop(connection, manner, "head")
        size = int(re.search(rb"(?i)content-length: *(\d+)", data)[1])  # type: ignore[index]  # the sender has one
        body = b""
        while len(body) < size:
            body += _more(connection, 65536)
        return body

    def _carry_out(self, request: bytes) -> bytes:
        key, fact = _key(request), re.search(rb"caseId>([^<]*)<", request)[1].decode()  # type: ignore[index]  # a hearing
        with self._lock:
            status = "ALREADY-ACCEPTED" if key in self._receipts else "ACCEPTED"
            receipt = self._receipts.setdefault(key, f"COURT-{len(self._receipts) + 1:06d}")
            self.arrivals.append(Arrival(key=key, fact=fact, accepted=True))
        return ANSWER.format(receipt, status).encode()

    def _answer(self, connection: socket.socket, manner: Manner, body: bytes) -> bytes:
        """Answer up to the last piece, and return that: what goes out with it may bring the next request at once."""
        length = "" if manner.stage == "undelimited" else f"Content-Length: {len(body)}\r\n"
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\n{length}Connection: close\r\n\r\n".encode()
        whole, half = head + body, len(head) + len(body) // 2
        self._stop(connection, manner, "read")
        for stage, place in (("half", half), ("last byte", len(whole) - 1)):
            if manner.stage == stage:
                connection.sendall(whole[:place])
                self._stop(connection, manner, stage)
                return whole[place:]
        if manner.stage in CUTS:
            connection.sendall(whole[: half - 1])
            if manner.stage == "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return whole[half - 1 : half]
        if manner.stage in DRIPS:
            self._drip(connection, whole, start=0 if manner.stage == "dripping head" else len(head))
            return b""
        return whole

    def _stop(self, connection: socket.socket, manner: Manner, stage: str) -> None:
        """Hold the request here if it is to stop here; a sender that has gone is an end like any other."""
        if manner.stage != stage:
            return
        manner.reached += 1
        deadline = time.monotonic() + PATIENCE
        while not manner.go.is_set() and time.monotonic() < deadline:
            if _has_gone(connection, 0.002):
                raise ConnectionResetError

    def _drip(self, connection: socket.socket, whole: bytes, *, start: int) -> None:
        connection.sendall(whole[:start])
        for place in range(start, len(whole)):
            connection.sendall(whole[place : place + 1])
            if _has_gone(connection, DRIP):
                raise ConnectionResetError


def digest(request: bytes) -> str:
    """Digest the request's SOAP body: what the message says, without the envelope's header."""
    found = re.search(rb"<(\w+:)?Body[ >].*", request, re.DOTALL)
    return hashlib.sha256(found[0]).hexdigest() if found else ""


def _key(request: bytes) -> str:
    found = re.search(rb"MessageID[^>]*>urn:uuid:([^<]+)<", request)
    return found[1].decode() if found else ""


def _more(connection: socket.socket, size: int) -> bytes:
    piece = connection.recv(size)
    if not piece:
        raise ConnectionResetError
    return piece


def _has_gone(connection: socket.socket, seconds: float) -> bool:
    poll = select.poll()
    poll.register(connection, GONE)
    return bool(poll.poll(seconds * 1000))
