"""``hms-syn keys rewrap``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hms_syn import wiring
from hms_syn.cli.output import next_step, remark
from hms_syn.store.rewrapping import Rewrapping

if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> int:
    """Wrap every message's key with the newest key; exit 1 where some do not open."""
    rewrapping = Rewrapping(wiring.open_store_that_is_there())
    done = unopened = 0
    for step in rewrapping.to_the_newest(batch=arguments.batch):
        done, unopened = done + step.rewrapped, unopened + step.unopened
        remark(f"{step.key_id}: {done} rewrapped so far")
    print(f"{done} message(s) rewrapped with the key '{rewrapping.store.keyring.keys().newest}'")
    if unopened:
        remark(f"error: {unopened} message(s) do not open and stay as they are; docs/troubleshooting.md says why")
    next_step("hms-syn keys status")
    return 1 if unopened else 0
