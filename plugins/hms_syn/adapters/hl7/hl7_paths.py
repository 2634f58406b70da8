"""Where in a message a value stands: HL7's own way to write it, such as ``PID-3.1`` or ``OBX[2]-5``."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple, TypeAlias

_NUMBER = "([1-9][0-9]{0,2})"
_PATH = re.compile(
    rf"([A-Z][A-Z0-9]{{2}})(?:\[{_NUMBER}\])?-{_NUMBER}(?:\[{_NUMBER}\])?(?:\.{_NUMBER}(?:\.{_NUMBER})?)?"
)
_OURS = frozenset({1, 2, 7, 9, 10, 12, 18})
"""Fields of MSH that say how the message is read, which one it is and when it was published."""


Place: TypeAlias = tuple[str, int, int, int, int, int]
"""Segment, its occurrence, field, repetition, component and subcomponent."""


class Hl7Path(NamedTuple):
    """One place; what is not written is the first, and a ``repetition`` of None leaves room for a list."""

    segment: str
    occurrence: int
    field: int
    repetition: int | None
    component: int
    subcomponent: int

    @property
    def place(self) -> Place:
        """The place itself, which two spellings may share: ``PID-3`` and ``PID-3[1].1`` are one."""
        return (*self[:3], self.repetition or 1, *self[4:])


@lru_cache(maxsize=4096)
def read(text: str) -> Hl7Path:
    """Return the place that a text names.

    >>> read("OBX[2]-5")
    Hl7Path(segment='OBX', occurrence=2, field=5, repetition=None, component=1, subcomponent=1)
    >>> read("PID-3[2].4.2")[2:]
    (3, 2, 4, 2)

    :raises ValueError: it names none, or one that is the adapter's to fill
    """
    found = _PATH.fullmatch(text)
    if found is None:
        raise ValueError("is no place in a message; write SEGMENT-FIELD.COMPONENT, such as PID-3.1 or OBX[2]-5")
    segment, occurrence, field, repetition, component, subcomponent = found.groups()
    path = Hl7Path(
        segment,
        int(occurrence or 1),
        int(field),
        int(repetition) if repetition else None,
        int(component or 1),
        int(subcomponent or 1),
    )
    if path.segment == "MSH" and (path.occurrence > 1 or path.field in _OURS):
        raise ValueError("is filled by the adapter; take it out")
    return path
