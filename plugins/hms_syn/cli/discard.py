"""``hms-syn discard``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hms_syn import wiring
from hms_syn.cli.acting import act_of, on_each
from hms_syn.store.desk import Desk

if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> int:
    """Close messages for good."""
    desk, act = Desk(wiring.open_store_that_is_there()), act_of(arguments)
    return on_each(arguments, "discarded", lambda message_id: desk.discard(message_id, act, job=arguments.job))
