"""Values with holes, such as ``urn:uuid:{key}``, filled in from a message's fields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hms_syn import errors
from hms_syn.adapters import mapping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_HOLE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z_][A-Za-z0-9_-]*)*)\}")


def holes(template: Any) -> Iterator[str]:
    """Yield the name in each hole, also of texts inside maps and lists.

    >>> list(holes({"id": "urn:uuid:{key}", "limit": 1, "cases": ["{case.number}"]}))
    ['key', 'case.number']
    """
    for text in _texts(template):
        yield from _HOLE.findall(text)


def stray_braces(template: Any) -> list[str]:
    """Return the texts with a brace that belongs to no hole: nearly always a hole that was mistyped.

    >>> stray_braces({"id": "{key", "case": "{caseId}"})
    ['{key']
    """
    return [text for text in _texts(template) if set("{}") & set(_HOLE.sub("", text))]


def filled(template: Any, fields: Mapping[str, Any]) -> Any:
    """Return the template with every hole filled; a text that is one hole becomes the field's own value.

    :raises errors.UnmappablePayload: naming the hole, where the message has nothing for it

    >>> filled({"id": "urn:uuid:{key}", "room": "{case.room}"}, {"key": "6f1d", "case": {"room": 4}})
    {'id': 'urn:uuid:6f1d', 'room': 4}
    """
    if isinstance(template, Mapping):
        return {name: filled(value, fields) for name, value in template.items()}
    if isinstance(template, list | tuple):
        return [filled(value, fields) for value in template]
    if not isinstance(template, str):
        return template
    whole = _HOLE.fullmatch(template)
    return _value(whole[1], fields) if whole else _HOLE.sub(lambda hole: _text(hole[1], fields), template)


def spliced(text: str, fields: Mapping[str, Any], write: Callable[[str, str], str]) -> str:
    """Return the text with every hole filled by what ``write`` makes of the hole's name and its value as text.

    :raises errors.UnmappablePayload: naming the hole, where the message has nothing for it, or no single value

    >>> spliced("/cases/{case.number}", {"case": {"number": "7/A"}}, lambda name, value: value.replace("/", "%2F"))
    '/cases/7%2FA'
    """
    return _HOLE.sub(lambda hole: write(hole[1], _text(hole[1], fields)), text)


def _texts(template: Any) -> Iterator[str]:
    if isinstance(template, str):
        yield template
    elif isinstance(template, Mapping):
        for value in template.values():
            yield from _texts(value)
    elif isinstance(template, list | tuple):
        for value in template:
            yield from _texts(value)


def _value(name: str, fields: Mapping[str, Any]) -> Any:
    value: Any = fields
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if value is None:
        raise errors.UnmappablePayload(f"This message has nothing for {{{name}}}.")
    return value


def _text(name: str, fields: Mapping[str, Any]) -> str:
    value = _value(name, fields)
    if isinstance(value, Mapping | list):
        raise errors.UnmappablePayload(f"What this message has for {{{name}}} is no single value.")
    return mapping.text(value)
