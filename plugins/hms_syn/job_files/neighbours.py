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
    ("job", "push", "request", "openapi"),
    ("job", "push", "find", "request", "openapi"),
    ("job", "pull", "request", "openapi"),
)
DOCUMENTS = (".openapi.yaml", ".openapi.yml")
"""How the name of an OpenAPI document ends: every other YAML file in the jobs folder is a job."""


def is_inside(file: Path, root: Path) -> bool:
    """Return whether a file is in the jobs folder, wherever links lead."""
    return Path(os.path.realpath(file)).is_relative_to(os.path.realpath(root))


def outside(data: Any, file: Path, folder: Path) -> Iterator[Finding]:
    """Yield each file that a job names and that is not in the jobs folder."""
    for at in NAMES_A_FILE:
        name = value_at(data, at)
        if isinstance(name, str) and "://" not in name and not is_inside(file.parent / name, folder):
            yield Finding(path=at, text=f"leads out of the jobs folder; {OUTSIDE}")


def document_misfit(name: str) -> str | None:
    """Return why an OpenAPI document cannot be named so, or None. The file itself is read by lint alone."""
    if "://" in name:
        return (
            "is a URL; save the document beside the job file and name that file: "
            "it is read when the job is checked, never when it sends"
        )
    if name.endswith((".json", *DOCUMENTS)):
        return None
    return f"does not end in .json or {DOCUMENTS[0]}; call the file so: any other YAML file here is read as a job"


def value_at(data: Any, path: tuple[str, ...]) -> Any:
    """Return what stands at a path of keys; None where nothing does."""
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data
