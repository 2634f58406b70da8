"""One file or a folder of files, read, checked and turned into jobs."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hms_syn import errors
from hms_syn.domain.problem import Problem
from hms_syn.job_files import findings, inheritance, names, payload_schema, yaml_source
from hms_syn.job_files.environment import data_of
from hms_syn.job_files.findings import Finding
from hms_syn.job_files.job_specs import job_spec
from hms_syn.job_files.neighbours import DOCUMENTS, NAMES_A_FILE, OUTSIDE, is_inside, outside, value_at
from hms_syn.job_files.nodes import Entry, Items, Table
from hms_syn.job_files.rules import rule_findings
from hms_syn.job_files.secrecy import secrets_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.job_files import model
    from hms_syn.job_files.nodes import Node

SUFFIXES = (".yaml", ".yml")


def load_job(path: str | Path, *, adapters: Collection[str] | None = None, root: str | Path | None = None) -> JobSpec:
    """Return the job this file describes.

    ``adapters`` are the known adapter ids, by default those installed; ``root`` is the jobs folder, up to which
    ``defaults.yaml`` files are looked for, by default the file's own folder. With a ``root`` neither the file, where it
    is a link, nor what it names may be elsewhere.

    :raises JobFileInvalid: with every problem of the file at once
    """
    return load_with_keys(path, adapters=adapters, root=root)[0]


def load_with_keys(
    path: str | Path,
    *,
    adapters: Collection[str] | None = None,
    root: str | Path | None = None,
    text: str | None = None,
) -> tuple[JobSpec, model.JobFile]:
    """Return the job of a file as ``load_job`` does, and beside it the keys of the file as they were read.

    ``text`` stands in for what is in the file; what it refers to is still looked for from the file's place.

    :raises JobFileInvalid: with every problem of the file at once
    """
    file = Path(path)
    top = file.parent if root is None else Path(root)
    known = _known(adapters)
    return _load(file, adapters=known, root=top, defaults={}, text=text, is_bound=root is not None)


def load_folder(folder: str | Path, *, adapters: Collection[str] | None = None) -> tuple[list[JobSpec], list[Problem]]:
    """All sound jobs below ``folder``, in the order of their files, and all problems of the others.

    Of two files with one id the one named after the id is kept, else the first; the other is a problem.
    """
    root = Path(folder)
    if not root.is_dir():
        return [], [Problem(file=str(root), text="no such folder; create it, or correct [hms_syn] jobs_folder")]
    known = _known(adapters)
    defaults: inheritance.Known = {}
    jobs: dict[str, JobSpec] = {}
    problems: dict[Problem, None] = {}
    for file in sorted(paths(root), key=str):
        try:
            job, _ = _load(file, adapters=known, root=root, defaults=defaults)
        except errors.JobFileInvalid as error:
            problems.update(dict.fromkeys(error.problems))
            continue
        first = jobs.get(job.id)
        if first is None or precedes(Path(job.file), Path(first.file), job.id):
            jobs[job.id] = job
        if first is not None:
            kept, other = jobs[job.id], first if jobs[job.id] is job else job
            problem = taken(root, job_id=job.id, kept=Path(kept.file), other=Path(other.file))
            problems[problem] = None
    return sorted(jobs.values(), key=lambda job: job.file), list(problems)


def job_path(folder: str | Path, job_id: str) -> Path | None:
    """Return the file of one job, found without checking the others: first by its name, then by the id inside."""
    files = set(places(Path(folder)))
    named = {file for file in files if file.endswith(tuple(f"/{job_id}{suffix}" for suffix in SUFFIXES))}
    for some in (named, files - named):
        for file in map(Path, sorted(some)):
            if id_inside(file) == job_id:
                return file
    return None


def paths(folder: Path) -> Iterator[Path]:
    """Every file below ``folder`` that is meant to be a job; defaults, OpenAPI documents and hidden files are not.

    A folder with a job file's name, or one that may not be looked into, is among them: to read it is a problem.
    """
    return map(Path, places(folder))


def places(folder: Path) -> Iterator[str]:
    """Yield ``paths`` as text, for who looks at a thousand files and needs a path of few."""
    closed: list[OSError] = []
    for parent, folders, files in os.walk(folder, onerror=closed.append):
        for name in (*folders, *files):
            is_other = name.startswith(".") or name == inheritance.FILE_NAME or name.endswith(DOCUMENTS)
            if name.endswith(SUFFIXES) and not is_other:
                yield f"{parent}/{name}"
        folders[:] = [name for name in folders if not name.startswith(".") and not name.endswith(SUFFIXES)]
    yield from (str(error.filename) for error in closed if not isinstance(error, FileNotFoundError))


def located(job: JobSpec, faults: Iterable[tuple[str, str]]) -> list[Problem]:
    """Place what an adapter found wrong with a job, given as (dotted key, text), at the lines of its file."""
    tree, _ = yaml_source.read(Path(job.file))
    found = [Finding(path=tuple(_parts(tree, key)), text=text) for key, text in faults]
    shown = os.path.relpath(job.file)
    if tree is None:
        return [Problem(file=shown, key=".".join(map(str, finding.path)), text=finding.text) for finding in found]
    return [dataclasses.replace(problem, file=shown) for problem in findings.problems(tree, found, [])]


def _parts(tree: Table | None, key: str) -> Iterator[str | int]:
    """Yield a dotted key's parts; a name of the vendor's, such as ``PID-3.1``, may hold dots itself."""
    node: Node | None = tree
    while key:
        entries = node.entries if isinstance(node, Table) else {}
        head, _, rest = (key, "", "") if key in entries else key.partition(".")
        if isinstance(node, Items) and head.isdecimal() and int(head) < len(node.nodes):
            yield int(head)
            node, key = node.nodes[int(head)], rest
            continue
        yield head
        node, key = entries[head].node if head in entries else None, rest


def shown_text(file: Path, *, root: Path) -> str | None:
    """Return the text of a job file; None where it is no YAML, holds what looks like a secret, or links elsewhere."""
    tree, _ = yaml_source.read(file) if is_inside(file, root) else (None, [])
    if tree is None or any(secrets_in(data_of(tree, []))):
        return None
    return file.read_text(encoding="utf-8")


def whole(
    file: Path, *, root: Path, defaults: inheritance.Known, text: str | None = None
) -> tuple[Table, list[Problem]]:
    """Return what a file and the ``defaults.yaml`` above it say together, and the problems that needed no meaning.

    :raises JobFileInvalid: it cannot be read as YAML
    """
    tree, problems = yaml_source.read(file) if text is None else yaml_source.parse(text.encode(), file=str(file))
    if tree is None:
        raise errors.JobFileInvalid(problems)
    tree, twice = inheritance.with_long_heartbeat(tree)
    far, inherited = inheritance.defaults_for(file, root=root, known=defaults)
    if far is not None and "job" in tree.entries:
        tree = _without_idle_sections(inheritance.merge(tree, far), file)
    return tree, problems + twice + inherited


def _load(
    file: Path,
    *,
    adapters: Collection[str],
    root: Path,
    defaults: inheritance.Known,
    text: str | None = None,
    is_bound: bool = True,
) -> tuple[JobSpec, model.JobFile]:
    if is_bound and file.is_symlink() and not is_inside(file, root):
        raise errors.JobFileInvalid([Problem(file=str(file), text=f"is a link out of the jobs folder; {OUTSIDE}")])
    tree, problems = whole(file, root=root, defaults=defaults, text=text)
    found: list[Finding] = []
    data = data_of(tree, found)
    found += secrets_in(data)
    found += outside(data, file, root) if is_bound else ()
    section, wrong = findings.validated(_copy(data))
    found += wrong
    found += rule_findings(section, data=data, adapters=adapters)
    job, schema = section.job, None
    if job.push is not None and job.push.schema_path is not None:
        try:
            schema = payload_schema.load(file.parent, job.push.schema_path)
        except ValueError as error:
            found.append(Finding(path=("job", "push", "schema"), text=str(error)))
    job_id = job.id or file.stem
    if job.id is None and not (isinstance(data.get("job"), dict) and "id" in data["job"]):
        found += _stem_findings(job_id)
    if problems or found:
        raise errors.JobFileInvalid(findings.problems(tree, found, problems))
    return job_spec(job, job_id=job_id, file=str(file.absolute()), schema=schema), section


def _stem_findings(stem: str) -> Iterator[Finding]:
    try:
        names.job_id(stem)
    except ValueError as error:
        yield Finding(path=("job", "id"), text=f"the file's name gives the id: {error}; rename the file or add job.id")


def _without_idle_sections(tree: Table, file: Path) -> Table:
    """Return the tree without push or pull sections that only the defaults have and this job has no adapter for."""
    job = tree.entries["job"]
    if not isinstance(job.node, Table):
        return tree
    own = job.node.entries
    idle = {
        way
        for way in ("push", "pull")
        if way in own and f"{way}_adapter" not in own and own[way].key_place.file != str(file)
    }
    node = Table(entries={key: entry for key, entry in own.items() if key not in idle}, place=job.node.place)
    entry = Entry(key_place=job.key_place, node=node)
    return Table(entries={**tree.entries, "job": entry}, place=tree.place)


def taken(root: Path, *, job_id: str, kept: Path, other: Path) -> Problem:
    """Return the problem of the second file with one id, placed at its ``id`` where it has one."""
    path, first = root / os.path.relpath(other, root), root / os.path.relpath(kept, root)
    tree, _ = yaml_source.read(path)
    job = tree.entries.get("job") if tree is not None else None
    entry = job.node.entries.get("id") if job is not None and isinstance(job.node, Table) else None
    line, column = (entry.node.place.line, entry.node.place.column) if entry is not None else (1, 1)
    text = f"the id '{job_id}' is already taken by {first}; this file is left out until one of them has another id"
    return Problem(file=str(path), line=line, column=column, key="job.id", text=text)


def precedes(file: Path, other: Path, job_id: str) -> bool:
    """Return whether of two files with one id this one is the job: the one named after it, else the first."""
    return (file.stem != job_id, str(file)) < (other.stem != job_id, str(other))


def named_files(file: Path, *, root: Path) -> list[Path]:
    """Return the files that a job names beside its own, there or not: its payload's schema, its contracts."""
    try:
        tree, _ = whole(file, root=root, defaults={})
    except errors.JobFileInvalid:
        return []
    data = data_of(tree, [])
    given = [value for at in NAMES_A_FILE if isinstance(value := value_at(data, at), str) and "://" not in value]
    return [file.parent / name for name in dict.fromkeys(given)]


def is_yaml(file: Path) -> bool:
    """Return whether a file can be read as YAML, whatever it says."""
    return yaml_source.read(file)[0] is not None


def id_inside(file: Path) -> str | None:
    """Return the id that a file gives its job, sound or not; None where what it gives cannot be one."""
    tree, _ = yaml_source.read(file)
    if tree is None:
        return file.stem
    job = tree.entries.get("job")
    entry = job.node.entries.get("id") if job is not None and isinstance(job.node, Table) else None
    if entry is None:
        return file.stem
    given = data_of(entry.node, [])
    return given if isinstance(given, str) else None


def _known(adapters: Collection[str] | None) -> Collection[str]:
    return installed() if adapters is None else adapters


def installed() -> Collection[str]:
    """Return the adapter ids that may be named, those of third parties too."""
    from hms_syn.adapters import registry  # noqa: PLC0415 - only where a job is judged by what is installed

    return registry.known_adapters()


def _copy(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _copy(value) for key, value in data.items()}
    return [_copy(value) for value in data] if isinstance(data, list) else data
