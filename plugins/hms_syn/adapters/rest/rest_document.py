"""A vendor's OpenAPI document in a file beside the job: read as it is written, and followed within itself.

It is read when a job is checked, never when it sends, and it is a stranger's: nothing in it is fetched, copied or
trusted to be of the type that it should be.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import yaml

from hms_syn.domain.ack import printable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 200
"""Of maps and lists: the parser's time grows with the square of it."""
_MOST_REFERENCES = 50
"""From one to the next."""
_SHOWN_CHARS = 80
_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_EMPTY: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The document as maps, lists and values; of a YAML file every value is text, as it was typed."""

    name: str
    root: Mapping[str, Any]

    def part(self, node: Any) -> Mapping[str, Any]:
        """Return the map that a node is or refers to (OpenAPI 3.1, "Reference Object"); an empty one otherwise.

        :raises ValueError: it refers to another document, or to nothing
        """
        seen: set[str] = set()
        while isinstance(node, Mapping) and isinstance(reference := node.get("$ref"), str):
            if reference in seen or len(seen) == _MOST_REFERENCES:
                return _EMPTY
            seen.add(reference)
            node = self.target(reference)
        return node if isinstance(node, Mapping) else _EMPTY

    def target(self, reference: str) -> Any:
        """Return what stands at a ``$ref``, a JSON Pointer (RFC 6901) into this document.

        :raises ValueError: it leads into another document, or to nothing
        """
        place, _, pointer = reference.partition("#")
        if place:
            raise ValueError(
                f"{self.name!r} refers to {shown(reference)!r}, which is not followed; bundle it into one document."
            )
        if pointer and not pointer.startswith("/"):
            return _EMPTY  # an anchor, of which nothing is said here
        node: Any = self.root
        for part in unquote(pointer).split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            node = node.get(name) if isinstance(node, Mapping) else None
        if node is None:
            raise ValueError(f"{self.name!r} refers to {shown(reference)!r}, where nothing stands; correct it there.")
        return node


def is_yes(value: Any) -> bool:
    """Return whether a value of a document is true, in JSON or as it is typed in YAML."""
    return value is True or value == "true"


def is_no(value: Any) -> bool:
    """Return whether a value of a document is false, in JSON or as it is typed in YAML."""
    return value is False or value == "false"


def shown(text: str) -> str:
    """Return a stranger's text made fit for one line of output."""
    return printable(text if len(text) <= _SHOWN_CHARS else text[:_SHOWN_CHARS] + "…")


def read(folder: Path, name: str) -> Document:
    """Return the OpenAPI document in the file ``name`` of ``folder``; JSON where the name says so, else YAML.

    :raises ValueError: there is none, or it is not an OpenAPI 3 document; saying what to do
    """
    file = folder / name
    try:
        if not file.is_file():
            raise ValueError(f"There is no file {shown(name)!r} beside the job file; save the vendor's document there.")
        state = file.stat()
    except OSError as error:
        raise _unreadable(name, error) from None
    return _read(file, shown(name), state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=2)
def _read(file: Path, name: str, _changed: int, _size: int) -> Document:
    """Read a file once, however many jobs of a folder name it, until it is another."""
    body = _body(file, name)
    root = _from_json(body, name) if name.endswith(".json") else _from_yaml(body, name)
    if isinstance(root, Mapping) and "swagger" in root:
        raise ValueError(f"{name!r} is a Swagger 2.0 document; convert it to OpenAPI 3 and save it again.")
    version = root.get("openapi") if isinstance(root, Mapping) else None
    if not isinstance(root, Mapping) or not str(version).startswith("3."):
        raise ValueError(f"{name!r} is not an OpenAPI document; one of 3.0 begins with 'openapi: 3.0.3'.")
    return Document(name=name, root=root)


def _body(file: Path, name: str) -> str:
    try:
        with file.open("rb") as stream:
            body = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise _unreadable(name, error) from None
    if len(body) > MAX_BYTES:
        raise ValueError(f"{name!r} is larger than 16 MiB; keep what the job needs of it.")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{name!r} is not UTF-8; save it as UTF-8 text.") from None


def _unreadable(name: str, error: OSError) -> ValueError:
    return ValueError(
        f"{shown(name)!r} cannot be read: {os.strerror(error.errno) if error.errno else 'unknown error'}."
    )


def _from_json(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{name!r} is not valid JSON (line {error.lineno}, column {error.colno}).") from None
    except RecursionError:
        raise ValueError(f"{name!r} is nested too deeply.") from None
    except ValueError:  # a number of thousands of digits
        raise ValueError(f"{name!r} cannot be read as JSON.") from None


def _from_yaml(text: str, name: str) -> Any:
    try:
        loader = _PARSER(text)
        try:
            return _built(loader.get_event)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "at its end"
        raise ValueError(f"{name!r} is not valid YAML ({where}).") from None
    except yaml.YAMLError:
        raise ValueError(f"{name!r} is not valid YAML; it holds a character that YAML has no place for.") from None
    except _TooDeepError:
        raise ValueError(f"{name!r} is nested too deeply.") from None


class _TooDeepError(Exception):
    """There are more maps in maps than any real document has."""


@dataclass(slots=True)
class _Frame:
    """A map or list that is still open, and the key in it whose value comes next."""

    holder: dict[str, Any] | list[Any]
    key: Any = None
    has_key: bool = field(default=False)

    def add(self, value: Any) -> None:
        if isinstance(self.holder, list):
            self.holder.append(value)
        elif not self.has_key:
            self.key, self.has_key = value, True
        else:
            if isinstance(self.key, str):  # other keys mean nothing in OpenAPI
                self.holder[self.key] = value
            self.has_key = False


def _built(next_event: Callable[[], yaml.Event]) -> Any:
    """Return the first document of a stream. An alias is the very thing that it names, so that nothing grows."""
    documents: list[Any] = []
    frames = [_Frame(documents)]
    anchors: dict[str, Any] = {}
    texts: dict[str, str] = {}
    while not isinstance(event := next_event(), yaml.StreamEndEvent):
        if isinstance(event, yaml.AliasEvent):
            frames[-1].add(anchors.get(event.anchor or ""))
        elif isinstance(event, yaml.CollectionEndEvent):
            frames.pop()
        elif isinstance(event, yaml.NodeEvent):
            value: Any = [] if isinstance(event, yaml.SequenceStartEvent) else {}
            if isinstance(event, yaml.ScalarEvent):
                value = texts.setdefault(event.value, event.value)
            if event.anchor is not None:
                anchors[event.anchor] = value
            frames[-1].add(value)
            if not isinstance(value, str):
                frames.append(_Frame(value))
                if len(frames) > MAX_DEPTH:
                    raise _TooDeepError
    return documents[0] if documents else None
