"""A pretend vendor on the wire: HTTP/1.1 on the standard library, one thread per connection."""

from __future__ import annotations

import json
import os
import re
import socket
import struct
from abc import ABC, abstractmethod
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from hms_syn.sandbox import vendor_page
from hms_syn.sandbox.answers import HTML, Answer, json_value, packaged, text

if TYPE_CHECKING:
    from collections.abc import Callable
    from urllib.parse import SplitResult

    from hms_syn.sandbox.listener import Listener

MAX_BODY = 1024 * 1024
_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d+)?|\[[0-9A-Fa-f:]+\](:\d+)?")


class Connection(BaseHTTPRequestHandler, ABC):
    """One connection; what a vendor's own addresses do is its own affair."""

    protocol_version = "HTTP/1.1"
    sys_version = ""
    timeout = 60
    wbufsize = -1  # one packet per answer
    disable_nagle_algorithm = True
    icon = b""
    server: Listener

    def do_GET(self) -> None:
        """Show something."""
        self._route(b"")

    do_HEAD = do_GET  # noqa: N815 - the standard library's name

    def do_POST(self) -> None:
        """Take something in."""
        body = self.body()
        if isinstance(body, Answer):
            if self.path != "/behave":
                self.note(f"unreadable request: {body.status}")
            self.close_connection = True
            self.send(body)
        else:
            self._route(body)

    def _route(self, body: bytes) -> None:
        address = urlsplit(self.path)
        if self.serves(address, body):
            return
        if self.command in {"GET", "HEAD"}:
            self.send(self.shown(address.path, still=address.query.lower() == "still"))
        elif address.path == "/behave":
            self.send(self.behave(body))
        else:
            self.note("nothing is at this address")
            self.send(text(404, "there is nothing here\n"))

    @abstractmethod
    def serves(self, address: SplitResult, body: bytes) -> bool:
        """Answer a request at one of the vendor's own addresses; return False where it is none of them."""

    @abstractmethod
    def note(self, outcome: str) -> None:
        """Log a request that has arrived and was not carried out."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
        """Stay silent: the vendor's own log is at /received."""

    def shown(self, path: str, *, still: bool) -> Answer:
        """Return what every pretend vendor shows: its page, its health, its log and its manners."""
        server = self.server
        pages: dict[str, Callable[[], Answer]] = {
            "/": lambda: Answer(body=server.page(still=still).encode(), content_type=HTML, headers=vendor_page.HEADERS),
            "/behave": lambda: json_value(200, server.manners.present()),
            "/health": lambda: text(200, "ok") if server.is_up() else text(503, "down\n"),
            "/icon.svg": lambda: Answer(body=self.icon, content_type="image/svg+xml"),
            "/received": lambda: json_value(200, server.received()),
            "/style.css": lambda: Answer(body=packaged("court.css"), content_type="text/css; charset=utf-8"),
        }
        return pages.get(path, lambda: text(404, "there is nothing here\n"))()

    def behave(self, body: bytes) -> Answer:
        """Change the manners as the body wishes; a web page from elsewhere may not."""
        if self.headers.get("Origin") not in {None, self.origin()}:
            return json_value(403, {"error": "a page from elsewhere may not tell this vendor how to behave"})
        try:
            self.server.manners.choose(**_wish(json.loads(body)))
        except ValueError as error:
            return json_value(400, {"error": str(error)})
        return json_value(200, self.server.manners.present())

    def body(self) -> bytes | Answer:
        """Read the request's whole body, or give the answer to one that cannot be taken."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return text(411, "send a Content-Length\n")
        if self.headers.get("Content-Encoding", "identity").lower() != "identity":
            return text(415, "send the body as it is, not compressed\n")
        length = self.headers.get("Content-Length", "0")
        if not (length.isascii() and length.isdigit()):
            return text(400, "the Content-Length is not a number\n")
        if int(length) > MAX_BODY:
            return text(413, "the body is longer than 1 MiB\n")
        try:
            body = self.rfile.read(int(length))
        except OSError:  # the sender stopped or went away in the middle
            body = b""
        return body if len(body) == int(length) else text(400, "the body is shorter than announced\n")

    def suffer(self, mode: str, answer: Answer) -> None:
        """Send the answer to what has been done, in one of the modes of ``manners.AFTER`` or as it is."""
        if mode == "silent":
            self.connection.settimeout(None)
            while self.connection.recv(4096):
                pass
        if mode in {"silent", "drop"}:
            self.hang_up()
            return
        if mode == "slow":
            self.server.stopping.wait(self.server.manners.delay)
        self.send(answer, mode=mode)

    def send(self, answer: Answer, *, mode: str = "ok") -> None:
        """Send an answer, all of it unless the mode is ``truncated``."""
        self.send_response(answer.status)
        for name, value in {"Content-Type": answer.content_type, **answer.headers}.items():
            self.send_header(name, value)
        if answer.status != HTTPStatus.NO_CONTENT:  # a 204 has no length (RFC 9110, 8.6)
            self.send_header("Content-Length", str(len(answer.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        body = b"" if self.command == "HEAD" else answer.body
        if mode == "drip":
            self._drip(body)
        elif mode == "truncated":
            self.wfile.write(body[: len(body) // 2])
            self.hang_up()
        else:
            self.leaving()
            self.wfile.write(body)
        self.wfile.flush()

    def leaving(self) -> None:
        """Note, where a vendor wants to, that a whole answer is about to leave."""

    def hang_up(self, *, reset: bool = False) -> None:
        """End the connection, with a reset or as one does."""
        self.close_connection = True
        self.wfile.flush()
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.close(self.connection.detach())
        else:
            self.connection.shutdown(socket.SHUT_RDWR)

    def origin(self) -> str:
        """Return the address the client has used."""
        host = self.headers.get("Host", "")
        if not _HOST.fullmatch(host):
            host = f"{self.server.server_name}:{self.server.server_port}"
        return f"http://{host}"

    def _drip(self, body: bytes) -> None:
        for byte in body:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            if self.server.stopping.wait(self.server.manners.delay / 10):
                return


def _wish(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or "mode" not in value or value.keys() - {"mode", "times"}:
        raise ValueError('send {"mode": "ok", "times": null}')
    return value
