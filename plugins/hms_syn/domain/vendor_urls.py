"""A vendor's URL, read in the one way that every program agrees on, or refused."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv6Address
from typing import NamedTuple

_DEFAULT_PORTS = {"http": 80, "https": 443}
_HIGHEST_PORT = 65535
_BEGIN = re.compile(r"(https?)://([^/?#]*)", re.IGNORECASE)
HOLDS_LOGIN = (
    "holds a user name or password; credentials live only in the Airflow Connection named by job.connection_id"
)
_NO_HOST = "is not a URL of a host; write 'https://host/path'"
_LABEL = r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?"
_NAME = rf"(?=.{{1,254}}(?:$|:)){_LABEL}(?:\.{_LABEL})*\.?"
_PLACE = re.compile(rf"(?:({_NAME})|\[([0-9a-f:.]+)\])(?::([1-9][0-9]{{0,4}}))?")


class Origin(NamedTuple):
    """Where a URL leads, in the one form that can be compared; an IPv6 host is without brackets."""

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """The host as it is written in a URL or a Host header, with its port unless that goes without saying."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def refuse_odd(url: str) -> None:
    """Refuse characters that programs read differently.

    :raises ValueError: with a reason
    """
    if "\\" in url or not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError("is not a plain URL; leave out backslashes, blanks and non-ASCII characters")


def origin(url: str) -> Origin:
    """Return where a URL leads.

    >>> origin("https://Court.example.gov/soap")
    Origin(scheme='https', host='court.example.gov', port=443)

    :raises ValueError: with a reason that never repeats the URL, which may hold a secret
    """
    refuse_odd(url)
    begin = _BEGIN.match(url)
    if begin is None:
        raise ValueError("is not an http or https URL; write 'https://host/path'")
    if "#" in url:
        raise ValueError(_NO_HOST)
    return _origin(begin[1].lower(), begin[2].lower())


@lru_cache(maxsize=1024)
def _origin(scheme: str, place: str) -> Origin:
    """Do it once for each vendor; what follows its place in a URL cannot change where that leads."""
    if "@" in place:
        raise ValueError(HOLDS_LOGIN)
    found = _PLACE.fullmatch(place)
    if found is None or not _is_address(found[2]) or int(found[3] or 1) > _HIGHEST_PORT:
        raise ValueError(_NO_HOST)
    return Origin(scheme, found[1] or found[2], int(found[3] or _DEFAULT_PORTS[scheme]))


def _is_address(bracketed: str | None) -> bool:
    if bracketed is None:
        return True
    try:
        IPv6Address(bracketed)
    except ValueError:
        return False
    return True
