"""``hms-syn retire``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hms_syn import job_files, settings, wiring
from hms_syn.cli.acting import act_of
from hms_syn.errors import ActRefused
from hms_syn.flow.retire import retire
from hms_syn.store.desk import Desk

if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> int:
    """Take a job whose file is gone out of the register."""
    folder = settings.jobs_folder()
    file = job_files.job_path(folder, arguments.job) if folder.is_dir() else None
    if file is not None:
        raise ActRefused(f"{arguments.job}: its file is there, and would bring it back; remove {file} first")
    done = retire(
        Desk(wiring.open_store_that_is_there()),
        arguments.job,
        act_of(arguments),
        to=arguments.to,
        discard=arguments.discard,
    )
    said = {
        "handed_over": f"given to {arguments.to}",
        "known": f"closed, because {arguments.to} has them already",
        "discarded": "discarded",
    }
    counts = [f"{done[name]} {words}" for name, words in said.items() if done[name]]
    print(f"{arguments.job} retired{': ' if counts else ''}{', '.join(counts)}")
    return 0
