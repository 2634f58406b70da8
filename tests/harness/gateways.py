"""A vendor behind OAuth 2: oauthlib's own server gives the tokens, and what a token opens counts who comes."""

from __future__ import annotations

import base64
import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from oauthlib.oauth2 import BackendApplicationServer, RequestValidator

if TYPE_CHECKING:
    from collections.abc import Iterator


class Client:
    """Who has asked, as oauthlib wants to be told."""

    def __init__(self, client_id: str) -> None:
        self.client_id = client_id


class Issuer(RequestValidator):
    """Knows the clients, and which tokens are good."""

    def __init__(self, secrets: dict[str, str], *, scopes: set[str], life: float) -> None:
        self.secrets, self.scopes, self.life = secrets, scopes, life
        self.issued: dict[str, float] = {}
        self.ways: list[str] = []

    def authenticate_client(self, request: Any, *_: Any, **__: Any) -> bool:
        """Take HTTP Basic with its two parts form-encoded, or the two in the body."""
        given = request.headers.get("Authorization", "")
        if given.startswith("Basic "):
            name, _colon, secret = base64.b64decode(given[6:]).decode().partition(":")
            name, secret, way = unquote_plus(name), unquote_plus(secret), "basic"
        else:
            name, secret, way = request.client_id, request.client_secret, "body"
        self.ways.append(way)
        request.client = Client(name)
        return name in self.secrets and self.secrets[name] == secret

    def validate_grant_type(self, _client_id: str, grant_type: str, *_: Any, **__: Any) -> bool:
        """Take the one grant."""
        return grant_type == "client_credentials"

    def get_default_scopes(self, *_: Any, **__: Any) -> list[str]:
        """Give all scopes to who asks for none."""
        return sorted(self.scopes)

    def validate_scopes(self, _client_id: str, scopes: list[str], *_: Any, **__: Any) -> bool:
        """Take the known scopes."""
        return set(scopes) <= self.scopes

    def save_bearer_token(self, token: dict[str, Any], *_: Any, **__: Any) -> str:
        """Remember a token and when it ends."""
        self.issued[token["access_token"]] = time.monotonic() + self.life
        return ""

    def is_good(self, header: str) -> bool:
        """Return whether this opens the door now."""
        kind, _, token = header.partition(" ")
        return kind == "Bearer" and time.monotonic() < self.issued.get(token, 0)


class Gateway(ThreadingHTTPServer):
    """``/token`` gives tokens; ``/payments`` takes a payment once a key; ``/health`` wants a token."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, issuer: Issuer, *, says: int | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.issuer = issuer
        self.tokens = BackendApplicationServer(issuer, token_expires_in=says)
        self.origin = f"http://127.0.0.1:{self.server_address[1]}"
        self.asked = 0
        self.payments: dict[str, Any] = {}
        self.arrivals: list[int] = []
        self.lock = threading.Lock()
        self.pause = 0.0


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Gateway

    def do_GET(self) -> None:
        self._answer(200 if self.server.issuer.is_good(self.headers.get("Authorization", "")) else 401, {"up": True})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        if self.path == "/token":
            with self.server.lock:
                self.server.asked += 1
            time.sleep(self.server.pause)
            _headers, said, status = self.server.tokens.create_token_response(
                self.server.origin.replace("http:", "https:") + self.path, "POST", body, dict(self.headers)
            )
            self._answer(status, json.loads(said))
            return
        is_good = self.server.issuer.is_good(self.headers.get("Authorization", ""))
        with self.server.lock:
            self.server.arrivals.append(201 if is_good else 401)
            if is_good:
                payments = self.server.payments
                key = self.headers["Idempotency-Key"]
                payments.setdefault(key, {"id": f"PAY-{len(payments) + 1}", "status": "ACCEPTED"})
        self._answer(201, payments[key]) if is_good else self._answer(401, {"error": "token"})

    def _answer(self, status: int, said: Any) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Stay silent."""


@contextmanager
def gateway(*, secret: str = "s3cret", life: float = 3600, says: int | None = 3600) -> Iterator[Gateway]:
    """Run a gateway that knows the client ``hud``; tokens are good for ``life`` seconds and say ``says``."""
    server = Gateway(Issuer({"hud": secret}, scopes={"pay", "read"}, life=life), says=says)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
