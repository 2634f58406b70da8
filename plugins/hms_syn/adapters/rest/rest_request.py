"""One declared request of a REST job, and what becomes of it for one message: its URL and its headers.

A value of a message fills a hole and changes nothing else: not which resource is meant, not which parameters there
are, not where a header ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from hms_syn import errors
from hms_syn.adapters import mapping, templates
from hms_syn.adapters.auth.fields import HEADER_VALUE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

KEY = "key"
"""The hole for the idempotency key; every other hole is a field of the message by the vendor's name."""
METHODS: Mapping[str, tuple[str, ...]] = {
    "push": ("POST", "PUT", "PATCH", "DELETE"),
    "find": ("GET",),
    "pull": ("GET",),
}
"""By side, the default first."""
BODILESS = "DELETE"
"""A method whose request has no use for a body (RFC 9110, 9.3.5); what it is about stands in its path."""
_DOTS = frozenset({".", ".."})


@dataclass(frozen=True, slots=True, kw_only=True)
class RestRequest:
    """``path`` is appended to the endpoint, whose own path and query are kept."""

    endpoint: str
    method: str
    path: str
    query: Mapping[str, Any]
    headers: Mapping[str, Any]

    @classmethod
    def of(cls, endpoint: str, declared: Mapping[str, Any], *, side: str) -> RestRequest:
        """Return what a job's ``request`` of one side declares, defaults filled in."""
        return cls(
            endpoint=endpoint,
            method=str(declared.get("method") or METHODS[side][0]),
            path=str(declared.get("path") or ""),
            query=declared.get("query") or {},
            headers=declared.get("headers") or {},
        )

    def url(self, fields: Mapping[str, Any], *, more: Mapping[str, Any] | None = None) -> str:
        """Return the URL for a message with these fields; ``more`` are parameters without holes.

        :raises errors.UnmappablePayload: naming the hole, where its value is empty or would lead elsewhere
        """
        base, _, own = self.endpoint.partition("?")
        path = templates.spliced(self.path, fields, _segment).removeprefix("/")
        place = f"{base.rstrip('/')}/{path}" if self.path else base
        asked = [*_parameters(self.query, fields), *_parameters(more or {}, {})]
        query = "&".join(part for part in (own, *asked) if part)
        return f"{place}?{query}" if query else place

    def lines(self, fields: Mapping[str, Any], own: Mapping[str, str]) -> dict[str, str]:
        """Return all headers for a message with these fields: ours, and the declared ones, which win.

        :raises errors.UnmappablePayload: naming the header, where a value is empty or no header can carry it
        """
        found: dict[str, str] = {}
        for name, value in self.headers.items():
            text = templates.spliced(mapping.text(value), fields, _something)
            if not HEADER_VALUE.fullmatch(text):
                raise errors.UnmappablePayload(f"Header {name!r}: what fills it cannot stand in a header.")
            found[str(name)] = text
        declared = {name.lower() for name in found}
        return {**{name: value for name, value in own.items() if name.lower() not in declared}, **found}


def _parameters(query: Mapping[str, Any], fields: Mapping[str, Any]) -> Iterator[str]:
    for name, value in query.items():
        for each in value if isinstance(value, list | tuple) else (value,):
            yield f"{_quoted(name, name)}={templates.spliced(_quoted_around(mapping.text(each)), fields, _quoted)}"


def _quoted_around(text: str) -> str:
    """Percent-encode a declared text, its holes left as they are."""
    return quote(text, safe="{}", errors="replace")


def _segment(name: str, value: str) -> str:
    if "/" in value or "\\" in value or not value.isprintable() or value in _DOTS:
        raise errors.UnmappablePayload(f"What this message has for {{{name}}} would lead to another path.")
    return _quoted(name, value)


def _quoted(name: str, value: str) -> str:
    try:
        return quote(_something(name, value), safe="")
    except UnicodeError:
        raise errors.UnmappablePayload(f"What this message has for {{{name}}} is no proper text.") from None


def _something(name: str, value: str) -> str:
    if not value.strip():
        raise errors.UnmappablePayload(f"What this message has for {{{name}}} is empty.")
    return value
