"""Proofs about the sealed trail, made in one pass over its hashes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hms_syn.domain import checkpoint, merkle_tree
from hms_syn.errors import AuditBroken, CheckpointInvalid, UnknownMessage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hms_syn.domain.checkpoint import Checkpoint, TreeHead
    from hms_syn.domain.merkle_tree import Range
    from hms_syn.flow.seal import Notary
    from hms_syn.store.tree import Tree


def prove(tree: Tree, notary: Notary, message_id: str) -> Mapping[str, Any]:
    """Return the proof that a message's rows are in the trail, and which of them are not sealed yet.

    :raises UnknownMessage: the trail has no row of it · :raises AuditBroken: the trail is not what was sealed
    """
    head, rows = tree.head(), tree.rows_of(message_id)
    if not rows:
        raise UnknownMessage
    sealed = [row for row in rows if row["seq"] <= head.last_seq]
    ranges = [merkle_tree.inclusion(row["index"], head.size) for row in sealed]
    found = _roots(tree, head, [one for each in ranges for one in each])
    return {
        "message_id": message_id,
        "checkpoint": notary.note(head),
        "rows": [
            {**row, "hashes": [found[one].hex() for one in each]} for row, each in zip(sealed, ranges, strict=True)
        ],
        "unsealed": [row["seq"] for row in rows if row["seq"] > head.last_seq],
    }


def prove_growth(tree: Tree, notary: Notary, since: Checkpoint) -> Mapping[str, Any]:
    """Return the proof that the trail only grew since an older checkpoint.

    :raises AuditBroken: it did not, or is not what was sealed · :raises CheckpointInvalid: it is of another trail
    """
    head = tree.head()
    origin = checkpoint.read(notary.note(head)).origin
    if since.origin != origin:
        raise CheckpointInvalid(f"The checkpoint is of the trail '{since.origin}', this is '{origin}'")
    if since.size > head.size:
        raise AuditBroken(
            f"The checkpoint has {since.size} rows and the sealed trail {head.size}: rows were cut off",
            seq=head.last_seq + 1,
        )
    ranges = merkle_tree.consistency(since.size, head.size)
    found = _roots(tree, head, [*ranges, (0, since.size)])
    if found.get((0, since.size), merkle_tree.EMPTY) != since.root:
        raise AuditBroken(f"The first {since.size} rows are not those that the checkpoint was made of", seq=1)
    return {
        "checkpoint": notary.note(head),
        "since": since.note,
        "hashes": [found[one].hex() for one in ranges],
    }


def _roots(tree: Tree, head: TreeHead, ranges: Sequence[Range]) -> Mapping[Range, bytes]:
    """Return these roots; the same pass shows that the rows still are what was sealed."""
    whole = (0, head.size)
    found = merkle_tree.roots((leaf for _, leaf in tree.leaves(head.size)), [*ranges, whole])
    if found.get(whole, merkle_tree.EMPTY) != head.root:
        raise AuditBroken(
            f"The first {head.size} rows are not those that were sealed; 'hms-syn audit verify' says which", seq=1
        )
    return found
