"""``hms-syn status``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hms_syn import wiring
from hms_syn.cli.output import as_json, next_step, table

if TYPE_CHECKING:
    import argparse

COLUMNS = {
    "job": "JOB",
    "waiting": "WAITING",
    "oldest_s": "OLDEST S",
    "in_doubt": "IN DOUBT",
    "dead_letters": "SET ASIDE",
    "delivered": "DELIVERED",
    "last_ack_at": "LAST ACK",
    "why": "WHY NOTHING MOVES",
}


def run(arguments: argparse.Namespace) -> int:
    """Print one line a job."""
    rows = wiring.open_store().status()
    if arguments.json:
        as_json(rows)
    elif rows:
        table(rows, COLUMNS)
    else:
        print("No job is known yet.")
        next_step("hms-syn start jobs/court_calendar_sync.yaml")
    return 0
