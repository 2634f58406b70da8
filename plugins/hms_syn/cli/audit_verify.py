"""``hms-syn audit verify``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hms_syn import wiring
from hms_syn.cli.output import as_json
from hms_syn.errors import AuditBroken
from hms_syn.store.reading_room import ReadingRoom

if TYPE_CHECKING:
    import argparse

PAGE = 5000


def run(arguments: argparse.Namespace) -> int:
    """Check every row; exit 1 naming the first that is wrong."""
    try:
        count = _count()
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


def _count() -> int:
    room, after, rows = ReadingRoom(wiring.open_store()), 0, 0
    while True:
        found = room.verify(after=after, limit=PAGE)
        after, rows = found.checked_to, rows + found.rows
        if found.is_all:
            return rows
