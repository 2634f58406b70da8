"""``hms-syn explain``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hms_syn import settings
from hms_syn.cli import given_file
from hms_syn.cli.output import next_step
from hms_syn.job_files.explained import explained

if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> int:
    """Print the file with every default filled in."""
    file, folder = given_file.job_file(arguments.file), settings.jobs_folder()
    root = folder if file.resolve().is_relative_to(folder.resolve()) else None
    print(explained(file, root=root), end="")
    next_step(f"hms-syn lint {file}")
    return 0
