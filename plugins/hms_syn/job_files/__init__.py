"""Job files: one YAML file in, one frozen job out, or every problem with its line and column.

``load_job`` reads one file, ``load_folder`` all of them, ``job_path`` finds the file of one job, ``JobFolder`` follows
a folder as it changes. What only people who write jobs need stands beside it: ``report`` prints problems, ``explained``
fills every default in, ``filled_in`` compares two files. Nothing here touches a file while it is imported.
"""

from __future__ import annotations

from hms_syn.job_files.job_folder import JobFolder, Look, Marks
from hms_syn.job_files.loader import (
    SUFFIXES,
    job_path,
    load_folder,
    load_job,
    located,
    named_files,
    paths,
    places,
    precedes,
    shown_text,
    taken,
)

__all__ = [
    "SUFFIXES",
    "JobFolder",
    "Look",
    "Marks",
    "job_path",
    "load_folder",
    "load_job",
    "located",
    "named_files",
    "paths",
    "places",
    "precedes",
    "shown_text",
    "taken",
]
