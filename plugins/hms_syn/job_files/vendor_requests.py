"""The keys of ``request`` that each of our own adapters understands; other adapters check theirs by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hms_syn.domain import endpoints
from hms_syn.job_files.findings import Finding, Path, unknown_key
from hms_syn.job_files.neighbours import document_misfit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PAGE = ("size", "after", "next")
_ANY = None
_REST: Mapping[str, tuple[str, ...] | None] = {
    "openapi": (), "method": (), "path": (), "headers": _ANY, "query": _ANY
}  # fmt: skip
_KEYS: Mapping[tuple[str, str], Mapping[str, tuple[str, ...] | None]] = {
    ("oracle.soap.v1", "push"): {"wsdl": (), "operation": (), "service": (), "port": ()},
    ("oracle.soap.v1", "pull"): dict.fromkeys(("wsdl", "operation", "service", "port", "records"), ())
    | {"page": _PAGE},
    ("oracle.soap.v1", "find"): {"operation": (), "arguments": _ANY},
    ("rest.json.v1", "push"): _REST,
    ("rest.json.v1", "pull"): {**_REST, "records": (), "page": _PAGE},
    ("rest.json.v1", "find"): _REST,
    ("sftp.csv.v1", "push"): {"folder": (), "file_name": ()},
    ("sftp.csv.v1", "pull"): {"folder": (), "pattern": ()},
    ("sftp.csv.v1", "find"): {},
    ("sql.table.v1", "push"): {"table": (), "call": (), "key": ()},
    ("sql.table.v1", "pull"): {"table": (), "select": (), "order_by": ()},
    ("sql.table.v1", "find"): {},
    ("fhir.r4.v1", "push"): {"resource": (), "interaction": ()},
    ("fhir.r4.v1", "pull"): {"resource": (), "query": _ANY},
    ("fhir.r4.v1", "find"): {"resource": (), "query": _ANY},
    ("hl7.mllp.v1", "push"): {"message_type": (), "trigger_event": (), "message_structure": (), "version": ()},
}
"""By adapter and way: each key with the keys of the map below it, none when it is text, ``_ANY`` for the vendor's."""
_REQUIRED: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("oracle.soap.v1", "find"): ("operation", "arguments"),
    ("hl7.mllp.v1", "push"): ("message_type", "trigger_event"),
}
_CHOICES: Mapping[tuple[str, str, str], tuple[str, ...]] = {
    ("rest.json.v1", "push", "method"): ("POST", "PUT", "PATCH", "DELETE"),
    ("rest.json.v1", "pull", "method"): ("GET",),
    ("rest.json.v1", "find", "method"): ("GET",),
}
"""Keys that take one of a few words."""
_INSTEAD: Mapping[tuple[str, str, str], str] = {("rest.json.v1", "pull", "page"): "link"}
"""A word that may stand where a map is known."""
DEDUPE_KEYS: Mapping[str, str] = {"fhir.r4.v1": "[resourceType, id || @, meta.versionId || meta.lastUpdated || @]"}
"""By adapter: what makes a record itself where a job does not say; ``@``, the whole record, stands in for a lack."""
_PLACES: Mapping[str, Path] = {"find": ("job", "push", "find", "request")}

SPEAKS_SQL = frozenset({"sql.table.v1"})
"""Adapters whose vendor is a database: their endpoint is one, and their cursor is a column and no parameter."""

KEEPS_ITS_PLACE = frozenset({"sftp.csv.v1"})
"""Adapters that know by themselves where a pull stands: their cursor has no field and no parameter."""

_NEEDS: Mapping[str, str] = {
    **dict.fromkeys(SPEAKS_SQL, endpoints.DATABASE),
    "hl7.mllp.v1": endpoints.MLLP,
    "sftp.csv.v1": endpoints.SFTP,
}
"""Adapters that do not speak HTTP, with the kind of endpoint they speak to."""
_NOUNS: Mapping[str, tuple[str, str]] = {
    endpoints.DATABASE: ("a database", "postgresql://host/database"),
    endpoints.MLLP: ("an MLLP address", "mllps://host:port"),
    endpoints.SFTP: ("an SFTP server", "sftp://host/folder"),
}
"""What each kind is called, and how one is written."""
_LACKS: Mapping[tuple[str, str], str] = {
    ("hl7.mllp.v1", "pull"): "hl7.mllp.v1 only pushes: MLLP has no question for records; take pull_adapter out",
    ("hl7.mllp.v1", "find"): "hl7.mllp.v1 cannot ask for a message: MLLP has no question; take find out",
}
"""By adapter and way: what it cannot do at all, and what to write instead."""


def endpoint_misfit(adapter: str, kind: str) -> str | None:
    """Return why one of our adapters cannot speak to an endpoint of this kind, or None."""
    needed = _NEEDS.get(adapter)
    if needed is not None:
        noun, example = _NOUNS[needed]
        return None if kind == needed else f"is not {noun}; {adapter} needs one, such as '{example}'"
    is_ours = any(adapter == known for known, _ in _KEYS)
    return f"is {_NOUNS[kind][0]}; {adapter} does not speak to one" if is_ours and kind in _NOUNS else None


def lack(adapter: str | None, way: str) -> str | None:
    """Return that an adapter has no such way, where that is so; ``way`` is pull or find."""
    return _LACKS.get((adapter or "", way))


def request_findings(adapter: str | None, way: str, request: Mapping[str, Any]) -> Iterator[Finding]:
    """Return what ``adapter`` does not understand of this request; ``way`` is push, pull or find."""
    known = _KEYS.get((adapter or "", way))
    if known is None:
        return
    here = _PLACES.get(way, ("job", way, "request"))
    for key in _REQUIRED.get((adapter or "", way), ()):
        if key not in request:
            yield Finding(path=(*here, key), text="is missing; add it")
    for key, value in request.items():
        if key not in known:
            yield Finding(path=(*here, key), text=unknown_key(key, known), at_key=True)
        else:
            yield from _misfit((*here, key), value, known[key], (adapter or "", way, key))


def _misfit(path: Path, value: object, inner: tuple[str, ...] | None, place: tuple[str, str, str]) -> Iterator[Finding]:
    word = _INSTEAD.get(place)
    if place in _CHOICES:
        if value not in _CHOICES[place]:
            yield Finding(path=path, text=f"write {' or '.join(_CHOICES[place])}")
    elif inner is _ANY:
        if not isinstance(value, dict):
            yield Finding(path=path, text="is not a map; write the vendor's fields below it")
    elif inner:
        if word is None or value != word:
            yield from _inner(path, value, inner, word)
    elif not isinstance(value, str):
        yield Finding(path=path, text="is not text; write text, in quotes if it looks like a number")
    elif path[-1] == "openapi" and (misfit := document_misfit(value)):
        yield Finding(path=path, text=misfit)


def _inner(path: Path, value: object, known: tuple[str, ...], word: str | None) -> Iterator[Finding]:
    if not isinstance(value, dict):
        text = f"is not a map; write {', '.join(known)} below it"
        yield Finding(path=path, text=f"{text}, or the word {word}" if word else text)
        return
    for key, item in value.items():
        if key not in known:
            yield Finding(path=(*path, key), text=unknown_key(key, known), at_key=True)
        elif not isinstance(item, str):
            yield Finding(path=(*path, key), text="is not text; write the name of the vendor's field")
