"""What is wrong, first as a path into the file and a sentence, then as a problem with its place."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic import ValidationError

from hms_syn.domain.problem import Problem
from hms_syn.job_files import model
from hms_syn.job_files.nodes import SHOWN_CHARS, Items, Node, Place, Table, dotted
from hms_syn.job_files.yaml_source import MAX_PROBLEMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Path: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something wrong at ``path``; ``at_key`` points at the key rather than at its value."""

    path: Path
    text: str
    at_key: bool = False


def validated(data: dict[str, Any]) -> tuple[model.JobFile, list[Finding]]:
    """Return the model of what is right in ``data``, and a finding for everything that is not.

    A wrong key is taken out and the rest read again, so the model is always there for the rules that follow.
    """
    found: list[Finding] = []
    while True:
        try:
            return model.JobFile.model_validate(data), found
        except ValidationError as error:
            for item in error.errors(include_url=False, include_input=False):
                found.append(_finding(item))
                _take_out(data, item["loc"])


def closest(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice that ``word`` was probably meant to be, or None.

    >>> closest("heartbeat_intervall", ["heartbeat", "heartbeat_interval"])
    'heartbeat_interval'

    Else it is the one choice that has the word as a part:

    >>> closest("SOAP", ["oracle.soap.v1", "rest.json.v1"]), closest("topic", ["source_topic", "name"])
    ('oracle.soap.v1', 'source_topic')
    """
    if len(word) > SHOWN_CHARS:
        return None
    known = list(choices)
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.7)
    if near:
        return near[0]
    whole = [choice for choice in known if word.casefold() in re.split(r"[._]", choice)]
    return whole[0] if len(whole) == 1 else None


def unknown_key(key: str, choices: Iterable[str]) -> str:
    """Return the sentence for a key that is not among ``choices``."""
    known = list(choices)
    near = closest(key, known)
    if near is not None:
        return f"unknown key; did you mean '{near}'?"
    return "unknown key; take it out" if len(known) > _FEW else f"unknown key; known here: {', '.join(known)}"


def problems(tree: Table, findings: Iterable[Finding], already: Iterable[Problem]) -> list[Problem]:
    """All problems in the order of the file; of several about one key at one place only the first is kept."""
    kept = {(problem.file, problem.line, problem.column, problem.key): problem for problem in already}
    for finding in findings:
        if len(kept) >= MAX_PROBLEMS:
            break
        place, key = _place(tree, finding)
        problem = Problem(file=place.file, line=place.line, column=place.column, key=key, text=_text(finding))
        kept.setdefault((problem.file, problem.line, problem.column, problem.key), problem)
    return sorted(kept.values(), key=lambda problem: (problem.file, problem.line, problem.column))


_FEW = 8
_UNKNOWN = "\0unknown"


def _finding(item: Mapping[str, Any]) -> Finding:
    path: Path = tuple(item["loc"])
    if item["type"] == "extra_forbidden":
        return Finding(path=path, text=_UNKNOWN, at_key=True)
    if item["type"] in ("model_type", "model_attributes_type"):
        return Finding(path=path, text="is not a map; write keys below it or leave it out")
    cause = item.get("ctx", {}).get("error")
    text = str(cause) if cause is not None else str(item["msg"])
    return Finding(path=path, text=text, at_key="is not in this release" in text)


def _text(finding: Finding) -> str:
    """Return the finding's sentence; the search for a similar key is slow, so it waits until the finding is shown."""
    if finding.text != _UNKNOWN:
        return finding.text
    key, above = str(finding.path[-1]), tuple(part for part in finding.path[:-1] if isinstance(part, str))
    here = model.keys_of(model.SECTIONS[above]) if above in model.SECTIONS else []
    if closest(key, here) is None:
        homes = [dotted(path) for path, section in model.SECTIONS.items() if path and key in model.keys_of(section)]
        if homes:
            return f"unknown key here; it belongs under {' or '.join(homes)}"
    return unknown_key(key, here)


def _place(tree: Table, finding: Finding) -> tuple[Place, str]:
    """Where the finding's path stands, or the nearest place above it when it is not in the file."""
    node: Node = tree
    place, shown, missing = tree.place, "", False
    for part in finding.path:
        if missing:
            pass
        elif isinstance(node, Table) and str(part) in node.entries:
            entry = node.entries[str(part)]
            at_key = finding.at_key or isinstance(entry.node, (Table, Items))
            place, node = entry.key_place if at_key else entry.node.place, entry.node
            if entry.shown is not None:
                shown = entry.shown
                continue
        elif isinstance(node, Items) and isinstance(part, int) and part < len(node.nodes):
            node = node.nodes[part]
            place = node.place
        else:
            missing = True
        shown = f"{shown}.{dotted((part,))}" if shown else dotted((part,))
    return place, shown


def _take_out(data: dict[str, Any], path: Path) -> None:
    """Take out what is wrong; an item of a list leaves an empty map, so that the others keep their places."""
    holder: Any = data
    for part in path[:-1]:
        if isinstance(holder, list) and isinstance(part, int):
            holder = holder[part]
        else:
            holder = holder.get(part) if isinstance(holder, dict) else None
    if isinstance(holder, list):
        holder[int(path[-1])] = {}
    elif isinstance(holder, dict):
        holder.pop(str(path[-1]), None)
