"""A judge of what a pull has done: what the vendor served, what is on the bus, and where the cursor stood meanwhile.

I13 each of the vendor's records is on the bus exactly once · the cursor never goes back · nor past what is published
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Record = tuple[str, ...]


def violations(
    served: Sequence[Record], on_bus: Sequence[Record], cursors: Sequence[tuple[str | None, str | None]] = ()
) -> list[str]:
    """Return every broken promise. ``served`` and ``on_bus`` are records as (vendor id, version, …).

    ``cursors`` are (cursor, newest moment on the bus when it was read), in the order they were read.
    """
    return [*_exactly_once(Counter(served), Counter(on_bus)), *_monotone([cursor for cursor, _ in cursors]),
            *(f"I13: the cursor is at {cursor}, and the bus only at {newest}" for cursor, newest in cursors
              if (cursor or "") > (newest or ""))]  # fmt: skip


def _exactly_once(served: Counter[Record], on_bus: Counter[Record]) -> Iterator[str]:
    for record in served.keys() - on_bus.keys():
        yield f"I13 {record}: served, and not on the bus"
    for record in on_bus.keys() - served.keys():
        yield f"I13 {record}: on the bus, and never served"
    for record, count in on_bus.items():
        if count > 1:
            yield f"I13 {record}: {count} times on the bus"


def _monotone(cursors: Sequence[str | None]) -> Iterator[str]:
    for before, after in pairwise(cursors):
        if before is not None and (after is None or after < before):
            yield f"I13: the cursor went back from {before} to {after}"
