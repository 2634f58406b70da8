"""What comes back from a vendor: a receipt for one message, or a page of records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

RECEIPT_CHARS = 200
"""A receipt longer than this is cut before it is stored or shown: it is a reference, not a document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """The vendor's yes: its own reference for our message, and the status word it used."""

    reference: str
    status: str = ""

    def __post_init__(self) -> None:
        for name in ("reference", "status"):
            object.__setattr__(self, name, printable(getattr(self, name))[:RECEIPT_CHARS])


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some records of a pull, already mapped; ``cursor`` is where the next pull may go on once these are stored.

    ``more`` says that the vendor holds further pages for this same pull.
    """

    records: tuple[Mapping[str, Any], ...] = field(default=())
    cursor: str | None = None
    more: bool = False


def printable(text: str) -> str:
    r"""Vendor text made safe to show: control and bidirectional characters become visible escapes.

    >>> printable("COURT-1\x1b[31m")
    'COURT-1\\x1b[31m'
    """
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
