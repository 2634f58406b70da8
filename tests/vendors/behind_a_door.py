"""A pretend vendor that somebody else's server makes, behind a door that checks who comes and has the bad habits."""

from __future__ import annotations

import hashlib
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from tests.harness.doors import SWALLOWED, Door

from hms_syn.conformance import Arrival, Manner, PretendVendor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.harness.doors import Asked

KEPT, ANOTHER = "correct-horse-battery", "another-horse-battery"
"""What our connection holds, and what the vendor wants to see while it is locked."""


class BehindADoor(PretendVendor):
    """What is well passes the door as it is; in silence the server does its part, and only its answer is lost."""

    no_login: ClassVar[bytes]
    """What who may not come in is told."""
    instead: ClassVar[Mapping[Manner, bytes]] = MappingProxyType({})
    """What a message, or a question to a busy vendor, is told in place of the server's own answer."""

    def __init__(self, server: str) -> None:
        self._door = Door(server, self._porter)
        self._manner = Manner.WELL

    def __enter__(self) -> BehindADoor:  # noqa: PYI034 - nobody needs more of it
        self.forget()
        self._door.journal.clear()
        self.behave(Manner.WELL)
        return self

    def forget(self) -> None:
        """Empty the server."""
        raise NotImplementedError

    def knows(self, asked: Asked, secret: str) -> bool:
        """Return whether the request shows that its sender has the secret."""
        raise NotImplementedError

    def behave(self, manner: Manner) -> None:
        self._manner = manner
        if manner is Manner.DOWN:
            self._door.shut()
        else:
            self._door.open()

    def arrivals(self) -> Sequence[Arrival]:
        return [
            Arrival(key=self.key_of(asked), digest=hashlib.sha256(asked.body).hexdigest())
            for asked in list(self._door.journal)
            if asked.method == "POST"
        ]

    def key_of(self, asked: Asked) -> str:
        """Return where the idempotency key stands in a message."""
        return asked.headers.get("idempotency-key", "")

    def _porter(self, asked: Asked) -> bytes | None:
        manner = self._manner
        secret = ANOTHER if manner is Manner.LOCKED else KEPT
        if asked.target != "/health" and not self.knows(asked, secret):
            return self.no_login
        if manner is Manner.SILENT:
            return SWALLOWED
        return self.instead.get(manner) if asked.method == "POST" or manner is Manner.BUSY else None
