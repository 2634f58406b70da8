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

    A stored cursor never goes back: cursors are compared as numbers, moments or text. ``more`` says that the vendor
    holds further pages for this same pull. ``sources`` are the records as the vendor gave them, one for each of
    ``records``; without them nothing was mapped. ``identities`` tell, for each record, what makes it itself where the
    job names no ``dedupe_key``; without them it is the whole source. ``faults`` say in a sentence what is wrong with a
    row that is not among them, by its place on the page from 1 on; 0 stands for the page as a whole. They never hold a
    value.
    """

    records: tuple[Mapping[str, Any], ...] = field(default=())
    cursor: str | None = None
    more: bool = False
    sources: tuple[Mapping[str, Any], ...] = field(default=())
    identities: tuple[Any, ...] = ()
    faults: Mapping[int, str] = field(default_factory=dict)


def printable(text: str) -> str:
    r"""Vendor text made safe to show: control and bidirectional characters become visible escapes.

    >>> printable("COURT-1\x1b[31m")
    'COURT-1\\x1b[31m'
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
