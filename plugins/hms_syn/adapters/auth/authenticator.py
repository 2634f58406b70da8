"""What every way of authenticating over HTTP can do; the adapters know no more of it than this."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hms_syn.adapters.deadline import Deadline


class Authenticator(Protocol):
    """One connection's way to say who we are, for one adapter at a time."""

    def headers(self, *, body: bytes, key: str, deadline: Deadline) -> Mapping[str, str]:
        """Return the headers that authenticate this request; ``key`` is the message's idempotency key.

        :raises errors.NotSent: what they need (a token) could not be had now; nothing was sent to the vendor
        :raises errors.LoginRefused: not by us · :raises errors.ContractMismatch: the connection is incomplete
        """

    def renew(self) -> bool:
        """Forget what the vendor has just refused; True where headers made now would not be the same."""
