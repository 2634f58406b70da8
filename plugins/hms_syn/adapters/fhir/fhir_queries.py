"""The query of a search as a URL carries it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from hms_syn.adapters import mapping

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def encoded(query: Mapping[str, Any]) -> str:
    """Return the query, escaped; a list asks for all of its values, each by itself.

    >>> encoded({"status": "booked", "date": ["ge2024-09-02", "lt2024-10-01"]})
    'status=booked&date=ge2024-09-02&date=lt2024-10-01'
    """
    return urlencode(list(_pairs(query)), quote_via=quote)


def _pairs(query: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in query.items():
        for each in value if isinstance(value, list | tuple) else [value]:
            yield str(name), mapping.text(each)
