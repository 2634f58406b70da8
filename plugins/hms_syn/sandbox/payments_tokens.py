"""OAuth 2 at the gateway: client credentials (RFC 6749 4.4) for tokens that live shortly (RFC 6750)."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote_plus

from hms_syn.sandbox.answers import Answer, json_value

if TYPE_CHECKING:
    from collections.abc import Callable

SCOPE = "holds"


class Tokens:
    """The one client this gateway knows and the tokens it was given; neither is ever shown, logged or kept on disk."""

    def __init__(
        self, client: str, secret: str, *, life: float = 60.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if not client or not secret:
            raise ValueError("a client needs an id and a secret")
        self._client, self._secret, self._life, self._clock = client, secret, life, clock
        self._lock = threading.Lock()
        self._good_until: dict[str, float] = {}
        self.given = 0
        """How many tokens were given out."""

    def grant(self, authorization: str, body: bytes) -> tuple[Answer, str]:
        """Answer a token request; also say what was done with it, for the log."""
        try:
            form = {name: values[0] for name, values in parse_qs(body.decode("ascii"), strict_parsing=True).items()}
        except ValueError:
            return _error(400, "invalid_request"), "token refused: invalid_request"
        known = _basic(authorization) if authorization else (form.get("client_id", ""), form.get("client_secret", ""))
        if not _same(known, (self._client, self._secret)):
            return _error(401, "invalid_client"), "token refused: invalid_client"
        if form.get("grant_type") != "client_credentials":
            return _error(400, "unsupported_grant_type"), "token refused: unsupported_grant_type"
        if form.get("scope", SCOPE) != SCOPE:
            return _error(400, "invalid_scope"), "token refused: invalid_scope"
        token = secrets.token_urlsafe(24)
        with self._lock:
            now = self._clock()
            self._good_until = {known: until for known, until in self._good_until.items() if until > now}
            self._good_until[token] = now + self._life
            self.given += 1
        return json_value(
            200,
            {"access_token": token, "token_type": "Bearer", "expires_in": int(self._life), "scope": SCOPE},
            headers={"Pragma": "no-cache"},
        ), "token given"

    def is_good(self, authorization: str) -> bool:
        """Return whether the header carries a token that was given and has not run out."""
        scheme, _, token = authorization.partition(" ")
        with self._lock:
            return scheme.lower() == "bearer" and self._good_until.get(token.strip(), 0.0) > self._clock()

    def revoke_all(self) -> None:
        """Forget every token, as if they had run out early."""
        with self._lock:
            self._good_until.clear()


def unauthorised() -> Answer:
    """Answer a request without a good token (RFC 6750, 3.1)."""
    challenge = 'Bearer realm="state-payments", error="invalid_token"'
    return json_value(401, {"error": "invalid_token"}, headers={"WWW-Authenticate": challenge})


def _error(status: int, code: str) -> Answer:
    headers = {"WWW-Authenticate": 'Basic realm="state-payments"'} if status == 401 else {}  # noqa: PLR2004 - HTTP
    return json_value(status, {"error": code}, headers=headers)


def _basic(authorization: str) -> tuple[str, str]:
    """Read client id and secret, each form-encoded first (RFC 6749, 2.3.1)."""
    scheme, _, pair = authorization.partition(" ")
    try:
        client, _, secret = base64.b64decode(pair.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return (unquote_plus(client), unquote_plus(secret)) if scheme.lower() == "basic" else ("", "")


def _same(given: tuple[str, str], known: tuple[str, str]) -> bool:
    return all(hmac.compare_digest(one.encode(), other.encode()) for one, other in zip(given, known, strict=True))
