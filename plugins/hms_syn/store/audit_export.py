"""The whole audit trail as it was hashed, for those who keep it elsewhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hms_syn.store.sql_store import SqlStore

AT_A_TIME = 2000


def lines(store: SqlStore, *, after: int = 0) -> Iterator[str]:
    """Yield the rows after a ``seq``, oldest first, as lines of JSON, some thousand in each piece."""
    while page := store.audit_rows(after=after, limit=AT_A_TIME):
        yield "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in page)
        after = page[-1]["seq"]
