"""What a job takes from the ``defaults.yaml`` of its folder and of the folders above."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from hms_syn.domain.problem import Problem
from hms_syn.job_files import yaml_source
from hms_syn.job_files.nodes import Entry, Items, Node, Scalar, Table

FILE_NAME = "defaults.yaml"

Known: TypeAlias = dict[Path, tuple[Table | None, list[Problem]]]
"""The defaults already read, so that a folder of many jobs reads each once."""

_SHORT = "heartbeat_interval"


def defaults_for(file: Path, *, root: Path, known: Known) -> tuple[Table | None, list[Problem]]:
    """Return the merged defaults that apply to ``file``: from its own folder and each above, up to ``root``."""
    merged: Table | None = None
    problems: list[Problem] = []
    for folder in folders(file.parent, root):
        path = folder / FILE_NAME
        if path not in known:
            known[path] = _read(path) if path.is_file() else (None, [])
        table, found = known[path]
        problems += found
        if table is not None:
            merged = table if merged is None else merge(merged, table)
    return merged, problems


def merge(near: Table, far: Table) -> Table:
    """``near`` with what only ``far`` says: maps merge, lists and values are replaced, tags are joined."""
    entries = dict(far.entries)
    for key, entry in near.entries.items():
        other = far.entries.get(key)
        node: Node = entry.node
        if other is not None and isinstance(node, Table) and isinstance(other.node, Table):
            node = merge(node, other.node)
        elif other is not None and key == "tags" and isinstance(node, Items) and isinstance(other.node, Items):
            node = Items(nodes=(*other.node.nodes, *node.nodes), place=node.place)
        entries[key] = Entry(key_place=entry.key_place, node=node, shown=entry.shown)
    return Table(entries=entries, place=near.place)


def with_long_heartbeat(table: Table) -> tuple[Table, list[Problem]]:
    """Return the file with ``heartbeat_interval``, at either level, moved to ``job.heartbeat.interval``."""
    job = table.entries.get("job")
    if job is None or not isinstance(job.node, Table):
        return table, []
    short = [(name, level.entries[_SHORT]) for name, level in ((f"job.{_SHORT}", job.node), (_SHORT, table))
             if _SHORT in level.entries]  # fmt: skip
    if not short:
        return table, []
    problems = [_twice(name, entry, "it is given twice; keep one") for name, entry in short[1:]]
    name, entry = short[0]
    own = job.node.entries.get("heartbeat")
    inside = own.node.entries if own is not None and isinstance(own.node, Table) else {}
    if "interval" in inside:
        problems.append(_twice(name, entry, "job.heartbeat.interval says the same; keep one"))
    elif own is not None and not isinstance(own.node, Table):
        is_off = isinstance(own.node, Scalar) and own.node.text == "false"
        text = "heartbeat is off; take out one of the two" if is_off else "heartbeat must be a map; keep one of the two"
        problems.append(_twice(name, entry, text))
    moved = Entry(key_place=entry.key_place, node=entry.node, shown=name)
    beat = own or Entry(key_place=entry.key_place, node=Table(entries={}, place=entry.key_place))
    if isinstance(beat.node, Table) and "interval" not in inside:
        node = Table(entries={**inside, "interval": moved}, place=beat.node.place)
        beat = Entry(key_place=beat.key_place, node=node)
    return _without_short(table, job, job.node, beat), problems


def _without_short(table: Table, job: Entry, inner: Table, beat: Entry) -> Table:
    below = {key: entry for key, entry in inner.entries.items() if key != _SHORT}
    section = Entry(
        key_place=job.key_place, node=Table(entries={**below, "heartbeat": beat}, place=inner.place), shown=job.shown
    )
    kept = {key: entry for key, entry in table.entries.items() if key != _SHORT}
    return Table(entries={**kept, "job": section}, place=table.place)


def _twice(name: str, entry: Entry, text: str) -> Problem:
    place = entry.key_place
    return Problem(file=place.file, line=place.line, column=place.column, key=name, text=text)


def _read(path: Path) -> tuple[Table | None, list[Problem]]:
    table, problems = yaml_source.read(path)
    if table is None:
        return None, problems
    if _SHORT in table.entries and "job" not in table.entries:
        place = table.entries[_SHORT].key_place
        empty = Entry(key_place=place, node=Table(entries={}, place=place))
        table = Table(entries={**table.entries, "job": empty}, place=table.place)
    table, twice = with_long_heartbeat(table)
    job = table.entries.get("job")
    own = job.node.entries if job is not None and isinstance(job.node, Table) else {}
    if "id" in own:
        place = own["id"].key_place
        text = "belongs to one job; write it in the job's own file"
        twice.append(Problem(file=place.file, line=place.line, column=place.column, key="job.id", text=text))
    return table, problems + twice


def folders(start: Path, root: Path) -> list[Path]:
    """Return a folder and those above it, up to ``root``."""
    here, top = start.absolute(), root.absolute()
    if here != top and top not in here.parents:
        return [start]
    steps = len(here.parts) - len(top.parts) + 1
    as_given = [start, *start.parents]
    return as_given[:steps] if len(as_given) >= steps else [here, *here.parents][:steps]
