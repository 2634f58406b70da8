"""``hms-syn keys status``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hms_syn import wiring
from hms_syn.cli.output import as_json, remark, table
from hms_syn.store.rewrapping import Rewrapping

if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> int:
    """List the keys of the file and of the messages; exit 1 where messages need a key that is not in the file."""
    store = wiring.open_store_that_is_there()
    rewrapping = Rewrapping(store)
    held, clear = rewrapping.held(), rewrapping.in_clear()
    known = list(store.keyring.keys().by_id) if store.keyring.path is not None else []
    rows = [
        {"key": key, "in_file": key in known, "seals": known[:1] == [key], "messages": held.get(key, 0)}
        for key in [*known, *sorted(held.keys() - set(known))]
    ]
    missing = [row["key"] for row in rows if not row["in_file"]]
    if arguments.json:
        as_json({"keys": rows, "in_clear": clear})
    else:
        table(rows, {"key": "key", "in_file": "in file", "seals": "seals", "messages": "messages"})
        print(f"{clear} message(s) with a payload in clear")
        for row in rows:
            if row["in_file"] and not row["seals"] and not row["messages"]:
                print(f"No message needs '{row['key']}': its line may go. A backup of before may still need it.")
    if missing:
        remark(f"error: messages need keys that are not in the file: {', '.join(map(str, missing))}")
    return 1 if missing else 0
