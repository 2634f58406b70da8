"""``hms-syn replay``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hms_syn import wiring
from hms_syn.cli.acting import act_of, on_each
from hms_syn.store.desk import Desk

if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> int:
    """Put messages back into their queues."""
    desk, act = Desk(wiring.open_store()), act_of(arguments)
    return on_each(arguments, "waits again", lambda message_id: desk.replay(message_id, act, job=arguments.job))
