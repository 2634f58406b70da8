"""Where a job's bytes may go: the rule for URLs as written, and for addresses as resolved and connected."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from hms_syn import errors
from hms_syn.domain import addresses, vendor_urls

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hms_syn.domain.vendor_urls import Origin


def check_url(url: str, allow_private: Sequence[str] = ()) -> None:
    """Refuse a URL that may not be called, as far as its text alone can say.

    :raises errors.ContractMismatch: with the code ``url_refused`` when two readers could disagree on where it leads,
        or ``address_refused`` when it names an address this job may not reach
    """
    reason = _refusal(origin(url).host, tuple(allow_private))
    if reason is not None:
        raise errors.ContractMismatch(f"This URL is refused: {reason}.", code="address_refused")


@lru_cache(maxsize=1024)
def _refusal(host: str, allow_private: tuple[str, ...]) -> str | None:
    """Judge a vendor once, not each of its URLs."""
    return addresses.refusal(host, allow_private)


def origin(url: str) -> Origin:
    """Return the URL's scheme, host and port, in the one form that can be compared.

    :raises errors.ContractMismatch: with the code ``url_refused``
    """
    try:
        return vendor_urls.origin(url)
    except ValueError as error:
        raise errors.ContractMismatch(f"This URL is refused: it {error}.", code="url_refused") from None


def is_refused(address: str, allow_private: Sequence[str]) -> bool:
    """Return True for an address that is neither public nor inside a network of ``allow_private``."""
    return addresses.refusal(address, allow_private) is not None
