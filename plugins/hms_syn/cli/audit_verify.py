"""``hms-syn audit verify``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hms_syn import wiring
from hms_syn.cli.output import as_json
from hms_syn.errors import AuditBroken
from hms_syn.store import audit_trail

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

    from hms_syn.store.sql_store import SqlStore

PAGE = 5000


def run(arguments: argparse.Namespace) -> int:
    """Check every row; exit 1 naming the first that is wrong."""
    try:
        count = audit_trail.verify(_rows(wiring.open_store()))
    except AuditBroken as error:
        if not arguments.json:
            raise
        as_json({"ok": False, "error": str(error)})
        return 1
    if arguments.json:
        as_json({"ok": True, "rows": count})
    else:
        print(f"The audit trail is whole: {count} row(s), every one follows its message's previous row.")
    return 0


def _rows(store: SqlStore) -> Iterator[Mapping[str, Any]]:
    after = 0
    while page := store.audit_rows(after=after, limit=PAGE):
        yield from page
        after = page[-1]["seq"]
