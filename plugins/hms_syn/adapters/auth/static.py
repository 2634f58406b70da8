"""What is said the same way with every request: nothing, a login and password, a token, a key in a header."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hms_syn.adapters.auth import fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hms_syn.adapters.deadline import Deadline
    from hms_syn.ports import Credentials

DEFAULT_HEADER = "X-API-Key"


@dataclass(frozen=True, slots=True)
class Static:
    """The same headers with every request; they are never shown."""

    _headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def headers(self, *, body: bytes, key: str, deadline: Deadline) -> Mapping[str, str]:
        """Return the headers."""
        del body, key, deadline
        return self._headers

    def renew(self) -> bool:
        """Return False: there is nothing newer to say."""
        return False


def basic(credentials: Credentials) -> Static:
    """Return HTTP Basic (RFC 7617), in UTF-8.

    :raises errors.ContractMismatch: no login, no password, or one that Basic cannot carry
    """
    login = fields.without_controls(fields.login(credentials, "basic"), "login")
    password = fields.without_controls(fields.password(credentials, "basic"), "password")
    if ":" in login:
        raise fields.wrong("login", "holds a colon, after which HTTP Basic would take the rest for the password")
    return Static({"Authorization": f"Basic {pair(login, password)}"})


def bearer(credentials: Credentials) -> Static:
    """Return a bearer token (RFC 6750) as the connection's password holds it.

    :raises errors.ContractMismatch: there is none, or a header cannot carry it
    """
    token = fields.credential(fields.password(credentials, "bearer"), "password")
    return Static({"Authorization": f"Bearer {token}"})


def api_key(credentials: Credentials) -> Static:
    """Return the password as a key in a header of the vendor's choice, ``X-API-Key`` where the connection names none.

    :raises errors.ContractMismatch: there is no key, or a header cannot have that name or value
    """
    name = fields.header_name(fields.text(credentials, "header_name") or DEFAULT_HEADER)
    return Static({name: fields.header_value(fields.password(credentials, "api_key"), "password")})


def pair(login: str, password: str) -> str:
    """Return a login and a password as HTTP Basic carries them."""
    return base64.b64encode(f"{login}:{password}".encode()).decode("ascii")
