"""Proofs about a sealed trail as JSON: that rows are in it, or that it only grew since an older checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hms_syn.domain import audit_entry, checkpoint, merkle_tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hms_syn.domain.checkpoint import Checkpoint


def conclusion(document: Any) -> tuple[Checkpoint, Checkpoint | None]:
    """Return the checkpoint that a proof leads to, and the older one it starts from, if it does.

    :raises ValueError: the document is no proof, or proves nothing; says what is wrong
    """
    note = document.get("checkpoint") if isinstance(document, dict) else None
    if type(note) is not str:
        raise ValueError("it is no proof of 'hms-syn audit prove'")
    head = checkpoint.read(note)
    if "since" in document:
        return head, _growth(document, head)
    rows = document.get("rows")
    if not isinstance(rows, list) or not rows:
        raise ValueError("it holds no rows")
    for row in rows:
        _row(row, head)
    return head, None


def _growth(document: Mapping[str, Any], head: Checkpoint) -> Checkpoint:
    old = checkpoint.read(str(document["since"]))
    path = _hashes(document.get("hashes"))
    if old.origin != head.origin:
        raise ValueError("its two checkpoints are of different trails")
    if not merkle_tree.is_consistent(old.size, head.size, old.root, head.root, path):
        raise ValueError("the trail is not one that only grew since the older checkpoint")
    return old


def _row(row: Any, head: Checkpoint) -> None:
    if not isinstance(row, dict) or not isinstance(row.get("body"), str) or type(row.get("index")) is not int:
        raise ValueError("a row of it has no body or index")
    leaf = bytes.fromhex(audit_entry.leaf_hash(row["body"]))
    if not merkle_tree.is_included(leaf, row["index"], head.size, _hashes(row.get("hashes")), head.root):
        raise ValueError(f"the row of index {row['index']} is not in the tree of its checkpoint")


def _hashes(given: Any) -> list[bytes]:
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise ValueError("it holds no list of hashes")
    return [bytes.fromhex(one) for one in given]
