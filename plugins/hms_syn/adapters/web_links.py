"""The ``Link`` header of RFC 8288: where a list goes on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINK = re.compile(r"\s*<([^<>\s]*)>((?:\s*;\s*[^\s;,=\"]+(?:\s*=\s*(?:\"(?:[^\"\\]|\\.)*\"|[^\s;,\"]*))?)*)\s*(?:,|$)")
_PARAMETER = re.compile(r";\s*([^\s;,=\"]+)\s*(?:=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^\s;,\"]*)))?")


def targets(header: str, relation: str) -> list[str]:
    """Return the targets of all links of this relation, as they are written.

    Only the first ``rel`` of a link counts (section 3.3), and a link with an ``anchor`` is about something else.

    :raises ValueError: the header is no list of links

    >>> targets('<https://x/p?page=2>; rel="next", <https://x/p?page=9>; rel="last"', "next")
    ['https://x/p?page=2']
    """
    return [target for target, relations in _links(header) if relation in relations]


def _links(header: str) -> Iterator[tuple[str, list[str]]]:
    place = 0
    while header[place:].strip(" \t,"):
        place += len(header[place:]) - len(header[place:].lstrip(" \t,"))
        found = _LINK.match(header, place)
        if found is None:
            raise ValueError("no list of links")
        place = found.end()
        given: dict[str, str] = {}
        for name, quoted, plain in _PARAMETER.findall(found[2]):
            given.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", quoted) or plain)
        if "anchor" not in given:
            yield found[1], given.get("rel", "").lower().split()
