"""``hms-syn pause``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hms_syn import wiring
from hms_syn.cli.acting import act_of
from hms_syn.cli.output import next_step
from hms_syn.domain.switching import end_of
from hms_syn.flow import switch

if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> int:
    """Switch sending off for a job, for good or until a time."""
    store = wiring.open_store_that_is_there()
    until = None if arguments.until is None else end_of(arguments.until, now=store.switches.now())
    changed = switch.pause(store, arguments.job, act_of(arguments), until=until)
    [row] = store.status([arguments.job])
    ending = f" until {row['paused_until'][:19]}Z" if row["paused_until"] else ""
    print(f"{arguments.job} {'paused' if changed else 'was paused already'}{ending}")
    next_step(f"hms-syn resume {arguments.job} --reason …")
    return 0
