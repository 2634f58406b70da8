"""Sealing: put what is new and final in the audit trail under a tree head, which can be kept elsewhere."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from hms_syn.domain import checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from hms_syn.domain.checkpoint import TreeHead
    from hms_syn.domain.signed_note import Signer
    from hms_syn.store.tree import Horizon, Tree

PATIENCE = 5.0
"""Seconds to wait for transactions that are writing to the trail; most are over in milliseconds."""
LOOK_AGAIN = 0.05


@dataclass(frozen=True, slots=True)
class Notary:
    """Writes a head as the checkpoint of this trail, signed where there is a key. A key's name is its origin."""

    origin: str
    signer: Signer | None = None

    def note(self, head: TreeHead) -> str:
        """Return the checkpoint, as it is kept and published; the same head is written the same way each time."""
        if self.signer is None:
            return checkpoint.unsigned(head.text(self.origin))
        return self.signer.sign(head.text(self.signer.name))


def seal(
    tree: Tree,
    *,
    sign: Callable[[TreeHead], str],
    patience: float = PATIENCE,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Seal all that is final; return how many rows that was. What is not final yet is sealed another time.

    :raises AuditBroken: the tree's own rows do not fit together
    """
    until = _final(tree, patience, sleep)
    before = size = tree.head().size
    while head := tree.grow(until, sign=sign):
        size = head.size
    return size - before


def lag(tree: Tree) -> float:
    """Return for how many seconds the oldest row has been waiting to be sealed; 0 when nothing is new.

    By this machine's clock, and by the one of the machine that wrote the row.
    """
    since = tree.unsealed_since()
    if since is None:
        return 0.0
    written = datetime.fromisoformat(since.replace("Z", "+00:00"))
    return max(0.0, (datetime.now(tz=timezone.utc) - written).total_seconds())


def _final(tree: Tree, patience: float, sleep: Callable[[float], None]) -> int:
    """Return up to where rows are final, waiting a little for what is being written now.

    Where one transaction takes long, what an earlier sealer saw before it is final; else that is waited for again.
    """
    horizon: Horizon = tree.horizon()
    for _ in range(round(patience / LOOK_AGAIN)):
        if tree.is_final(horizon):
            return horizon.seq
        sleep(LOOK_AGAIN)
    if tree.is_final(horizon):
        return horizon.seq
    kept = tree.kept()
    is_final = tree.is_final(kept)
    if is_final:
        tree.keep(horizon)
    return kept.seq if is_final else 0
