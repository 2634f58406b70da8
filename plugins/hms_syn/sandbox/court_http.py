"""The court on the wire: HTTP/1.1 on the standard library, one thread per connection."""

from __future__ import annotations

import json
import os
import re
import socket
import struct
from http.server import BaseHTTPRequestHandler
from importlib import resources
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from hms_syn.sandbox import court_envelope, court_page
from hms_syn.sandbox.court_book import UnacceptableError
from hms_syn.sandbox.court_envelope import Fault
from hms_syn.sandbox.court_login import NotAuthenticated
from hms_syn.sandbox.court_manners import AFTER, HTML, INSTEAD, Answer, faulty, instead
from hms_syn.sandbox.court_records import Call

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hms_syn.sandbox.court_server import Server

MAX_BODY = 1024 * 1024
PLAIN = "text/plain; charset=utf-8"
HOST = re.compile(r"[A-Za-z0-9.-]+(:\d+)?|\[[0-9A-Fa-f:]+\](:\d+)?")


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "CourtCalendar/1998", ""
    timeout = 60
    wbufsize = -1  # one packet per answer
    disable_nagle_algorithm = True
    server: Server

    def do_GET(self) -> None:
        """Show something."""
        address = urlsplit(self.path)
        query = address.query.lower()
        if address.path == "/elsewhere":
            self._elsewhere()
        elif address.path == "/soap" and query != "wsdl":
            self._send(_text(405, "POST a SOAP 1.1 envelope here; the contract is at /soap?wsdl\n", {"Allow": "POST"}))
        else:
            self._send(self._shown(address.path, still=query == "still"))

    do_HEAD = do_GET  # noqa: N815 - the standard library's name

    def do_POST(self) -> None:
        """Take something in."""
        path = urlsplit(self.path).path
        body = self._body()
        if isinstance(body, Answer):
            if path != "/behave":
                self.server.court.arrived(Call(), f"unreadable request: {body.status}")
            self.close_connection = True
            self._send(body)
        elif path == "/soap":
            self._soap(body)
        elif path == "/behave":
            self._send(self._behave(body))
        elif path == "/elsewhere":
            self._elsewhere()
        else:
            self.server.court.arrived(Call(), "nothing is at this address")
            self._send(_text(404, "there is nothing here\n"))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
        """Stay silent: the court's own log is at /received."""

    def _shown(self, path: str, *, still: bool) -> Answer:
        court, manners = self.server.court, self.server.manners
        pages: dict[str, Callable[[], Answer]] = {
            "/": lambda: _page(court.received(), manners.present()["mode"], still=still),
            "/behave": lambda: _json(200, manners.present()),
            "/health": lambda: _text(200, "ok"),
            "/icon.svg": lambda: Answer(body=court_page.ICON, content_type="image/svg+xml"),
            "/received": lambda: _json(200, court.received()),
            "/soap": lambda: Answer(body=_wsdl(self._origin())),
            "/style.css": lambda: Answer(body=_file("court.css"), content_type="text/css; charset=utf-8"),
        }
        return pages.get(path, lambda: _text(404, "there is nothing here\n"))()

    def _soap(self, body: bytes) -> None:
        court, call = self.server.court, Call()
        try:
            letter = court_envelope.opened(body, content_type=self.headers.get_content_type())
            call = letter.call
            mode = self.server.manners.take()
            if mode in INSTEAD:
                self._instead(mode, call)
                return
            if self.server.login:
                self.server.login.check(letter.security)
            call = letter.read()
        except NotAuthenticated as fault:
            court.arrived(call, f"not authenticated: {fault.reason}")
            self._send(faulty(fault))
        except Fault as fault:
            court.arrived(call, f"fault: {fault.text}")
            self._send(faulty(fault))
        else:
            self._after(mode, call)

    def _instead(self, mode: str, call: Call) -> None:
        self.server.court.arrived(call, f"{mode}: nothing recorded")
        if mode == "reset":
            self._hang_up(reset=True)
        else:
            self._send(instead(mode, call.operation, relates_to=call.message_id))

    def _after(self, mode: str, call: Call) -> None:
        try:
            fields = self.server.court.handle(call, note=mode if mode in AFTER else "")
        except UnacceptableError as error:
            self._send(faulty(Fault(str(error))))
            return
        except OSError:
            self._send(faulty(Fault("the calendar cannot be written now", code="Server")))
            return
        answer = Answer(body=court_envelope.answer(call.operation, fields, relates_to=call.message_id))
        if mode == "silent":
            self.connection.settimeout(None)
            while self.connection.recv(4096):
                pass
        if mode in {"silent", "drop"}:
            self._hang_up()
            return
        if mode == "slow":
            self.server.stopping.wait(self.server.manners.delay)
        self._send(answer, mode=mode)

    def _elsewhere(self) -> None:
        """Answer somebody who followed the redirect with a receipt that is worth nothing."""
        self.server.court.arrived(Call(operation=f"{self.command} /elsewhere"), "followed a redirect: nothing recorded")
        fields = {"reference": "ELSEWHERE-000001", "status": "ACCEPTED"}
        self._send(Answer(body=court_envelope.answer("CreateHearing", fields)))

    def _behave(self, body: bytes) -> Answer:
        if self.headers.get("Origin") not in {None, self._origin()}:
            return _json(403, {"error": "a page from elsewhere may not tell this court how to behave"})
        try:
            self.server.manners.choose(**_wish(json.loads(body)))
        except ValueError as error:
            return _json(400, {"error": str(error)})
        return _json(200, self.server.manners.present())

    def _body(self) -> bytes | Answer:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return _text(411, "send a Content-Length\n")
        if self.headers.get("Content-Encoding", "identity").lower() != "identity":
            return _text(415, "send the body as it is, not compressed\n")
        length = self.headers.get("Content-Length", "0")
        if not (length.isascii() and length.isdigit()):
            return _text(400, "the Content-Length is not a number\n")
        if int(length) > MAX_BODY:
            return _text(413, "the body is longer than 1 MiB\n")
        try:
            body = self.rfile.read(int(length))
        except OSError:  # the sender stopped or went away in the middle
            body = b""
        return body if len(body) == int(length) else _text(400, "the body is shorter than announced\n")

    def _send(self, answer: Answer, *, mode: str = "ok") -> None:
        self.send_response(answer.status)
        for name, value in {"Content-Type": answer.content_type, **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        body = b"" if self.command == "HEAD" else answer.body
        if mode == "drip":
            self._drip(body)
        elif mode == "truncated":
            self.wfile.write(body[: len(body) // 2])
            self._hang_up()
        else:
            self.wfile.write(body)
        self.wfile.flush()

    def _drip(self, body: bytes) -> None:
        for byte in body:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            if self.server.stopping.wait(self.server.manners.delay / 10):
                return

    def _hang_up(self, *, reset: bool = False) -> None:
        self.close_connection = True
        self.wfile.flush()
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.close(self.connection.detach())
        else:
            self.connection.shutdown(socket.SHUT_RDWR)

    def _origin(self) -> str:
        host = self.headers.get("Host", "")
        if not HOST.fullmatch(host):
            host = f"{self.server.server_name}:{self.server.server_port}"
        return f"http://{host}"


def _wish(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or "mode" not in value or value.keys() - {"mode", "times"}:
        raise ValueError('send {"mode": "ok", "times": null}')
    return value


def _page(received: Mapping[str, Any], mode: str, *, still: bool) -> Answer:
    page = court_page.page(received, mode=mode, still=still)
    return Answer(body=page.encode(), content_type=HTML, headers=court_page.HEADERS)


def _wsdl(origin: str) -> bytes:
    return _file("court.wsdl").replace(b"http://127.0.0.1:8081", escape(origin).encode())


def _file(name: str) -> bytes:
    return resources.files("hms_syn.sandbox").joinpath(name).read_bytes()


def _text(status: int, text: str, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status=status, body=text.encode(), content_type=PLAIN, headers=headers or {})


def _json(status: int, value: Any) -> Answer:
    body = json.dumps(value, ensure_ascii=False, indent=1).encode()
    return Answer(status=status, body=body, content_type="application/json", headers={"Cache-Control": "no-store"})
