"""Asking a SOAP vendor for one message: which operation, with what, and what the record it answers proves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import jmespath
from zeep import xsd

from hms_syn import errors
from hms_syn.adapters import find_answers, mapping, templates, words
from hms_syn.adapters.soap import soap_inference, soap_proof, soap_shape, soap_values
from hms_syn.adapters.soap.soap_shape import Field

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hms_syn.adapters.soap.soap_shape import Shape
    from hms_syn.domain.ack import Ack
    from hms_syn.domain.job_spec import Push

KEY = "key"
"""The hole for the idempotency key; every other hole is a field of the message by the vendor's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A job's ``push.find`` as it fits the vendor's contract.

    ``record`` is the fields of what it finds, None where they cannot be seen before; ``echoes`` is what we told the
    vendor ourselves, which proves nothing when it comes back.
    """

    shape: Shape
    echoes: tuple[Field, ...]
    arguments: Mapping[str, Any]
    match: str
    success: Mapping[str, Any]
    ack: Mapping[str, str]
    record: tuple[Field, ...] | None

    def filled(self, fields: Mapping[str, Any], *, key: str) -> dict[str, Any]:
        """Return the operation's arguments for one message, checked against their types.

        :raises errors.UnmappablePayload: the message lacks a field, or it does not fit
        """
        return soap_values.to_xml(self.shape.inputs, templates.filled(self.arguments, {**fields, KEY: key}))

    def read(self, answer: Mapping[str, Any]) -> Ack | None:
        """Return the receipt in the record, or None where the answer holds no record.

        :raises errors.OutcomeUnknown: there is something, and it is no proof · :raises errors.VendorRefused: a no
        """
        found = find_answers.only(self.match, answer)
        if _is_empty(found):
            return None
        if not isinstance(found, Mapping):
            raise find_answers.no_record()
        record = replace(self.shape, inputs=self.echoes, outputs=self.record or _fields_of(found))
        return soap_proof.prove(found, record, success=self.success, ack=self.ack)


def question(push: Push, shapes: Sequence[Shape], asked: Shape) -> Question:
    """Return what this job asks about messages that went out as ``asked``.

    :raises errors.ContractMismatch: saying everything that does not fit
    """
    wrong = [f"'push.find.{key}': {text}" for key, text in problems(push, shapes, asked)]
    if wrong:
        raise errors.ContractMismatch("\n".join(wrong))
    shape, find = _named(push, shapes), _declared(push)
    return Question(
        shape=shape,
        echoes=_told(shape, asked),
        arguments=soap_inference.unwrapped(shape, _arguments(push)),
        match=str(find["match"]),
        success=find.get("success") or {},
        ack=push.ack,
        record=_record(shape, str(find["match"])),
    )


def problems(push: Push, shapes: Sequence[Shape], asked: Shape | None) -> Iterator[tuple[str, str]]:
    """Yield (key below ``push.find``, what is wrong and what to do); ``asked`` None where only a message decides."""
    try:
        shape = _named(push, shapes)
    except errors.ContractMismatch as error:
        yield "request.operation", str(error)
        return
    for text in (*_misfits(shape, push), *_wrong_holes(push, asked)):
        yield "request.arguments", text
    match = str(_declared(push).get("match") or "")
    try:
        mapping.check_expressions({"match": match}, key="push.find")
        record = _record(shape, match)
        if record is not None:
            _check_proof(replace(shape, inputs=_told(shape, asked), outputs=record), match, push.ack)
        elif "reference" not in push.ack:
            yield "match", "it is not seen where this leads; say with 'push.ack.reference' where the receipt stands."
    except errors.ContractMismatch as error:
        yield "match", str(error)


def _declared(push: Push) -> Mapping[str, Any]:
    return push.find or {}


def _arguments(push: Push) -> Mapping[str, Any]:
    declared = (_declared(push).get("request") or {}).get("arguments")
    return declared if isinstance(declared, Mapping) else {}


def _named(push: Push, shapes: Sequence[Shape]) -> Shape:
    name = str((_declared(push).get("request") or {}).get("operation") or "")
    return soap_inference.named(shapes, name, side="push.find")


def _told(shape: Shape, asked: Shape | None) -> tuple[Field, ...]:
    """Return what the vendor has from us by asking, and by the message itself; the same field once."""
    inputs = (*(asked.inputs if asked else ()), *shape.inputs)
    return tuple({words.split(field.name): field for field in inputs}.values())


def _misfits(shape: Shape, push: Push) -> Iterator[str]:
    fit = soap_values.Fit(shape.inputs, soap_inference.unwrapped(shape, _arguments(push)), ())
    for name in fit.extra:
        yield f"{shape.name} has no input {name!r}; it is {shape}."
    for name in fit.missing:
        yield f"{shape.name} requires {name!r}; add it."


def _wrong_holes(push: Push, asked: Shape | None) -> Iterator[str]:
    arguments = _arguments(push)
    for text in templates.stray_braces(arguments):
        yield f"{text!r} has a brace that is no {{name}}; write {{{KEY}}} or a field of the message."
    names = list(templates.holes(arguments))
    if not names:
        yield f"this asks the same for every message; put {{{KEY}}} or a field of the message into an argument."
    if asked is None:
        return
    known = {field.name for field in asked.inputs}
    if push.mapping is not None:
        declared = soap_inference.unwrapped(asked, push.mapping)
        known = set(soap_values.Fit(asked.inputs, declared, ()).pairs)
    for name in names:
        if name.partition(".")[0] not in known | {KEY}:
            choices = ", ".join(f"{{{choice}}}" for choice in (KEY, *sorted(known)))
            yield f"{{{name}}} is no field that is sent to {asked.name}; there are: {choices}."


def _record(shape: Shape, match: str) -> tuple[Field, ...] | None:
    """Return the fields of the record that ``match`` leads to, or None where it does more than lead there.

    :raises errors.ContractMismatch: it leads nowhere, or to a simple value
    """
    path = _path(jmespath.compile(match).parsed)
    if path is None:
        return None
    found = soap_shape.inside(shape.outputs, path)
    if found:
        return found
    where = "to a simple value, not to a record" if found is not None else "nowhere"
    raise errors.ContractMismatch(f"{match!r} leads {where}; it is {shape}.")


def _path(node: Mapping[str, Any]) -> list[str] | None:
    """Return the names a JMESPath goes through, or None where it is more than a path to one place."""
    kind, children = node["type"], node["children"]
    if kind in ("current", "identity"):
        return []
    if kind == "field":
        return [node["value"]]
    if kind in ("subexpression", "projection"):
        left, right = _path(children[0]), _path(children[1])
        return None if left is None or right is None else left + right
    return _path(children[0]) if kind in ("index_expression", "flatten") else None


def _check_proof(record: Shape, match: str, ack: Mapping[str, str]) -> None:
    if "reference" not in ack:
        soap_proof.reference_leaf(record)
        return
    path = _path(jmespath.compile(ack["reference"]).parsed)
    if path is not None and soap_shape.inside(record.outputs, path) is None:
        renamed = "<field>"
        for name in reversed(path):
            renamed = f"{{{name}: {renamed}}}"
        raise errors.ContractMismatch(
            f"the record has no {ack['reference']!r}, where 'push.ack.reference' looks for it; rename one of its "
            f'fields with "{match}.{renamed}". It has: {", ".join(map(str, record.outputs))}.'
        )


def _fields_of(record: Mapping[str, Any]) -> tuple[Field, ...]:
    """Return the fields of a record that was renamed on the way, so that its status is still looked at."""
    text = xsd.String()  # type: ignore[no-untyped-call]
    return tuple(Field(name=str(name), type=text, required=False) for name in record)


def _is_empty(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(_is_empty(item) for item in value.values())
    return value is None or value in ("", [])
