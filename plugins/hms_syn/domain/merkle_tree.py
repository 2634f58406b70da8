"""The Merkle tree of RFC 9162 section 2.1: roots, and proofs that a leaf or an older tree is in a tree.

Leaves come in as hashes, which is what audit rows hold already. A tree that grows needs no more than its peaks: the
roots of the complete subtrees it is made of, largest first, one for each bit of its size that is set. A proof is the
roots of some ranges of leaves, so one pass over all leaves can make many proofs.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

Range: TypeAlias = "tuple[int, int]"
"""Leaves from the first number up to, and without, the second."""
EMPTY = hashlib.sha256(b"").digest()
"""The root of a tree without leaves."""


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash of what stands above two hashes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class GrowingTree:
    """A tree that leaves are added to, as small as it can be.

    :raises ValueError: the peaks do not fit the size
    """

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        if size < 0 or size.bit_count() != len(peaks):
            raise ValueError(f"a tree of {size} leaves does not have {len(peaks)} peaks")
        self.size = size
        self.peaks = list(peaks)

    def append(self, leaf: bytes) -> None:
        """Add a leaf's hash at the end."""
        rest = self.size
        while rest & 1:
            leaf = node(self.peaks.pop(), leaf)
            rest >>= 1
        self.peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """Return the Merkle tree hash of all leaves so far."""
        if not self.peaks:
            return EMPTY
        root = self.peaks[-1]
        for peak in self.peaks[-2::-1]:
            root = node(peak, root)
        return root


def inclusion(index: int, size: int) -> list[Range]:
    """Return the ranges whose roots prove that a leaf is in a tree, nearest first (RFC 9162 section 2.1.3.1).

    >>> inclusion(2, 7)
    [(3, 4), (0, 2), (4, 7)]
    """
    low, high, found = 0, size, []
    while high - low > 1:
        middle = _middle(low, high)
        if index < middle:
            found.append((middle, high))
            high = middle
        else:
            found.append((low, middle))
            low = middle
    return found[::-1]


def consistency(old: int, size: int) -> list[Range]:
    """Return the ranges whose roots prove that a tree begins with an older one (RFC 9162 section 2.1.4.1).

    >>> consistency(3, 7), consistency(4, 7), consistency(7, 7), consistency(0, 7)
    ([(2, 3), (3, 4), (0, 2), (4, 7)], [(4, 7)], [], [])
    """
    if old == 0:
        return []
    low, high, found = 0, size, []
    while old != high:
        middle = _middle(low, high)
        if old <= middle:
            found.append((middle, high))
            high = middle
        else:
            found.append((low, middle))
            low = middle
    if low > 0:
        found.append((low, high))
    return found[::-1]


def roots(leaves: Iterable[bytes], ranges: Collection[Range]) -> dict[Range, bytes]:
    """Return the root of each range in one pass over all leaves; a range that they do not reach is missing."""
    waiting = sorted(set(ranges), reverse=True)
    growing: list[tuple[Range, GrowingTree]] = []
    found: dict[Range, bytes] = {}
    for index, leaf in enumerate(leaves):
        while waiting and waiting[-1][0] == index:
            growing.append((waiting.pop(), GrowingTree()))
        for _, tree in growing:
            tree.append(leaf)
        ended = [(where, tree.root()) for where, tree in growing if where[1] == index + 1]
        if ended:
            found.update(ended)
            growing = [one for one in growing if one[0][1] > index + 1]
        if not waiting and not growing:
            break
    return found


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Tell whether a proof shows a leaf at this place of the tree with this root (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    here, last, found = index, size - 1, leaf
    for other in proof:
        if last == 0:
            return False
        if here & 1 or here == last:
            found = node(other, found)
            here, last = _up_a_left_edge(here, last)
        else:
            found = node(found, other)
        here, last = here >> 1, last >> 1
    return last == 0 and found == root


def is_consistent(old: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]) -> bool:
    """Tell whether a proof shows that a tree begins with an older one (RFC 9162 section 2.1.4.2)."""
    if not 0 <= old <= size or old in (0, size):
        return not proof and old <= size and old_root == (EMPTY if old == 0 else root)
    path = [old_root, *proof] if old.bit_count() == 1 else list(proof)
    if not path:
        return False
    here, last = old - 1, size - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    first = second = path[0]
    for other in path[1:]:
        if last == 0:
            return False
        if here & 1 or here == last:
            first, second = node(other, first), node(other, second)
            here, last = _up_a_left_edge(here, last)
        else:
            second = node(second, other)
        here, last = here >> 1, last >> 1
    return last == 0 and first == old_root and second == root


def _middle(low: int, high: int) -> int:
    """Return where a range of leaves is split: behind the largest power of two that is smaller than it."""
    return low + (1 << ((high - low - 1).bit_length() - 1))


def _up_a_left_edge(here: int, last: int) -> tuple[int, int]:
    while here and not here & 1:
        here, last = here >> 1, last >> 1
    return here, last
