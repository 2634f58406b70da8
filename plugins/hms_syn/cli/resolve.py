"""``hms-syn resolve``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hms_syn import wiring
from hms_syn.cli.acting import act_of, on_each
from hms_syn.cli.output import remark
from hms_syn.flow.end_doubt import end_doubt
from hms_syn.store.desk import Desk

if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> int:
    """End doubts one way or the other; exactly one must be said."""
    if arguments.delivered == arguments.resend:
        remark("hms-syn resolve: say either --delivered or --resend")
        return 2
    desk, act = Desk(wiring.open_store_that_is_there()), act_of(arguments)
    return on_each(
        arguments,
        "delivered" if arguments.delivered else "waits again",
        lambda message_id: end_doubt(
            desk, message_id, act, delivered=arguments.delivered, reference=arguments.reference, job=arguments.job
        ),
    )
