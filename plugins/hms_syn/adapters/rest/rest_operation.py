"""Which operation of an OpenAPI document a job's request means: its path by whole segments, then its method."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from hms_syn.adapters.rest import rest_schema
from hms_syn.adapters.rest.rest_document import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hms_syn.adapters.rest.rest_document import Document
    from hms_syn.adapters.rest.rest_request import RestRequest

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_HOLE = re.compile(r"\{[^{}]*\}")
_FILLED = "\0"
"""What stands in for a hole: no text of a document is that."""


class UnknownOperationError(Exception):
    """The document has no such path, or no such method there; ``key`` of the request is what to correct."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(text)
        self.key = key


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one documented path, with what the path says for all of its methods."""

    document: Document
    method: str
    path: str
    item: Mapping[str, Any]
    spec: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {shown(self.path)}"

    def parameters(self, place: str) -> dict[str, Mapping[str, Any]]:
        """Return the parameters in the ``query`` or ``header``; the method's own replace those of the path.

        :raises ValueError: as :meth:`Document.target` does
        """
        found: dict[str, Mapping[str, Any]] = {}
        for declared in (self.item.get("parameters"), self.spec.get("parameters")):
            for each in declared if isinstance(declared, list) else ():
                parameter = self.document.part(each)
                name = parameter.get("name")
                if isinstance(name, str) and parameter.get("in") == place:
                    found[name] = parameter
        return found


def operation(document: Document, request: RestRequest) -> Operation:
    """Return the operation that a request means.

    :raises UnknownOperationError: there is none · :raises ValueError: as :meth:`Document.target` does
    """
    paths = document.root.get("paths")
    documented = [path for path in paths if path.startswith("/")] if isinstance(paths, Mapping) else []
    own = _segments(request.path)
    address = [*_segments(urlsplit(request.endpoint).path), *own]
    fitting = [path for path in documented if _fits(_segments(path), address, own)]
    if not fitting:
        raise UnknownOperationError("path", f"{document.name!r} has no such path{_nearest(request.path, documented)}")
    path = max(fitting, key=_concreteness)
    item = document.part(paths[path]) if isinstance(paths, Mapping) else {}
    spec = item.get(request.method.lower())
    if not isinstance(spec, Mapping):
        there = ", ".join(method.upper() for method in _METHODS if isinstance(item.get(method), Mapping)) or "none"
        raise UnknownOperationError("method", f"{shown(path)!r} does not take {request.method}, but: {there}.")
    return Operation(document=document, method=request.method, path=path, item=item, spec=spec)


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]


def _fits(documented: list[str], address: list[str], own: list[str]) -> bool:
    """Return whether an address ends with a documented path.

    What stands before is the server's or a gateway's, and another in production than in a test. A path of nothing but
    templates would fit any address: it has to be all that the job itself declares.
    """
    if len(documented) > len(address) or (len(documented) < len(own) and all(map(_HOLE.search, documented))):
        return False
    tail = address[len(address) - len(documented) :]
    return all(_is_same(there, here) for there, here in zip(documented, tail, strict=True))


def _is_same(documented: str, segment: str) -> bool:
    """Return whether a segment is the documented one, or what may stand in for its template."""
    given = unquote(_HOLE.sub(_FILLED, segment))
    holes = list(_HOLE.finditer(documented))
    if not holes:
        return unquote(documented) == given
    before, after = documented[: holes[0].start()], documented[holes[-1].end() :]
    return len(given) > len(before) + len(after) and given.startswith(before) and given.endswith(after)


def _concreteness(path: str) -> tuple[int, int, list[bool]]:
    """Return what is greater for the path that says more (OpenAPI 3.1, "Path Templating Matching")."""
    concrete = [not _HOLE.search(segment) for segment in _segments(path)]
    return sum(concrete), sum(concrete) - len(concrete), concrete


def _nearest(path: str, documented: list[str]) -> str:
    """Return how the sentence about an unknown path ends; the names of holes make no difference."""
    by_shape = {_HOLE.sub("{}", each): each for each in islice(documented, rest_schema.MANY)}
    shape = rest_schema.near(_HOLE.sub("{}", f"/{path.lstrip('/')}"), by_shape)
    if shape is not None:
        return f"; did you mean {shown(by_shape[shape])!r}?"
    return rest_schema.hint("", documented)


def media_types(node: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each type of content of a body or an answer, without its parameters, with what is said of it."""
    content = node.get("content")
    for name, media in content.items() if isinstance(content, Mapping) else ():
        yield name.partition(";")[0].strip().lower(), media if isinstance(media, Mapping) else {}
