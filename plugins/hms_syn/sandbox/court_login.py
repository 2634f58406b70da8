"""WS-Security UsernameToken Profile 1.0, as a vendor checks it: text or digest, fresh, and never twice."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from hms_syn.sandbox.court_envelope import WSSE, Fault
from hms_syn.sandbox.moments import a_moment, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml.etree import _Element as Element

WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
PROFILE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0"
BASE64 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
FRESH = timedelta(minutes=5)


class NotAuthenticated(Fault):
    """The sender is told only that it failed; ``reason`` is for the court's own log."""

    def __init__(self, reason: str) -> None:
        text = "the security token could not be authenticated"
        super().__init__(text, code="wsse:FailedAuthentication", status=401)
        self.reason = reason


class Login:
    """The one user this court lets in; the password is never shown, logged or sent."""

    def __init__(self, user: str, password: str, *, clock: Callable[[], datetime] = utc_now) -> None:
        if not user or not password:
            raise ValueError("a login needs a user and a password")
        self._user, self._password, self._clock = user.encode(), password.encode(), clock
        self._lock = threading.Lock()
        self._nonces: dict[bytes, datetime] = {}

    def check(self, security: Element | None) -> None:
        """Return if the header carries this user's token; raise otherwise."""
        tokens = [] if security is None else security.findall(f"{{{WSSE}}}UsernameToken")
        if len(tokens) != 1:
            raise NotAuthenticated("no UsernameToken")
        name, password, nonce, created = (
            _only(tokens[0], f"{{{space}}}{tag}")
            for space, tag in ((WSSE, "Username"), (WSSE, "Password"), (WSSE, "Nonce"), (WSU, "Created"))
        )
        if not hmac.compare_digest(_text(name), self._user):
            raise NotAuthenticated("wrong user or password")
        salt = _nonce(nonce)
        if not hmac.compare_digest(_text(password), self._expected(password, salt, _text(created))):
            raise NotAuthenticated("wrong user or password")
        if created is not None:
            self._fresh(_text(created).decode())
        if salt:
            self._first_time(salt)

    def _expected(self, password: Element | None, salt: bytes, created: bytes) -> bytes:
        kind = f"{PROFILE}#PasswordText" if password is None else password.get("Type", f"{PROFILE}#PasswordText")
        if kind == f"{PROFILE}#PasswordText":
            return self._password
        if kind != f"{PROFILE}#PasswordDigest":
            raise NotAuthenticated("unknown kind of password")
        if not salt or not created:
            raise NotAuthenticated("a digest needs a nonce and a time")
        # SHA-1 is what the profile prescribes.
        return base64.b64encode(hashlib.sha1(salt + created + self._password, usedforsecurity=False).digest())

    def _fresh(self, created: str) -> None:
        try:
            age = abs(self._clock() - a_moment(created))
        except ValueError:
            raise NotAuthenticated("unreadable time") from None
        if age > FRESH:
            raise NotAuthenticated("stale token")

    def _first_time(self, salt: bytes) -> None:
        now = self._clock()
        with self._lock:
            # A token may be dated 5 minutes ahead, so that it stays fresh for 10: its nonce is kept that long.
            self._nonces = {known: at for known, at in self._nonces.items() if now - at <= 2 * FRESH}
            if salt in self._nonces:
                raise NotAuthenticated("token used before")
            self._nonces[salt] = now


def _only(token: Element, tag: str) -> Element | None:
    found = token.findall(tag)
    if len(found) > 1:
        raise NotAuthenticated("ambiguous token")
    return found[0] if found else None


def _text(element: Element | None) -> bytes:
    return b"" if element is None else (element.text or "").strip().encode()


def _nonce(element: Element | None) -> bytes:
    if element is None:
        return b""
    if element.get("EncodingType", BASE64) != BASE64:
        raise NotAuthenticated("unreadable nonce")
    try:
        return base64.b64decode(_text(element), validate=True)
    except binascii.Error:
        raise NotAuthenticated("unreadable nonce") from None
