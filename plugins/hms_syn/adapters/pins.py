"""Vendor contracts for those who only look: what is pinned is read, and nothing is pinned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hms_syn.ports import Pins


class Unpinned:
    """No pins: whoever looks sees the contract that the vendor shows now, and nothing is remembered."""

    def pinned(self, job: str, name: str) -> bytes | None:
        """Return None."""
        del job, name
        return None

    def pin(self, job: str, name: str, body: bytes) -> None:
        """Forget it."""
        del job, name, body


@dataclass(frozen=True, slots=True)
class ReadOnlyPins:
    """The pins of a store; a contract that has none is read from the vendor and not pinned."""

    pins: Pins

    def pinned(self, job: str, name: str) -> bytes | None:
        """Return what is pinned."""
        return self.pins.pinned(job, name)

    def pin(self, job: str, name: str, body: bytes) -> None:
        """Forget it."""
        del job, name, body


class OnlyPinned(ReadOnlyPins):
    """The pins of a store, for those who ask no vendor: a contract that has none is not to be had."""
