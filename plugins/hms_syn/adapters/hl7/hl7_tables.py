"""What each version of HL7 knows, by the tables of hl7apy (the extra ``hl7``): messages, segments, fields, types."""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from hms_syn import errors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hms_syn.adapters.hl7.hl7_paths import Hl7Path

VERSIONS = ("2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8", "2.8.1", "2.8.2")
_ANYTHING = "varies"
_TIME = "TS"
_OWN = "Z"
"""The first letter of what no standard knows: segments, messages and events that two parties agree on."""


def check_installed() -> None:
    """Return if the tables are here.

    :raises errors.ContractMismatch: they are not (``hl7_extra``)
    """
    if importlib.util.find_spec("hl7apy") is None:
        raise errors.ContractMismatch(
            "hl7.mllp.v1 needs the tables of HL7: install the extra with pip install 'hms-syn[hl7]'. Nothing was sent.",
            code="hl7_extra",
        )


@lru_cache(maxsize=4096)
def kind(version: str, path: Hl7Path) -> str:
    """Return the type of what stands at a place, such as ``DTM``; an empty text where no standard says.

    :raises ValueError: this version has no such place
    """
    field = _field(version, path)
    if field is None or field[2] == _ANYTHING:
        return ""
    component = _part(field, path.component, f"{path.segment}-{path.field}", "component")
    part = _part(component, path.subcomponent, f"{path.segment}-{path.field}.{path.component}", "subcomponent")
    return "" if part[2] is None else str(part[2])


@lru_cache(maxsize=4096)
def repeats(version: str, path: Hl7Path) -> bool:
    """Return True where a field may stand more than once.

    :raises ValueError: this version has no such field
    """
    field = _field(version, path)
    return field is None or _segments(version)[path.segment][path.field - 1][2][1] != 1


def structure(version: str, declared: str, message_type: str, event: str) -> str:
    """Return the message's structure, as declared or by its own name; empty where the version or a Z message has none.

    :raises ValueError: it has none of its own name, or none as declared
    """
    if not _has_structures(version):
        return ""
    known = _library(version).MESSAGES
    wanted = declared or f"{message_type}_{event}"
    if wanted in known or (declared and declared.startswith(_OWN)):
        return wanted
    if not declared and _OWN in (message_type[:1], event[:1]):
        return ""
    near = ", ".join(sorted(name for name in known if name.startswith(f"{message_type}_"))) or "none of this type"
    raise ValueError(f"HL7 {version} has no structure {wanted}; add 'message_structure', one of: {near}")


@lru_cache(maxsize=64)
def order(version: str, structure: str) -> tuple[str, ...]:
    """Return the segments of a message as its structure has them, groups and all; empty where it is not known."""
    known = _library(version).MESSAGES.get(structure)
    return tuple(_flat(known)) if known is not None else ()


def has_field(version: str, segment: str, number: int) -> bool:
    """Return True if this version's segment has so many fields."""
    return len(_segments(version)[segment]) >= number


def _field(version: str, path: Hl7Path) -> Any:
    """Return what hl7apy knows of a field, None for a segment of one's own."""
    if path.segment.startswith(_OWN):
        return None
    fields = _segments(version).get(path.segment)
    if fields is None:
        raise ValueError(f"HL7 {version} has no segment {path.segment}; one of your own begins with Z")
    if path.field <= len(fields):
        return fields[path.field - 1][1]
    if fields[-1][1][2] == _ANYTHING:
        return fields[-1][1]  # the fields of a query go on
    raise ValueError(f"{path.segment} has {len(fields)} fields in HL7 {version}")


def _part(whole: Any, number: int, name: str, noun: str) -> Any:
    if whole[2] == _TIME and number == 1:
        return ("leaf", None, _TIME)  # before 2.5 the tables call its first part a text
    parts = whole[1] if whole[0] == "sequence" else ()
    if number <= len(parts):
        return parts[number - 1][1]
    if number > 1:
        raise ValueError(f"{name} has {len(parts) or 'no'} {noun}s")
    return whole


def _flat(group: Any) -> Iterator[str]:
    for name, inner, _, kind in group[1]:
        if kind == "GRP":
            yield from _flat(inner)
        else:
            yield str(name)


def _has_structures(version: str) -> bool:
    """Return True where MSH-9 has a third component: from 2.3.1 on."""
    return len(_segments(version)["MSH"][8][1][1] or ()) > 2  # noqa: PLR2004 - type and event are the first two


@lru_cache(maxsize=16)
def _segments(version: str) -> Mapping[str, Any]:
    return {name: known[1] for name, known in _library(version).SEGMENTS.items() if known[0] == "sequence"}


def _library(version: str) -> Any:
    import hl7apy  # noqa: PLC0415 - the tables of a version are large, and other jobs need none

    return hl7apy.load_library(version)
