"""Jobs that are registered and have no file any more: they go on accepting, and nobody sends what they accept."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from hms_syn.job_files.loader import id_inside, is_yaml, paths

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

_ID = re.compile(rb"""(?<![\w.-])["']?id["']?\s*:\s*["']?([a-z][a-z0-9_-]*)?""")
"""Only a file that may give an id is read as YAML: a thousand of them take seconds."""

_PLAIN = ("nothing waits", "waiting for a worker", "parked, for its job file is gone")
"""How what is said of a job begins that nothing else is wrong with."""


def ids_below(folder: Path) -> Collection[str] | None:
    """Return the id of each job file, sound or broken; None where the folder cannot be looked into from here."""
    if not os.access(folder, os.R_OK | os.X_OK):
        return None
    return {found for file in paths(folder) for found in _ids(file)}


def with_files(rows: Iterable[Mapping[str, Any]], ids: Collection[str] | None) -> list[Mapping[str, Any]]:
    """Return rows of ``status``, each with ``has_file``; where its file is gone ``why`` says what that means.

    ``has_file`` is null where the jobs folder cannot be looked into. Another cause, such as a doubt, is told too.
    """
    return [_marked(row, None if ids is None else not _is_gone(row, ids)) for row in rows]


def left_behind(rows: Iterable[Mapping[str, Any]], ids: Collection[str]) -> list[Mapping[str, Any]]:
    """Return the rows of jobs whose file is gone: there is none, and Airflow has lost its DAGs.

    Where Airflow's tables cannot be seen the files alone count. A job that never had a DAG is run by other means, such
    as ``hms-syn run`` with a file elsewhere.
    """
    return [row for row in rows if _is_gone(row, ids)]


def sentence(row: Mapping[str, Any]) -> str:
    """Say what it means that a job has no file, and what to do."""
    waits = {0: "nothing waits", 1: "1 message waits"}.get(row["waiting"], f"{row['waiting']} messages wait")
    return (
        f"no file in the jobs folder: {waits}, it goes on accepting, and Airflow sends nothing of it; "
        f"put its file back, or hms-syn retire {row['job']}"
    )


def _is_gone(row: Mapping[str, Any], ids: Collection[str]) -> bool:
    return row["job"] not in ids and row["dag_gone"] is not False


def _marked(row: Mapping[str, Any], has_file: bool | None) -> Mapping[str, Any]:  # noqa: FBT001 - one of three
    if has_file is not False:
        return {**row, "has_file": has_file}
    why = sentence(row) if row["why"].startswith(_PLAIN) else f"no file in the jobs folder; {row['why']}"
    return {**row, "has_file": has_file, "why": why}


def _ids(file: Path) -> Collection[str]:
    """Return the id of a file's job; of a file that cannot be read as YAML each that it may be."""
    try:
        named = _ID.findall(file.read_bytes())
    except OSError:
        named = []
    if not named:
        return {file.stem}
    if is_yaml(file):
        return {found} if (found := id_inside(file)) is not None else set()
    return {file.stem, *(found.decode() for found in named if found)}
