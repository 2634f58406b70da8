"""Job files: one YAML file in, one frozen job out, or every problem with its line and column.

``load_job`` reads one file, ``load_folder`` all of them, ``job_path`` finds the file of one job, ``JobFolder`` follows
a folder as it changes; ``explained`` fills every default in; ``filled_in`` and ``changes`` compare two files;
``report`` prints problems. Nothing here touches a file
while it is imported.
"""

from __future__ import annotations

from hms_syn.job_files.explained import explained
from hms_syn.job_files.filled_in import FieldChange, FilledIn, changes, filled_in
from hms_syn.job_files.job_folder import JobFolder, Marks, marks_of
from hms_syn.job_files.loader import job_path, load_folder, load_job, located, paths, shown_text

__all__ = [
    "FieldChange",
    "FilledIn",
    "JobFolder",
    "Marks",
    "changes",
    "explained",
    "filled_in",
    "job_path",
    "load_folder",
    "load_job",
    "located",
    "marks_of",
    "paths",
    "shown_text",
]
