"""Keeping the newest checkpoint as a file: whole at every moment, and never one of a smaller or another tree."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hms_syn.domain import checkpoint
from hms_syn.errors import AuditBroken, CheckpointInvalid

if TYPE_CHECKING:
    from pathlib import Path

    from hms_syn.domain.checkpoint import Checkpoint
    from hms_syn.store.tree import Tree

FILE_NAME = "checkpoint.txt"


def keep_checkpoint(path: Path, note: str, tree: Tree) -> None:
    """Put a checkpoint in the place of the one before it, which the trail must have come from.

    :raises AuditBroken: the one before it is not of this trail, or of more rows than there are now
    :raises CheckpointInvalid: the file is something else, or of a trail of another name
    :raises OSError: it cannot be read or written
    """
    new = checkpoint.read(note)
    old = _before(path)
    if old is not None:
        _compare(path, old, new, tree)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("w", encoding="utf-8") as file:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _before(path: Path) -> Checkpoint | None:
    try:
        return checkpoint.read(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        raise CheckpointInvalid(f"{path} is no checkpoint; nothing was written over it") from None


def _compare(path: Path, old: Checkpoint, new: Checkpoint, tree: Tree) -> None:
    if old.origin != new.origin:
        raise CheckpointInvalid(f"{path} is of the trail '{old.origin}', this is '{new.origin}'; move it away first")
    if old.size > new.size:
        raise AuditBroken(
            f"{path} is of {old.size} rows and the sealed trail has {new.size}: rows were cut off", seq=new.size + 1
        )
    if tree.root_at(old.size) != old.root:
        raise AuditBroken(f"{path} is of {old.size} rows, and these were sealed with another root", seq=1)
