"""The whole audit trail as it was hashed, for those who keep it elsewhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hms_syn.store.sql_store import SqlStore

AT_A_TIME = 2000


def lines(store: SqlStore, *, after: int = 0, until: int) -> Iterator[str]:
    """Yield the rows after a ``seq`` and up to another, oldest first, as lines of JSON, some thousand in each piece.

    Up to where no row can come any more, that is, or who goes on from there would never see a row committed late.
    """
    while page := [row for row in store.audit_rows(after=after, limit=AT_A_TIME) if row["seq"] <= until]:
        yield "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in page)
        after = page[-1]["seq"]
