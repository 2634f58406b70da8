"""How a vendor checks who asks: each takes what it knows, and returns whether a request carries it."""

from __future__ import annotations

import base64
import hmac
from typing import TYPE_CHECKING

from standardwebhooks import Webhook, WebhookVerificationError

if TYPE_CHECKING:
    from tests.harness.doors import Asked


def basic(asked: Asked, login: str, password: str) -> bool:
    """Check HTTP Basic (RFC 7617) in UTF-8."""
    scheme, _, pair = asked.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "basic" and _same(base64.b64decode(pair, validate=True).decode(), f"{login}:{password}")


def bearer(asked: Asked, token: str) -> bool:
    """Check a bearer token (RFC 6750)."""
    return _same(asked.headers.get("authorization", ""), f"Bearer {token}")


def api_key(asked: Asked, header: str, key: str) -> bool:
    """Check a key in a header of its own."""
    return _same(asked.headers.get(header.lower(), ""), key)


def signed(asked: Asked, secret: str) -> bool:
    """Check a signature no older than five minutes by the library of those who wrote Standard Webhooks."""
    try:
        Webhook(secret).verify(asked.body, dict(asked.headers), json_parse=False)
    except WebhookVerificationError:
        return False
    return True


def _same(given: str, known: str) -> bool:
    return hmac.compare_digest(given.encode(), known.encode())
