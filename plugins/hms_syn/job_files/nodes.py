"""What a YAML file is made of: text, maps and lists, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from hms_syn.domain.ack import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

SHOWN_CHARS = 60

INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff"
    "\ufeff\ufffe\uffff\U000e0000-\U000e007f]"
)
"""Control characters, those without a width, and those that turn the reading direction: they make a file show other
text than it holds. The two joiners U+200C and U+200D stay, because Persian, Hindi and emoji need them."""


class Place(NamedTuple):  # like the others of which a file has many: named tuples, which are quick to make
    """Where something stands; line and column count from 1."""

    file: str
    line: int = 1
    column: int = 1


class Scalar(NamedTuple):
    """One value as typed; ``plain`` means without quotes, so the field may read it as something else than text."""

    text: str
    plain: bool
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """A list."""

    nodes: tuple[Node, ...]
    place: Place


class Entry(NamedTuple):
    """One key of a map with its value; ``shown`` is the dotted path to show when the key was written elsewhere."""

    key_place: Place
    node: Node
    shown: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A map; keys are text, each once."""

    entries: Mapping[str, Entry]
    place: Place


Node: TypeAlias = "Scalar | Items | Table"


def dotted(path: tuple[str | int, ...]) -> str:
    """Return a path as problems show it: ``job.push.request.operation``.

    >>> dotted(("job", "tags", 0))
    'job.tags.0'
    """
    return ".".join(shown(str(part)) for part in path)


def shown(text: str) -> str:
    """Text from a file made fit for one line of output."""
    return printable(text if len(text) <= SHOWN_CHARS else text[:SHOWN_CHARS] + "…")
