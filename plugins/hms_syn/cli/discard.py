"""``hms-syn discard``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hms_syn import wiring
from hms_syn.cli.acting import act_of, on_each

if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> int:
    """Close messages for good."""
    store, act = wiring.open_store(), act_of(arguments)
    return on_each(arguments, "discarded", lambda message_id: store.discard(message_id, act, job=arguments.job))
