"""A job file with every default filled in, each line saying where it comes from: what ``hms-syn explain`` prints.

It is a job file itself, and means the same job.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hms_syn.job_files import loader, model
from hms_syn.job_files.derived import derived
from hms_syn.job_files.json_schema import written
from hms_syn.job_files.nodes import Items, Place, Scalar, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic import BaseModel

    from hms_syn.job_files.nodes import Entry, Node

_SHORT_FORMS = frozenset({("heartbeat_interval",), ("job", "heartbeat_interval")})
_NOT_YET = frozenset({("job", "retention", "audit")})
_LISTS = frozenset({("job", "alerts", "notifiers"), ("job", "maintenance")})
_ONLY_AS_DEFAULT = frozenset({("job", "alerts", "when")})
"""What may stand in a file only together with another key (``silence``), but is the default without it."""
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_PLAIN_VALUE = re.compile(rf"-?{_PLAIN.pattern}|~|")
_NOTHING = Table(entries={}, place=Place(file=""))
_REMARKS_AT = 60


def explained(path: str | Path, *, root: str | Path | None = None) -> str:
    """Return the text of the whole file.

    :raises JobFileInvalid: with every problem of the file at once
    """
    file = Path(path)
    top = file.parent if root is None else Path(root)
    job = loader.load_job(file, root=top)
    tree, _ = loader.whole(file, root=top, defaults={})
    shapes = model.JobFile.model_json_schema(by_alias=True)
    writer = _Writer(file=str(file), derived=derived(job), shapes=shapes)
    return "\n".join(writer.section(model.JobFile, (), tree)) + "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Writer:
    """Writes one file; ``derived`` are defaults of this job, ``shapes`` the JSON Schema of all keys."""

    file: str
    derived: Mapping[tuple[str, ...], tuple[Any, str]]
    shapes: Mapping[str, Any]

    def section(self, section: type[BaseModel], path: tuple[str, ...], table: Table) -> Iterator[str]:
        """Yield the lines of a map whose keys the model knows, in the model's order."""
        for name, field in section.model_fields.items():
            key = field.alias or name
            here = (*path, key)
            entry = table.entries.get(key)
            if here in _SHORT_FORMS or here in _NOT_YET or self._is_idle(here, table):
                continue
            inner = None if here in _LISTS else model.SECTIONS.get(here)
            if inner is not None and (entry is None or isinstance(entry.node, Table)):
                yield from self._inner(inner, here, entry, is_needed=field.get_default(call_default_factory=True))
            elif entry is not None:
                yield from self._typed(here, entry)
            else:
                yield self._default(here, field.get_default(call_default_factory=True), section, key)

    def _inner(
        self, section: type[BaseModel], path: tuple[str, ...], entry: Entry | None, *, is_needed: object
    ) -> Iterator[str]:
        indent = "  " * (len(path) - 1)
        if entry is None and is_needed is None and path[-1] not in ("push", "pull"):
            yield _line(f"{indent}# {path[-1]}:", "not set")
            return
        below = entry.node if entry is not None and isinstance(entry.node, Table) else _NOTHING
        lines = list(self.section(section, path, below))
        says_nothing = all(line.lstrip().startswith("#") for line in lines)
        yield f"{indent}# {path[-1]}:" if says_nothing else f"{indent}{path[-1]}:"
        yield from lines

    def _typed(self, path: tuple[str, ...], entry: Entry) -> Iterator[str]:
        place = entry.key_place
        remark = "" if place.file == self.file else f"{os.path.relpath(place.file)}:{place.line}"
        first, *rest = _dumped(path[-1], entry.node, "  " * (len(path) - 1))
        yield _line(first, remark)
        yield from rest

    def _default(self, path: tuple[str, ...], value: Any, section: type[BaseModel], key: str) -> str:
        indent, remark = "  " * (len(path) - 1), "default"
        if path in self.derived:
            value, remark = self.derived[path]
        if value in (None, "", (), {}):
            return _line(f"{indent}# {key}:", "not set")
        of_section = self.shapes if section is model.JobFile else self.shapes["$defs"][section.__name__]
        said = written(value, of_section["properties"][key])
        mark = "# " if path in _ONLY_AS_DEFAULT else ""
        return _line(f"{indent}{mark}{key}: {json.dumps(said, ensure_ascii=False)}", remark)

    @staticmethod
    def _is_idle(path: tuple[str, ...], table: Table) -> bool:
        """Return True for a side that the job has no adapter for."""
        return path in (("job", "push"), ("job", "pull")) and f"{path[-1]}_adapter" not in table.entries


def _line(text: str, remark: str) -> str:
    return f"{text.ljust(_REMARKS_AT)} # {remark}" if remark else text


def _dumped(key: str, node: Node, indent: str) -> Iterator[str]:
    """Yield a key with what stands below it, as it was typed; a variable stays a variable."""
    name = key if _PLAIN.fullmatch(key) else json.dumps(key, ensure_ascii=False)
    if isinstance(node, Table) and node.entries:
        yield f"{indent}{name}:"
        for inner, entry in node.entries.items():
            yield from _dumped(inner, entry.node, indent + "  ")
    else:
        yield f"{indent}{name}: {_flow(node)}"


def _flow(node: Node) -> str:
    if isinstance(node, Scalar):
        is_plain = node.plain and _PLAIN_VALUE.fullmatch(node.text)
        return node.text if is_plain else json.dumps(node.text, ensure_ascii=False)
    if isinstance(node, Items):
        return f"[{', '.join(map(_flow, node.nodes))}]"
    inner = (f"{json.dumps(key, ensure_ascii=False)}: {_flow(entry.node)}" for key, entry in node.entries.items())
    return f"{{{', '.join(inner)}}}"
