"""What a connection's fields may hold; an error names the field and shows nothing of what stands in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hms_syn import errors

if TYPE_CHECKING:
    from hms_syn.ports import Credentials

VISIBLE = re.compile(r"[\x21-\x7e]+")
"""A credential as HTTP carries it everywhere: ASCII that can be seen, without blanks."""
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
HEADER_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
_UNSAYABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_OURS = frozenset(
    {"accept", "accept-encoding", "connection", "content-encoding", "content-length", "content-type", "expect", "host"}
    | {"idempotency-key", "if-match", "if-none-exist", "te", "trailer", "transfer-encoding", "upgrade"}
)
"""Headers that say something else, which a key must not take the place of."""


def login(credentials: Credentials, way: str) -> str:
    """Return the login, which this way of authenticating cannot do without.

    :raises errors.ContractMismatch: it is empty
    """
    return _needed(credentials.login, "login", way)


def password(credentials: Credentials, way: str) -> str:
    """Return the password, as :func:`login` does."""
    return _needed(credentials.password, "password", way)


def text(credentials: Credentials, name: str) -> str:
    """Return one of the extra fields, or an empty text where it is not given.

    :raises errors.ContractMismatch: it is no text
    """
    value = credentials.extra.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise wrong(name, "is not text; write text, in quotes if it looks like a number")
    return value.strip()


def credential(value: str, field: str) -> str:
    """Return a token or key that can stand in a header by itself.

    :raises errors.ContractMismatch: it has a blank, or a character beyond ASCII
    """
    if not VISIBLE.fullmatch(value):
        raise wrong(field, "holds a blank, or a character that a header cannot carry; copy it again")
    return value


def header_value(value: str, field: str) -> str:
    """Return what may stand after a header's name; blanks inside are fine, as in ``Key abc``.

    :raises errors.ContractMismatch: HTTP cannot carry it
    """
    if not HEADER_VALUE.fullmatch(value):
        raise wrong(
            field, "begins or ends with a blank, or holds a character that a header cannot carry; copy it again"
        )
    return value


def header_name(value: str) -> str:
    """Return a header's name of the vendor's choice.

    :raises errors.ContractMismatch: it is no name of a header, or that header says something else
    """
    if not _NAME.fullmatch(value):
        raise wrong("header_name", "is not the name of a header, such as 'X-API-Key'")
    if value.lower() in _OURS:
        raise wrong(
            "header_name", "names a header that says something else in every request; ask the vendor for its own"
        )
    return value


def without_controls(value: str, field: str) -> str:
    """Return a text that HTTP Basic may carry: any but control characters (RFC 7617, section 2), and whole ones.

    :raises errors.ContractMismatch: it has one, or half of one
    """
    if _UNSAYABLE.search(value):
        raise wrong(field, "holds a control character, such as the end of a line, or half of one; copy it again")
    return value


def wrong(field: str, what: str) -> errors.ContractMismatch:
    """Return the error for a field of the connection."""
    return errors.ContractMismatch(f"The connection's '{field}' {what}. Nothing was sent.", code="connection_field")


def _needed(value: str, field: str, way: str) -> str:
    if not value:
        raise wrong(field, f"is empty, and 'auth: {way}' needs it")
    return value
