"""``hms-syn new``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hms_syn import settings
from hms_syn.adapters import registry
from hms_syn.cli.output import next_step, remark
from hms_syn.errors import NeedsOfficer
from hms_syn.job_files import names, new_job, paths
from hms_syn.job_files.findings import closest

if TYPE_CHECKING:
    import argparse


def run(arguments: argparse.Namespace) -> int:
    """Write a small job file that passes ``lint``; never over another."""
    try:
        job_id = names.job_id(arguments.id)
    except ValueError as error:
        remark(f"hms-syn new: {error}")
        return 2
    known = registry.known_adapters()
    if arguments.adapter not in known:
        near = closest(arguments.adapter, known)
        hint = f"did you mean '{near}'?" if near else f"there are {', '.join(known)}"
        remark(f"hms-syn new: no adapter is called '{arguments.adapter}'; {hint}")
        return 2
    folder = settings.jobs_folder()
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{job_id}.yaml"
    if file in set(paths(folder)):
        raise NeedsOfficer(f"{file}: is there already; choose another id, or edit that file")
    file.write_text(new_job.text(job_id, arguments.adapter), encoding="utf-8")
    shown = os.path.relpath(file)
    print(shown)
    next_step(f"change topic, address and fields in {shown}, then: hms-syn lint {shown}")
    return 0
