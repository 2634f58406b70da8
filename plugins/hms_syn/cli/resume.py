"""``hms-syn resume``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hms_syn import wiring
from hms_syn.cli.acting import act_of
from hms_syn.cli.output import next_step
from hms_syn.flow import switch

if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> int:
    """Switch sending on for a job."""
    changed = switch.resume(wiring.open_store_that_is_there(), arguments.job, act_of(arguments))
    print(f"{arguments.job} resumed" if changed else f"{arguments.job} was resumed already")
    next_step("hms-syn status")
    return 0
