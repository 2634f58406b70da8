"""What comes with the package to be copied: the sample jobs and the DAG files."""

from __future__ import annotations

from pathlib import Path

import hms_syn


def folder(name: str) -> Path:
    """Return the folder ``jobs`` or ``dags``: inside an installed wheel, else at the root of the repository."""
    package = Path(hms_syn.__file__).parent
    inside = package / "samples" / name
    return inside if inside.is_dir() else package.parents[1] / name
