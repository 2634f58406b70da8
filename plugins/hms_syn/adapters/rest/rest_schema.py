"""What a schema of an OpenAPI document says plainly of an object: its names, and which of them must be there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from hms_syn.adapters import words
from hms_syn.adapters.rest.rest_document import is_no, is_yes, shown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from hms_syn.adapters.rest.rest_document import Document

_CHOICES = frozenset({"oneOf", "anyOf", "not", "if", "discriminator", "dependentSchemas", "$dynamicRef"})
"""Words after which other names may be meant than those beside them."""
MANY = 2_000
"""Names among which a similar one is looked for."""
_FEW, _LONG = 8, 100
_MOST_PARTS = 200
"""Of one schema: what is made of more is written to keep its reader busy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """The names of an object. ``is_closed`` allows no others; ``is_open`` says that there may be others."""

    names: Mapping[str, Any]
    required: tuple[str, ...]
    is_closed: bool
    is_open: bool


def fields(document: Document, schema: Any) -> Fields | None:
    """Return what a schema and all that it is made of (``allOf``, ``$ref``) say; None where there is a choice.

    :raises ValueError: as :meth:`Document.target` does
    """
    names: dict[str, Any] = {}
    required: dict[str, None] = {}
    parts = list(_parts(document, schema))
    if len(parts) == _MOST_PARTS or any(_CHOICES & part.keys() for part in parts):
        return None
    for part in parts:
        names.update({name: names.get(name, inner) for name, inner in _map(part, "properties").items()})
        listed = part.get("required")
        required.update((name, None) for name in (listed if isinstance(listed, list) else ()) if isinstance(name, str))
    more = [part["additionalProperties"] for part in parts if "additionalProperties" in part]
    is_whole = sum(1 for part in parts if "properties" in part) <= 1  # else each part forbids what the others name
    is_open = any(not is_no(each) for each in more) or any(_map(part, "patternProperties") for part in parts)
    is_closed = (is_whole and any(map(is_no, more))) or any(is_no(part.get("unevaluatedProperties")) for part in parts)
    return Fields(names=names, required=tuple(required), is_closed=is_closed and not is_open, is_open=is_open)


def sent(document: Document, found: Fields) -> Iterator[str]:
    """Yield the required names that a request has to hold: those that are not ``readOnly`` (OpenAPI 3.1, "Schema").

    :raises ValueError: as :meth:`Document.target` does
    """
    for name in found.required:
        inner = found.names.get(name)
        if not any(is_yes(part.get("readOnly")) for part in _parts(document, inner)):
            yield name


def unknown(document: Document, schema: Any, names: Iterable[str]) -> tuple[str, Collection[str]] | None:
    """Return the first name on a way into an object that its schema does not have, dotted, and those that it has.

    None where all are there, or where it cannot be said: after a list, a choice, or an object that may hold more.

    :raises ValueError: as :meth:`Document.target` does
    """
    way: list[str] = []
    for name in names:
        found = fields(document, schema)
        if found is None or not found.names:
            return None
        way.append(name)
        if name not in found.names:
            return None if found.is_open else (".".join(way), found.names)
        schema = found.names[name]
    return None


def hint(name: str, choices: Collection[str]) -> str:
    """Return how a sentence about an unknown name ends: with the one that was meant, or with all if they are few."""
    meant = near(name, choices)
    if meant is not None:
        return f"; did you mean {shown(meant)!r}?"
    return f"; there are: {quoted(choices)}." if 0 < len(choices) <= _FEW else "."


def near(name: str, choices: Iterable[str]) -> str | None:
    """Return the choice that was probably meant; it is looked for among so many that the search stays short."""
    some = [choice for choice in islice(choices, MANY) if len(choice) <= _LONG]
    return words.nearest(name, some) if len(name) <= _LONG else None


def quoted(names: Collection[str], *, last: str = ", ") -> str:
    """Return names as a sentence lists them, the first few by name; ``last`` stands before the last one.

    >>> quoted(["id", "name", "tag"], last=" and ")
    "'id', 'name' and 'tag'"
    """
    listed = [repr(shown(name)) for name in islice(names, _FEW)]
    listed += [f"{len(names) - _FEW} more"] if len(names) > _FEW else []
    return last.join([", ".join(listed[:-1]), listed[-1]] if listed[1:] else listed)


def _parts(document: Document, schema: Any) -> Iterator[Mapping[str, Any]]:
    """Yield a schema and what it is made of, each once, so that a circle ends."""
    waiting, seen = [schema], set[int]()
    while waiting and len(seen) < _MOST_PARTS:
        part = waiting.pop()
        if not isinstance(part, Mapping) or id(part) in seen:
            continue
        seen.add(id(part))
        yield part
        if isinstance(reference := part.get("$ref"), str):
            waiting.append(document.target(reference))
        if isinstance(made_of := part.get("allOf"), list):
            waiting += reversed(made_of)


def _map(part: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = part.get(key)
    return value if isinstance(value, Mapping) else {}
