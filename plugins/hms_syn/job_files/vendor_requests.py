"""The keys of ``request`` that each of our own adapters understands; other adapters check theirs by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hms_syn.job_files.findings import Finding, Path, unknown_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PAGE = ("size", "after", "next")
_KEYS: Mapping[tuple[str, str], Mapping[str, tuple[str, ...]]] = {
    ("oracle.soap.v1", "push"): {"wsdl": (), "operation": (), "service": (), "port": ()},
    ("oracle.soap.v1", "pull"): {"wsdl": (), "operation": (), "records": (), "page": _PAGE},
}
"""By adapter and way: each key with the keys of the map below it, or none when it is text."""


def request_findings(adapter: str | None, way: str, request: Mapping[str, Any]) -> Iterator[Finding]:
    """Return what ``adapter`` does not understand of this request."""
    known = _KEYS.get((adapter or "", way))
    if known is None:
        return
    here: Path = ("job", way, "request")
    for key, value in request.items():
        if key not in known:
            yield Finding(path=(*here, key), text=unknown_key(key, known), at_key=True)
        elif known[key]:
            yield from _inner((*here, key), value, known[key])
        elif not isinstance(value, str):
            yield Finding(path=(*here, key), text="is not text; write text, in quotes if it looks like a number")


def _inner(path: Path, value: object, known: tuple[str, ...]) -> Iterator[Finding]:
    if not isinstance(value, dict):
        yield Finding(path=path, text=f"is not a map; write {', '.join(known)} below it")
        return
    for key, item in value.items():
        if key not in known:
            yield Finding(path=(*path, key), text=unknown_key(key, known), at_key=True)
        elif not isinstance(item, str):
            yield Finding(path=(*path, key), text="is not text; write the name of the vendor's field")
