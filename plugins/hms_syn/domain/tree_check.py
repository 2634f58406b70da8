"""Comparing a trail, row by row, with tree heads and checkpoints that were made of it earlier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hms_syn.domain.merkle_tree import GrowingTree
from hms_syn.errors import AuditBroken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hms_syn.domain.checkpoint import Checkpoint, TreeHead


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What the first ``size`` rows once were. A stored head can be rewritten with the rows; an outside one cannot."""

    size: int
    root: bytes
    name: str
    last_seq: int | None = None
    outside: bool = False


def stored(head: TreeHead) -> Mark:
    """Return a head of the same database as a mark."""
    return Mark(
        size=head.size, root=head.root, last_seq=head.last_seq, name=f"the stored tree head of {head.size} rows"
    )


def kept(checkpoint: Checkpoint, name: str) -> Mark:
    """Return a checkpoint as a mark; ``name`` is where it was found."""
    return Mark(size=checkpoint.size, root=checkpoint.root, name=f"the checkpoint {name}", outside=True)


class TreeCheck:
    """Takes the rows of a trail, oldest first, and compares the tree over them with each mark on the way."""

    def __init__(self, marks: Sequence[Mark] = ()) -> None:
        self.tree = GrowingTree()
        self._marks = sorted(marks, key=lambda mark: (mark.size, mark.outside), reverse=True)
        self._first = {False: 0, True: 0}  # of the rows that no mark has vouched for: none at all, none from outside
        self._seq = 0
        self._compare()

    def take(self, seq: int, leaf: bytes) -> None:
        """Take the next row.

        :raises AuditBroken: a mark does not agree; ``seq`` is the first row that may be the one
        """
        self._seq = seq
        self._first = {outside: first or seq for outside, first in self._first.items()}
        self.tree.append(leaf)
        self._compare()

    def end(self) -> None:
        """Say that there are no more rows.

        :raises AuditBroken: a mark had more of them
        """
        if self._marks:
            mark = self._marks[-1]
            first = self._first[mark.outside] or self._seq + 1
            raise AuditBroken(
                f"{mark.name} had {mark.size} rows and there are {self.tree.size}: the end behind seq {self._seq} was "
                f"cut off, or rows from seq {first} on are gone",
                seq=first,
            )

    def _compare(self) -> None:
        while self._marks and self._marks[-1].size == self.tree.size:
            mark = self._marks.pop()
            if mark.last_seq not in (None, self._seq) or mark.root != self.tree.root():
                first = self._first[mark.outside]
                raise AuditBroken(
                    f"seq {first}, or a row behind it up to seq {self._seq}, is not what {mark.name} was made of",
                    seq=first,
                )
            self._first[False] = 0
            if mark.outside:
                self._first[True] = 0
