"""``hms-syn reconcile``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from hms_syn import wiring
from hms_syn.cli.output import as_json, table
from hms_syn.store.desk import Desk

if TYPE_CHECKING:
    import argparse

COLUMNS = {
    "job": "JOB",
    "accepted": "ACCEPTED",
    "delivered": "DELIVERED",
    "open": "OPEN",
    "in_doubt": "IN DOUBT",
    "dead_letter": "SET ASIDE",
    "discarded": "DISCARDED",
    "agrees": "AGREES",
}


def run(arguments: argparse.Namespace) -> int:
    """Print both sides of every job; exit 1 when they differ."""
    rows = Desk(wiring.open_store()).reconcile(arguments.job)
    if arguments.json:
        as_json(rows)
    else:
        table(rows, COLUMNS)
        for row in rows:
            for what in ("missing", "unexplained"):
                if row[what]:
                    print(f"error: {row['job']}: {what}: {', '.join(row[what])}", file=sys.stderr)
    return 0 if all(row["agrees"] for row in rows) else 1
