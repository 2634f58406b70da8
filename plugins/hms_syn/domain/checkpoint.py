"""A tree head as others keep it: the text of a C2SP ``tlog-checkpoint``.

Its lines are the origin, the number of rows, and the root in base64. A further line, which the format leaves to us,
says up to which ``seq`` the rows were sealed, and when.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from hms_syn.domain import merkle_tree, signed_note

ROOT_SIZE = 32
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeHead:
    """The tree over the first ``size`` rows of the trail; the newest of them has the number ``last_seq``."""

    size: int = 0
    first_seq: int = 0
    last_seq: int = 0
    root: bytes = merkle_tree.EMPTY
    at: str = ""

    def text(self, origin: str) -> str:
        """Return the checkpoint's text, which is what is signed."""
        root = base64.b64encode(self.root).decode()
        more = f"seq {self.last_seq} at {self.at}\n" if self.size else ""
        return f"{origin}\n{self.size}\n{root}\n{more}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A tree head as it was read: from whose trail, how many rows, their root, and the note it stood in."""

    origin: str
    size: int
    root: bytes
    note: str

    @property
    def signers(self) -> tuple[str, ...]:
        """Return the names of the keys whose signatures it claims to bear; nothing is checked."""
        return tuple(one.name for one in signed_note.parts(self.note)[1])


def read(note: str) -> Checkpoint:
    """Read a checkpoint, signed or not.

    :raises ValueError: it is none
    """
    text, _ = signed_note.parts(note)
    lines = text.split("\n")[:-1]
    if len(lines) < len(("origin", "size", "root")) or not all(lines):
        raise ValueError("not the lines of a checkpoint")
    origin, size, root = lines[:3]
    try:
        found = base64.b64decode(root, validate=True)
    except binascii.Error:
        found = b""
    if _NUMBER.fullmatch(size) is None or len(found) != ROOT_SIZE:
        raise ValueError("not the size and root of a tree")
    return Checkpoint(origin=origin, size=int(size), root=found, note=note)


def unsigned(text: str) -> str:
    """Return a checkpoint's text as a note that nobody has signed."""
    return f"{text}\n"
