"""An interface engine's address, read in one way or refused: ``mllps://host:port``, or ``mllp://`` without TLS."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

from hms_syn.domain import vendor_urls

_SCHEMES = frozenset({"mllp", "mllps"})
_PORT = 2575
"""The port that IANA has on its list for HL7; nearly every engine has ports of its own."""
_EXAMPLE = "write 'mllps://host:port'"


class Engine(NamedTuple):
    """Where an engine listens, in the one form that can be compared."""

    host: str
    port: int
    encrypted: bool


def is_mllp(url: str) -> bool:
    """Return True for a URL of an engine that speaks MLLP.

    >>> is_mllp("MLLP://engine.example.org"), is_mllp("https://engine.example.org")
    (True, False)
    """
    return url.partition(":")[0].lower() in _SCHEMES


def place(url: str) -> Engine:
    """Return where an engine's address leads. It holds no user, no password and no path.

    >>> place("mllps://Engine.example.org:6661")
    Engine(host='engine.example.org', port=6661, encrypted=True)

    :raises ValueError: with a reason that never repeats the URL, which may hold a secret
    """
    scheme, separator, rest = url.partition("://")
    if scheme.lower() not in _SCHEMES or not separator:
        raise ValueError(f"is not the address of an engine that speaks MLLP; {_EXAMPLE}")
    if "@" in rest:
        raise ValueError("holds a user name or password; MLLP knows neither, and a certificate lives in the connection")
    if any(mark in rest for mark in "/?#"):
        raise ValueError(f"names more than a host and a port; {_EXAMPLE}")
    try:
        where = vendor_urls.origin(f"http://{rest}/")
    except ValueError:
        raise ValueError(f"is not the address of a host; {_EXAMPLE}") from None
    return Engine(where.host, urlsplit(f"//{rest}").port or _PORT, scheme.lower() == "mllps")
