"""A vendor's operations as we look at them: names, fields and types, taken from the parsed WSDL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from lxml import etree
from zeep import xsd
from zeep.wsdl.messages import RpcMessage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from zeep.wsdl.bindings.soap import SoapBinding, SoapOperation

_DEEPEST = 6
"""Types may contain themselves; nobody maps fields below this depth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One element or attribute; ``fields`` is what it contains, and is empty for a simple value."""

    name: str
    type: Any
    required: bool
    repeated: bool = False
    nillable: bool = False
    fields: tuple[Field, ...] = ()

    def __str__(self) -> str:
        inner = f"{{{', '.join(map(str, self.fields))}}}" if self.fields else _type_name(self.type)
        return f"{self.name}: {inner}{'[]' if self.repeated else ''}{'' if self.required else '?'}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shape:
    """One operation, the same only as itself. ``wrapper`` is the one complex element around its inputs, if any."""

    name: str
    inputs: tuple[Field, ...]
    wrapper: str | None
    outputs: tuple[Field, ...]
    answers: frozenset[str]
    operation: SoapOperation

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.inputs))}) -> ({', '.join(map(str, self.outputs))})"

    @property
    def envelope_namespace(self) -> str:
        """Namespace of the SOAP version this operation is bound to."""
        return str(self.operation.binding.nsmap["soap-env"])

    @property
    def action(self) -> str:
        """What WS-Addressing calls this operation."""
        abstract = self.operation.abstract
        port = self.operation.binding.port_name
        declared = getattr(abstract, "wsa_action", None) or self.operation.soapaction
        return str(declared or f"{(port.namespace or '').rstrip('/')}/{port.localname}/{self.name}Request")


def shapes(binding: SoapBinding) -> list[Shape]:
    """Return the binding's operations that ask one thing and answer one thing, by name."""
    operations = cast("Mapping[str, SoapOperation]", binding._operations)  # noqa: SLF001 - all() is untyped
    return [_shape(operation) for _, operation in sorted(operations.items()) if _has_two_sides(operation)]


def leaves(fields: tuple[Field, ...], prefix: str = "") -> Iterator[tuple[str, Field]]:
    """Yield (path, field) for each simple value that stands once, as JMESPath would reach it."""
    for field in fields:
        if field.repeated:
            continue
        if field.fields:
            yield from leaves(field.fields, f"{prefix}{field.name}.")
        else:
            yield prefix + field.name, field


def repeated(fields: tuple[Field, ...], prefix: str = "") -> Iterator[tuple[str, Field]]:
    """Yield (path, field) for each outermost element that may stand more than once."""
    for field in fields:
        if field.repeated:
            yield prefix + field.name, field
        elif field.fields:
            yield from repeated(field.fields, f"{prefix}{field.name}.")


def inside(fields: tuple[Field, ...], path: Sequence[str]) -> tuple[Field, ...] | None:
    """Return the fields of what a path leads to: none for a simple value, None where it leads nowhere.

    The name of a single outer element may be left out, as in an answer's JSON.
    """
    if not path:
        return fields
    found = next((field for field in fields if field.name == path[0]), None)
    if found is not None:
        return inside(found.fields, path[1:])
    return inside(fields[0].fields, path) if len(fields) == 1 and fields[0].fields else None


def is_open(type_: Any, fields: tuple[Field, ...]) -> bool:
    """Return True where values may stand that are not among these ``fields``: any content, or types too deep for us."""
    if isinstance(type_, xsd.ComplexType):
        return not fields or any(isinstance(part, xsd.Any) for _, part in type_.elements)
    return not isinstance(type_, xsd.AnySimpleType)


def _has_two_sides(operation: SoapOperation) -> bool:
    """Return True unless a side is missing or is a body of several parts, for which zeep has no public name."""
    sides: tuple[Any, Any] = (operation.input, operation.output)
    return all(
        side is not None and side.body is not None and not side._is_body_wrapped  # noqa: SLF001 - zeep has no other word
        for side in sides
    )


def _shape(operation: SoapOperation) -> Shape:
    asked, answered = cast("Any", operation.input), cast("Any", operation.output)
    inputs = _fields(asked.body.type, depth=0)
    wrapper = None
    if len(inputs) == 1 and inputs[0].fields and not inputs[0].repeated:
        wrapper, inputs = inputs[0].name, inputs[0].fields
    answer = answered.body
    outputs = _fields(answer.type, depth=0)
    if isinstance(answer.type, xsd.AnySimpleType):
        outputs = (Field(name=answer.name, type=answer.type, required=True),)
    tags = {answer.qname.text}
    if isinstance(answered, RpcMessage):
        # The message's name is what the WSDL says; the operation's with "Response" is what WS-I says and most send.
        tags.add(etree.QName(answer.qname.namespace, f"{operation.name}Response").text)
    return Shape(
        name=operation.name,
        inputs=inputs,
        wrapper=wrapper,
        outputs=outputs,
        answers=frozenset(tags),
        operation=operation,
    )


def _fields(type_: Any, *, depth: int) -> tuple[Field, ...]:
    if not isinstance(type_, xsd.ComplexType) or depth > _DEEPEST:
        return ()
    found = [
        Field(name=name, type=attribute.type, required=bool(attribute.required))
        for name, attribute in type_.attributes
        if getattr(attribute, "type", None) is not None and attribute.name
    ]
    for _, part in type_.elements_nested:
        found.extend(_walk(part, optional=False, repeated=False, depth=depth))
    return tuple(found)


def _walk(part: Any, *, optional: bool, repeated: bool, depth: int) -> Iterator[Field]:
    """Yield the fields of an element or of a sequence, choice or group of them."""
    optional = optional or part.min_occurs == 0
    repeated = repeated or bool(part.accepts_multiple)
    if isinstance(part, xsd.Element):
        yield Field(
            name=part.attr_name,
            type=part.type,
            required=not optional,
            repeated=repeated,
            nillable=bool(part.nillable),
            fields=_fields(part.type, depth=depth + 1),
        )
    elif isinstance(part, xsd.Group):
        yield from _walk(part.child, optional=optional, repeated=repeated, depth=depth)
    elif not isinstance(part, xsd.Any):
        for child in part:
            inner = optional or isinstance(part, xsd.Choice)
            yield from _walk(child, optional=inner, repeated=repeated, depth=depth)


def _type_name(type_: Any) -> str:
    return str(getattr(getattr(type_, "qname", None), "localname", None) or type(type_).__name__)
