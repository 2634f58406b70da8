"""One acknowledgment as a document that ``success`` and ``ack`` read; what is no whole one proves nothing."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hms_syn import errors
from hms_syn.adapters.hl7.hl7_text import Delimiters, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LINE_ENDS = re.compile(r"[\r\n]+")
_NAME = re.compile(r"[A-Z][A-Z0-9]{2}")
NO = ("AE", "CE", "AR", "CR")
"""Codes of table 0008 that say no: an error, or a rejection."""
_WARNINGS = frozenset({"I", "W"})
_NO_ERROR = frozenset({"", "0"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an acknowledgment says: its code, whose it is, and its errors by their numbers in table 0357.

    ``document`` has the first segment of each name: ``MSA_1`` is a field, ``ERR_3_1`` a component of one.
    """

    code: str
    control_id: str
    errors: tuple[str, ...]
    document: Mapping[str, str]


def read(block: bytes) -> Answer:
    """Return an acknowledgment as it was read between the marks of MLLP.

    A text that is not UTF-8 is read as far as it is: nothing but delimiters and codes decides.

    :raises errors.OutcomeUnknown: it is none (``bad_hl7``); the error has its length and digest, and no word of it
    """
    try:
        return _read(block.decode("utf-8", "replace"))
    except ValueError:
        digest = hashlib.sha256(block).hexdigest()[:16]
        raise errors.OutcomeUnknown(
            f"The engine's answer is no acknowledgment of HL7 ({len(block)} bytes, sha256 {digest}).", code="bad_hl7"
        ) from None


def _read(text: str) -> Answer:
    lines = [line for line in _LINE_ENDS.split(text) if line]
    if not lines or not lines[0].startswith("MSH"):
        raise ValueError("the first segment is not MSH")
    signs = Delimiters.of(lines[0])
    segments = [_fields(line, signs) for line in lines]
    names = [fields[0] for fields in segments]
    if not all(map(_NAME.fullmatch, names)) or names.count("MSH") != 1 or names.count("MSA") != 1:
        raise ValueError("it has segments without a name, or not one MSH and one MSA")
    document: dict[str, str] = {}
    for name, fields in zip(names, segments, strict=True):
        if names.index(name) == segments.index(fields):
            document.update(_named(name, fields, signs))
    return Answer(
        code=document.get("MSA_1", ""),
        control_id=document.get("MSA_2", ""),
        errors=tuple(_errors(segments, signs)),
        document=document,
    )


def _fields(line: str, signs: Delimiters) -> list[str]:
    """Return a segment's name and fields, each at its number; MSH-1 is the sign between them."""
    if not line.startswith("MSH"):
        return line.split(signs.field)
    name, *fields = line.split(signs.field)
    return [name, signs.field, *fields]


def _named(name: str, fields: list[str], signs: Delimiters) -> Iterator[tuple[str, str]]:
    for number, field in enumerate(fields[1:], 1):
        if name == "MSH" and number <= 2:  # noqa: PLR2004 - the signs themselves
            continue
        parts = field.split(signs.repetition)[0].split(signs.component)
        for place, part in enumerate(parts, 1):
            value = plain(part.split(signs.subcomponent)[0], signs).strip()
            if value and place == 1:
                yield f"{name}_{number}", value
            if value and len(parts) > 1:
                yield f"{name}_{number}_{place}", value


def _errors(segments: list[list[str]], signs: Delimiters) -> Iterator[str]:
    """Yield the code of each error: ERR-3 from 2.5 on, ERR-1.4 before, MSA-6, or a bare number in MSA-3 of a no."""
    for fields in segments:
        padded = [*fields, *[""] * 7]
        if fields[0] == "ERR" and padded[4].upper() not in _WARNINGS:
            old = [_part(each, 4, signs).split(signs.subcomponent)[0] for each in padded[1].split(signs.repetition)]
            yield from (code for code in (_part(padded[3], 1, signs), *old) if code not in _NO_ERROR)
        if fields[0] == "MSA":
            text = padded[3].strip() if padded[1].strip() in NO else ""
            found = (_part(padded[6], 1, signs), text if re.fullmatch("[12][0-9]{2}", text) else "")
            yield from (code for code in found if code not in _NO_ERROR)


def _part(field: str, number: int, signs: Delimiters) -> str:
    parts = field.split(signs.repetition, maxsplit=1)[0].split(signs.component)
    return parts[number - 1].strip() if len(parts) >= number else ""
