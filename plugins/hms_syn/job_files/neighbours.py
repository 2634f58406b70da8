"""The files that a job names beside its own: where in the job, and whether they are in the jobs folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hms_syn.job_files.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

OUTSIDE = "keep what belongs to a job in the jobs folder, whose owners are those who may read it"
NAMES_A_FILE = (
    ("job", "push", "schema"),
    ("job", "push", "request", "wsdl"),
    ("job", "push", "find", "request", "wsdl"),
    ("job", "pull", "request", "wsdl"),
)


def is_inside(file: Path, root: Path) -> bool:
    """Return whether a file is in the jobs folder, wherever links lead."""
    return Path(os.path.realpath(file)).is_relative_to(os.path.realpath(root))


def outside(data: Any, file: Path, folder: Path) -> Iterator[Finding]:
    """Yield each file that a job names and that is not in the jobs folder."""
    for at in NAMES_A_FILE:
        name = value_at(data, at)
        if isinstance(name, str) and "://" not in name and not is_inside(file.parent / name, folder):
            yield Finding(path=at, text=f"leads out of the jobs folder; {OUTSIDE}")


def value_at(data: Any, path: tuple[str, ...]) -> Any:
    """Return what stands at a path of keys; None where nothing does."""
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data
