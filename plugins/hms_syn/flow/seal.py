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
    horizon = tree.horizon()
    if not _comes_about(tree, horizon, patience, sleep):
        kept = tree.kept()
        if not tree.is_final(kept):
            return 0
        tree.keep(horizon)  # for the next sealer: what one transaction held up now is final when that has ended
        horizon = kept
    before = size = tree.head().size
    while head := tree.grow(horizon.seq, sign=sign):
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


def final(tree: Tree, *, patience: float = PATIENCE, sleep: Callable[[float], None] = time.sleep) -> int:
    """Return the number up to which no row can come any more; what is sealed, where a transaction takes long."""
    horizon = tree.horizon()
    return horizon.seq if _comes_about(tree, horizon, patience, sleep) else tree.head().last_seq


def _comes_about(tree: Tree, horizon: Horizon, patience: float, sleep: Callable[[float], None]) -> bool:
    """Wait a little for what is being written now; tell whether the horizon is final."""
    for _ in range(round(patience / LOOK_AGAIN)):
        if tree.is_final(horizon):
            return True
        sleep(LOOK_AGAIN)
    return tree.is_final(horizon)
