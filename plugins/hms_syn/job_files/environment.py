"""From nodes to plain data: text with ``${VAR}`` filled in from the environment, maps and lists."""

from __future__ import annotations

import os
import re
from typing import Any

from hms_syn.job_files.findings import Finding, Path
from hms_syn.job_files.nodes import INVISIBLE, Node, Scalar, Table
from hms_syn.job_files.secrecy import REFUSAL, holds_secret, is_secret
from hms_syn.job_files.values import Plain

_DEFAULT = r":-((?:[^}$]|\$(?!\{))*)"
_VARIABLE = re.compile(rf"\$\{{([A-Za-z_][A-Za-z0-9_]*)(?:{_DEFAULT})?\}}")
_NESTED = re.compile(rf"\$\{{([A-Za-z_][A-Za-z0-9_]*){_DEFAULT}\$\{{")
_MOST_CHARS = 64 * 1024


def data_of(node: Node, found: list[Finding], *, path: Path = ()) -> Any:
    """Return the node as dicts, lists and text; what goes wrong with a variable is added to ``found``.

    ``${VAR:-default}`` takes the default when the variable is not set or empty, as in a shell. Any other ``$`` stays.
    """
    if isinstance(node, Table):
        return {key: data_of(entry.node, found, path=(*path, key)) for key, entry in node.entries.items()}
    if isinstance(node, Scalar):
        text = _filled_in(node.text, found, path) if "${" in node.text else node.text
        return Plain(text) if node.plain else text
    return [data_of(item, found, path=(*path, index)) for index, item in enumerate(node.nodes)]


def _filled_in(text: str, found: list[Finding], path: Path) -> str:
    nested = _NESTED.search(text)
    if nested is not None:
        found.append(
            Finding(path=path, text=f"the default of the variable {nested[1]} holds another variable; write a value")
        )
        return text
    room = _MOST_CHARS

    def value(match: re.Match[str]) -> str:
        nonlocal room
        if room <= 0:
            return ""
        name, default = match[1], match[2]
        given = os.environ.get(name)
        if default is not None:
            given = given or default
        wrong = _wrong_with(name, given)
        if wrong is not None:
            found.append(Finding(path=path, text=f"the variable {name} {wrong}"))
        room -= len(given or "")
        return given or ""

    filled = _VARIABLE.sub(value, text)
    if room <= 0:
        found.append(Finding(path=path, text="grows beyond 64 KiB by its variables; shorten it"))
    return filled


def _wrong_with(name: str, given: str | None) -> str | None:
    if holds_secret(name):
        return "may hold a secret; credentials live only in the Airflow Connection named by job.connection_id"
    if given is None:
        return f"is not set; set it, or write ${{{name}:-default}}"
    if is_secret(given):
        return f"holds what {REFUSAL}"
    return "holds an invisible character; correct its value" if INVISIBLE.search(given) else None
