"""A signature of each request in the form of Standard Webhooks 1.0.0, checked by the vendor with a shared secret.

Signed is ``<webhook-id>.<webhook-timestamp>.<body>`` with HMAC-SHA256. The id is the message's idempotency key, so a
repeat has the id of the first try; the time is each try's own, because a vendor takes no signature that is minutes old.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hms_syn.adapters.auth import fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hms_syn.adapters.deadline import Deadline
    from hms_syn.ports import Credentials

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64
"""Bytes of a secret, as the specification has it."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs with every secret it has: while one is being replaced, the vendor may know the old or the new one."""

    _secrets: tuple[bytes, ...] = field(repr=False)

    def headers(self, *, body: bytes, key: str, deadline: Deadline) -> Mapping[str, str]:
        """Return the id, the time in whole seconds since 1970, and a signature for each secret."""
        del deadline
        known = key or str(uuid.uuid4())  # a question to the vendor is nobody's message
        now = str(int(time.time()))
        signed = f"{known}.{now}.".encode() + body
        signatures = [base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)) for secret in self._secrets]
        return {
            "webhook-id": known,
            "webhook-timestamp": now,
            "webhook-signature": " ".join(f"v1,{signature.decode('ascii')}" for signature in signatures),
        }

    def renew(self) -> bool:
        """Return False: the same secrets would sign again."""
        return False


def signer(credentials: Credentials) -> Signer:
    """Return the signer for the secrets in the connection's password, separated by blanks.

    :raises errors.ContractMismatch: there is none, or one is no ``whsec_`` and base64 of 24 to 64 bytes
    """
    given = fields.password(credentials, "hmac").split()
    secrets = [_secret(text) for text in given]
    if not secrets or None in secrets:
        raise fields.wrong(
            "password",
            f"must be one secret or more, separated by blanks, each '{PREFIX}' and base64 of {SHORTEST} to {LONGEST} "
            "bytes",
        )
    return Signer(tuple(secret for secret in secrets if secret is not None))


def _secret(text: str) -> bytes | None:
    coded = text.removeprefix(PREFIX).rstrip("=")
    try:
        secret = base64.b64decode(coded + "=" * (-len(coded) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    return secret if text.startswith(PREFIX) and SHORTEST <= len(secret) <= LONGEST else None
