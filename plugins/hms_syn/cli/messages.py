"""``hms-syn messages``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hms_syn import wiring
from hms_syn.cli.output import as_json, next_step, table
from hms_syn.store.desk import Desk

if TYPE_CHECKING:
    import argparse

COLUMNS = {
    "message_id": "MESSAGE",
    "job": "JOB",
    "topic": "TOPIC",
    "state": "STATE",
    "attempts": "ATTEMPTS",
    "code": "CODE",
    "reference": "RECEIPT",
    "at": "SINCE",
}


def run(arguments: argparse.Namespace) -> int:
    """Print one line a message."""
    rows = Desk(wiring.open_store_that_is_there()).messages(
        job=arguments.job, state=arguments.state, limit=arguments.limit
    )
    if arguments.json:
        as_json(rows)
    elif rows:
        table(rows, COLUMNS)
        next_step(f"hms-syn trace {rows[0]['message_id']}")
    else:
        print("No message is there that way.")
        next_step("hms-syn status")
    return 0
