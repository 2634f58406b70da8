"""One message of HL7 v2, written down: the header that is ours, and each value of the mapping at its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hms_syn import errors
from hms_syn.adapters import mapping
from hms_syn.adapters.hl7 import hl7_paths, hl7_tables, hl7_values
from hms_syn.adapters.hl7.hl7_text import OURS, escaped
from hms_syn.domain import expressions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hms_syn.adapters.hl7.hl7_paths import Place
    from hms_syn.domain.delivery import Delivery
    from hms_syn.domain.job_spec import Push

DEFAULT_VERSION = "2.5.1"
_CHARSET = 18
_PROCESSING = ("MSH", 1, 11, 1, 1, 1)
_SEPARATORS = (OURS.field, OURS.repetition, OURS.component, OURS.subcomponent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a job's messages are: their type, event, structure and version of HL7."""

    message_type: str
    event: str
    structure: str
    version: str

    @classmethod
    def of(cls, push: Push) -> Kind:
        """Return what ``push.request`` declares.

        :raises ValueError: it cannot be, with the reason
        """
        said = {name: str(value) for name, value in push.request.items()}
        version = said.get("version", DEFAULT_VERSION)
        if version not in hl7_tables.VERSIONS:
            raise ValueError(f"version: HL7 {version[:20]} is not known; there are: {', '.join(hl7_tables.VERSIONS)}")
        kind, event = said.get("message_type", ""), said.get("trigger_event", "")
        for name, word in (("message_type", kind), ("trigger_event", event)):
            if not (len(word) == 3 and word.isascii() and word.isalnum() and word.isupper()):  # noqa: PLR2004 - ADT, A01
                raise ValueError(f"{name}: write three capital letters and digits, such as ADT and A01")
        try:
            structure = hl7_tables.structure(version, said.get("message_structure", ""), kind, event)
        except ValueError as error:
            raise ValueError(f"message_structure: {error}") from None
        return cls(message_type=kind, event=event, structure=structure, version=version)


def build(kind: Kind, push: Push, message: Delivery) -> bytes:
    """Return the message without its frame, the same bytes on every attempt.

    :raises errors.UnmappablePayload: naming the place and the rule, where a value does not fit
    """
    declared = push.mapping
    fields = mapping.of_message(declared, message)
    placed: dict[Place, str] = {}
    for name, value in fields.items():
        said = f"Field {name!r}" if declared is not None else "A field that the payload names"
        try:
            found = dict(_placed(kind.version, name, value, is_fixed=_is_fixed(declared, name)))
        except ValueError as error:
            raise errors.UnmappablePayload(f"{said}: {error}.", code="hl7_field") from None
        if found.keys() & placed.keys():
            raise errors.UnmappablePayload(f"{said}: stands where another value stands.", code="hl7_field")
        placed.update(found)
    if declared is None:
        placed = _in_order(placed, kind)
    return _encoded({_PROCESSING: "P", **placed, **_header(kind, message)}, kind)


def _placed(version: str, name: str, value: Any, *, is_fixed: bool) -> Iterator[tuple[Place, str]]:
    """Yield each place with its text; a list goes into one repetition after the other."""
    path = hl7_paths.read(name)
    kind = hl7_tables.kind(version, path)
    values = value if isinstance(value, list | tuple) else [value]
    if len(values) > 1 and not (path.repetition is None and hl7_tables.repeats(version, path)):
        raise ValueError("takes one value and no list")
    for number, each in enumerate(values, path.repetition or 1):
        text = hl7_values.NULL if each == hl7_values.NULL and is_fixed else hl7_values.written(each, kind)
        if text == hl7_values.NULL and not is_fixed:
            raise ValueError("would empty the vendor's field: only the job file may say so, by a fixed text")
        yield path._replace(repetition=number).place, text if text == hl7_values.NULL else escaped(text)


def _in_order(placed: Mapping[Place, str], kind: Kind) -> dict[Place, str]:
    """Return what a payload names in the order of the message's structure: a queue keeps no order of names."""
    known = hl7_tables.order(kind.version, kind.structure or f"{kind.message_type}_{kind.event}")
    ranks = {name: rank for rank, name in reversed(list(enumerate(known)))}
    return dict(sorted(placed.items(), key=lambda each: (ranks.get(each[0][0], len(known)), each[0])))


def _is_fixed(declared: Mapping[str, Any] | None, name: str) -> bool:
    """Return True for a text that the job's author wrote, and no publisher."""
    return declared is not None and expressions.compiled(str(declared[name])).parsed["type"] == "literal"


def _header(kind: Kind, message: Delivery) -> dict[Place, str]:
    said = {
        (7, 1): hl7_values.written(message.published_at, "TS"),
        (9, 1): kind.message_type,
        (9, 2): kind.event,
        (10, 1): message.idempotency_key,
        (12, 1): kind.version,
    }
    if kind.structure:
        said[9, 3] = kind.structure
    if hl7_tables.has_field(kind.version, "MSH", _CHARSET):
        said[_CHARSET, 1] = "UNICODE UTF-8"
    return {("MSH", 1, field, 1, component, 1): text for (field, component), text in said.items()}


def _encoded(placed: Mapping[Place, str], kind: Kind) -> bytes:
    segments: dict[tuple[str, int], dict[tuple[int, ...], str]] = {("MSH", 1): {}}
    for (segment, occurrence, *rest), text in placed.items():
        segments.setdefault((segment, occurrence), {})[tuple(rest)] = text
    lines = [_segment(name, parts) for (name, _), parts in segments.items() if any(parts.values())]
    whole = "\r".join([*lines, ""])
    is_plain = not hl7_tables.has_field(kind.version, "MSH", _CHARSET)
    try:
        return whole.encode("ascii" if is_plain else "utf-8")
    except UnicodeError:
        what = f"HL7 {kind.version} carries ASCII only" if is_plain else "no proper text"
        raise errors.UnmappablePayload(f"This message holds a character that cannot be sent: {what}.") from None


def _segment(name: str, parts: Mapping[tuple[int, ...], str]) -> str:
    if name != "MSH":
        return f"{name}{OURS.field}{_joined(parts, _SEPARATORS)}"
    rest = {(place[0] - 2, *place[1:]): text for place, text in parts.items()}
    return f"{name}{''.join(OURS)}{OURS.field}{_joined(rest, _SEPARATORS)}"


def _joined(parts: Mapping[tuple[int, ...], str], separators: tuple[str, ...]) -> str:
    """Return texts by their places joined; of what is empty at the end nothing is written."""
    if not separators:
        return parts.get((), "")
    inner: dict[int, dict[tuple[int, ...], str]] = {}
    for (number, *rest), text in parts.items():
        inner.setdefault(number, {})[tuple(rest)] = text
    joined = {number: text for number, each in inner.items() if (text := _joined(each, separators[1:]))}
    return separators[0].join(joined.get(number, "") for number in range(1, max(joined, default=0) + 1))
