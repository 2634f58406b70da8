"""A door in front of a server: it writes down every request, and lets it in unless its porter has another answer."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import parse_headers
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SWALLOWED = b""
"""What a porter says when the server is to do what it is asked, and its answer is never to arrive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as it was read from the wire; names of headers are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    raw: bytes = field(repr=False)


class Door:
    """At one port however often it is opened; what passes it is passed on byte for byte, both ways."""

    def __init__(self, beyond: str, porter: Callable[[Asked], bytes | None]) -> None:
        """Stand before the server at this origin; a porter that returns None lets a request in."""
        self._beyond, self._porter = int(beyond.rpartition(":")[2]), porter
        self._server: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self._port = 0
        self.journal: list[Asked] = []

    @property
    def origin(self) -> str:
        """Where it stands, once it was open."""
        return f"http://127.0.0.1:{self._port}"

    def open(self, *, port: int = 0) -> None:
        """Listen, if it does not yet: where it stood before, or at this port."""
        if self._server is None:
            self._port = self._port or port
            self._server = socket.create_server(("127.0.0.1", self._port), backlog=64)
            self._port = self._server.getsockname()[1]
            threading.Thread(target=self._accept, args=(self._server,), daemon=True).start()

    def shut(self) -> None:
        """Listen no more, and hang up on everybody."""
        if self._server is not None:
            for end in (self._server, *self._open):
                _hang_up(end)
            self._server.close()
            self._server = None

    def _accept(self, server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = server.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._attend, args=(client,), daemon=True).start()

    def _attend(self, client: socket.socket) -> None:
        self._open.add(client)
        muted = threading.Event()
        with client, suppress(OSError), socket.create_connection(("127.0.0.1", self._beyond)) as beyond:
            beyond.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=_carry_back, args=(beyond, client, muted), daemon=True).start()
            reader = client.makefile("rb")
            while asked := _read(reader):
                self.journal.append(asked)
                answer = self._porter(asked)
                if answer:
                    client.sendall(answer)
                    continue
                if answer == SWALLOWED:
                    muted.set()
                beyond.sendall(asked.raw)
            _hang_up(beyond)
        self._open.discard(client)


def answer(status: int, body: Any, *, media: str = "application/json", **headers: str) -> bytes:
    """Return a whole answer; names of headers are written with ``_`` for ``-``."""
    text = json.dumps(body).encode()
    named = {"Content-Type": media, "Content-Length": str(len(text)), **headers}
    lines = [f"HTTP/1.1 {status} Said", *(f"{name.replace('_', '-')}: {value}" for name, value in named.items())]
    return "\r\n".join([*lines, "", ""]).encode() + text


def _read(reader: BinaryIO) -> Asked | None:
    """Read one request, or nothing more; who sends a body says how long it is."""
    first = reader.readline()
    if not first:
        return None
    head = b""
    while (line := reader.readline()) not in (b"\r\n", b""):
        head += line
    headers = {name.lower(): value for name, value in parse_headers(BytesIO(head + b"\r\n")).items()}
    body = reader.read(int(headers.get("content-length", "0")))
    method, target, _ = first.decode("ascii").split()
    return Asked(method=method, target=target, headers=headers, body=body, raw=first + head + b"\r\n" + body)


def _carry_back(beyond: socket.socket, client: socket.socket, muted: threading.Event) -> None:
    with suppress(OSError):
        while data := beyond.recv(65536):
            if not muted.is_set():
                client.sendall(data)
        if not muted.is_set():
            _hang_up(client)


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
