"""Where a job's bytes may go: the rule for URLs as written, and for addresses as resolved and connected."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from hms_syn import errors
from hms_syn.domain import addresses

if TYPE_CHECKING:
    from collections.abc import Sequence

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?)*\.?")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def check_url(url: str, allow_private: Sequence[str] = ()) -> None:
    """Refuse a URL that may not be called, as far as its text alone can say.

    :raises errors.ContractMismatch: with the code ``url_refused`` when two readers could disagree on where it leads,
        or ``address_refused`` when it names an address this job may not reach
    """
    _check(url, tuple(allow_private))


@lru_cache(maxsize=1024)
def _check(url: str, allow_private: tuple[str, ...]) -> None:
    """Do it once for each URL: only what is accepted is remembered."""
    host = _split(url).hostname or ""
    if ":" not in host and not _HOST.fullmatch(host):
        raise _malformed("its host is neither a plain name nor an address")
    reason = addresses.refusal(host, allow_private)
    if reason is not None:
        raise errors.ContractMismatch(f"This URL is refused: {reason}.", code="address_refused")


@lru_cache(maxsize=1024)
def origin(url: str) -> tuple[str, str, int]:
    """Return the URL's scheme, host and port, in the one form that can be compared."""
    parts = _split(url)
    return parts.scheme, parts.hostname or "", parts.port or _DEFAULT_PORTS[parts.scheme]


def is_refused(address: str, allow_private: Sequence[str]) -> bool:
    """Return True for an address that is neither public nor inside a network of ``allow_private``."""
    return addresses.refusal(address, allow_private) is not None


def _split(url: str) -> SplitResult:
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise _malformed("it holds a space, a backslash, a control or a non-ASCII character")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _malformed("its host or port cannot be read") from None
    if parts.scheme not in _DEFAULT_PORTS:
        raise _malformed("it is neither http nor https")
    if "@" in parts.netloc:
        raise _malformed("it holds a user name; credentials belong in the Airflow connection")
    if not parts.hostname or port == 0:
        raise _malformed("it has no host, or port 0")
    return parts


def _malformed(reason: str) -> errors.ContractMismatch:
    return errors.ContractMismatch(f"This URL is refused: {reason}.", code="url_refused")
