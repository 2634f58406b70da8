"""Where a JMESPath leads in an operation's answer, seen in the WSDL before there is an answer.

XML leaves an empty list out, so at run time a path that fits nothing looks like "nothing new". What JMESPath can do and
is not followed here, a function or a map made on the way, is taken to fit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from jmespath.exceptions import JMESPathError

from hms_syn import errors
from hms_syn.adapters.soap import soap_shape
from hms_syn.domain import expressions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hms_syn.adapters.soap.soap_shape import Field, Shape
    from hms_syn.domain.job_spec import Pull


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What stands somewhere in an answer: ``fields`` of a map, none for a simple value; ``is_open`` holds more."""

    fields: tuple[Field, ...] = ()
    is_open: bool = False
    is_list: bool = False


Place: TypeAlias = "Value | None"
"""None is nothing: no answer can have anything there."""
CURSOR = "cursor.field"
"""What an answer's WSDL may not tell: a record may be of a type derived from the declared one."""
_ANY = Value(is_open=True)


def problems(pull: Pull, shape: Shape, records: str, paging: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (key below ``pull``, what is wrong and what to do) for each path that can find nothing in the answer."""
    lists = " or ".join(repr(path) for path, _ in soap_shape.repeated(shape.outputs)) or "(it has none)"
    answer = _answer(shape)
    found = _found(records, answer)
    if found is None:
        yield (
            "request.records",
            f"{records!r} finds nothing in any answer of {shape.name}; its lists are {lists}. It is {shape}.",
        )
    following = paging.get("next")
    if isinstance(following, str) and _found(following, answer) is None:
        yield (
            "request.page.next",
            f"{following!r} finds nothing in any answer of {shape.name}, so that only the first page would be read. "
            f"It is {shape}.",
        )
    field = pull.cursor.field if pull.cursor is not None else "@"
    if found is not None and found.fields and _found(field, replace(found, is_list=False)) is None:
        yield CURSOR, f"a record has no {field!r}, so that no pull would go on from the last one. It is {shape}."


def refuse(pull: Pull | None, shape: Shape, records: str, paging: Mapping[str, Any]) -> None:
    """Return if the records, and the place of the next page, may be in the answer.

    :raises errors.ContractMismatch: saying each path that finds nothing (``pull_finds_nothing``)
    """
    found = () if pull is None else problems(pull, shape, records, paging)
    wrong = [f"'pull.{key}': {text}" for key, text in found if key != CURSOR]
    if wrong:
        text = " ".join(wrong)
        raise errors.ContractMismatch(f"This pull looks where nothing can be. {text}", code="pull_finds_nothing")


def _answer(shape: Shape) -> Value:
    """Return the answer as its JSON has it: the fields of a single outer element stand beside it, too."""
    fields, output = shape.outputs, cast("Any", shape.operation.output)
    is_open = soap_shape.is_open(output.body.type, fields)
    if len(fields) != 1 or fields[0].repeated:
        return Value(fields=fields, is_open=is_open)
    outer = fields[0]
    return Value(fields=(outer, *outer.fields), is_open=is_open or soap_shape.is_open(outer.type, outer.fields))


def _found(expression: str, start: Value) -> Place:
    """Return what the expression finds; one that is not JMESPath is told of elsewhere."""
    try:
        tree: Mapping[str, Any] = expressions.compiled(expression).parsed
    except JMESPathError:
        return _ANY
    return _at(tree, start)


def _at(node: Mapping[str, Any], here: Place) -> Place:
    kind, children = node["type"], node["children"]
    if here is None or kind in ("identity", "current"):
        return here
    if kind == "field":
        return _field(here, str(node["value"]))
    step = _STEPS.get(kind)
    return step(children, here) if step is not None else _ANY


def _field(here: Value, name: str) -> Place:
    if here.is_list:
        return None
    found = next((field for field in here.fields if field.name == name), None)
    if found is None:
        return _ANY if here.is_open or name.startswith("_") else None
    is_open = soap_shape.is_open(found.type, found.fields)
    return Value(fields=found.fields, is_open=is_open, is_list=found.repeated)


def _in_turn(children: list[Any], here: Place) -> Place:
    for child in children:
        here = _at(child, here)
    return here


def _each(children: list[Any], here: Place) -> Place:
    """Go on from every element of a list."""
    rows = _at(children[0], here)
    if rows is None or not (rows.is_list or rows.is_open):
        return None
    found = _at(children[1], replace(rows, is_list=False))
    return None if found is None else replace(found, is_list=True)


def _element(children: list[Any], here: Place) -> Place:
    del children
    return replace(here, is_list=False) if here is not None and (here.is_list or here.is_open) else None


def _flat(children: list[Any], here: Place) -> Place:
    found = _at(children[0], here)
    return found if found is not None and (found.is_list or found.is_open) else None


def _either(children: list[Any], here: Place) -> Place:
    """A default that is written out is nothing that was found."""
    found = [place for child in children if child["type"] != "literal" and (place := _at(child, here)) is not None]
    return None if not found else found[0] if len(found) == 1 else _ANY


_STEPS: Mapping[str, Callable[[list[Any], Place], Place]] = {
    "subexpression": _in_turn,
    "pipe": _in_turn,
    "index_expression": _in_turn,
    "index": _element,
    "projection": _each,
    "filter_projection": _each,
    "flatten": _flat,
    "or_expression": _either,
}
