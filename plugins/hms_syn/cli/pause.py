"""``hms-syn pause``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hms_syn import wiring
from hms_syn.cli.acting import act_of
from hms_syn.cli.output import next_step
from hms_syn.store.desk import Desk

if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> int:
    """Switch sending off for a job."""
    changed = Desk(wiring.open_store()).pause(arguments.job, act_of(arguments))
    print(f"{arguments.job} paused" if changed else f"{arguments.job} was paused already")
    next_step(f"hms-syn resume {arguments.job} --reason …")
    return 0
