"""Choosing the vendor's operation where the job file names none, and saying what to add where nothing can be chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from zeep import xsd

from hms_syn import errors
from hms_syn.adapters import words
from hms_syn.adapters.soap import soap_shape, soap_values
from hms_syn.adapters.words import Topic

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from hms_syn.adapters.soap.soap_contract import Contract
    from hms_syn.adapters.soap.soap_shape import Field, Shape

_NEXT = frozenset({"next", "continuation"})
_AFTER = frozenset({"after", "token", "continuation", "next"})
_SIZE = frozenset({"size", "limit"})


def push_shape(contract: Contract, request: Mapping[str, Any], topic: Topic | None, fields: Collection[str]) -> Shape:
    """Return the operation to push with: the one the job file names, else the one that fits."""
    shapes = contract.shapes(service=request.get("service"), port=request.get("port"))
    if "operation" in request:
        return named(shapes, str(request["operation"]), side="push")
    return for_push(shapes, topic, fields)


def pull_shape(contract: Contract, request: Mapping[str, Any], topics: Sequence[str]) -> tuple[Shape, str]:
    """Return the operation to pull with, and the JMESPath to its records."""
    shapes = contract.shapes(service=request.get("service"), port=request.get("port"))
    if "operation" in request:
        shape = named(shapes, str(request["operation"]), side="pull")
        return shape, str(request.get("records") or records_path(shape))
    shape, path = for_pull(shapes, [topic for topic in map(Topic.parse, topics) if topic is not None])
    return shape, str(request.get("records") or path)


def named(shapes: Sequence[Shape], name: str, *, side: str) -> Shape:
    """Return the operation the job file names.

    :raises errors.ContractMismatch: when the contract has none of this name
    """
    for shape in shapes:
        if shape.name == name:
            return shape
    raise errors.ContractMismatch(
        f"The vendor's contract has no operation {name!r}"
        f"{words.meant(name, [shape.name for shape in shapes]) or '.'} It has:\n{_listing(shapes)}\n"
        f"Correct '{side}.request.operation'."
    )


def candidates(shapes: Sequence[Shape], topic: Topic) -> list[Shape]:
    """Return the operations whose name says what the topic says: the very verb if there is one, else a synonym."""
    about = [shape for shape in shapes if words.has_noun(shape.name, topic.noun)]
    for verbs in (words.stems(topic.verb), words.synonyms(topic.verb)):
        found = [shape for shape in about if words.verb_of(shape.name) in verbs]
        if found:
            return found
    return []


def for_push(shapes: Sequence[Shape], topic: Topic | None, fields: Collection[str]) -> Shape:
    """Return the one operation that takes exactly these fields and does what the topic says was done.

    Where the name leaves only one, and a message merely lacks a field or has one too many, that one is returned:
    it is then the message that does not fit.

    :raises errors.ContractMismatch: listing the operations and the lines to add, when none or several fit
    """
    found = candidates(shapes, topic) if topic else []
    noun = topic.noun if topic else frozenset[str]()
    fits = [(shape, soap_values.Fit(shape.inputs, fields, noun)) for shape in found]
    whole = [shape for shape, fit in fits if fit.is_whole]
    if len(whole) == 1:
        return whole[0]
    if len(fits) == 1 and not (fits[0][1].missing and fits[0][1].extra):
        return fits[0][0]
    reason = "several operations fit" if len(whole) > 1 else "no operation of the vendor's contract fits"
    raise errors.ContractMismatch(
        f"For a message with the fields {', '.join(sorted(fields)) or '(none)'}, {reason}. The contract has:\n"
        f"{_listing(shapes)}\nAdd to the job file:\n{_push_lines(found or shapes, fields, noun)}"
    )


def for_pull(shapes: Sequence[Shape], topics: Sequence[Topic]) -> tuple[Shape, str]:
    """Return the one operation that reads the topic's noun and asks for nothing, and where its records stand.

    :raises errors.ContractMismatch: listing the operations and the lines to add, when none or several fit
    """
    found = [
        (shape, paths[0])
        for shape in shapes
        if words.verb_of(shape.name) in words.READING
        and any(words.has_noun(shape.name, topic.noun) for topic in topics)
        and not any(field.required for field in shape.inputs)
        and len(paths := [path for path, _ in soap_shape.repeated(shape.outputs)]) == 1
    ]
    if len(found) == 1:
        return found[0]
    raise errors.ContractMismatch(
        f"{'Several operations' if found else 'No operation'} of the vendor's contract can be the one to pull with. "
        f"It has:\n{_listing(shapes)}\nAdd to the job file:\n"
        f"  pull:\n    request: {{operation: {_first(shapes)}, records: <JMESPath to the list of records>}}"
    )


def paging(shape: Shape, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return which fields carry the page size, the place to go on after, and the next such place.

    A list that the vendor cuts into pages must not be taken for whole because the job file is silent about it.
    """
    if "page" in request:
        declared: Mapping[str, Any] = request["page"] or {}
        return declared
    ahead = [path for path, field in soap_shape.leaves(shape.outputs) if _speaks_of(field, _NEXT)]
    after = [field.name for field in shape.inputs if _speaks_of(field, _AFTER)]
    size = [field.name for field in shape.inputs if _speaks_of(field, _SIZE)]
    if len(ahead) != 1 or len(after) != 1:
        return {}
    found = {"next": ahead[0], "after": after[0]}
    return {**found, "size": size[0]} if len(size) == 1 else found


def records_path(shape: Shape) -> str:
    """Return where the records stand in an answer that has one repeated element.

    :raises errors.ContractMismatch: listing the outputs, when there are none or several
    """
    paths = [path for path, _ in soap_shape.repeated(shape.outputs)]
    if len(paths) == 1:
        return paths[0]
    raise errors.ContractMismatch(
        f"It is not clear where {shape.name} answers its records:\n  {shape}\n"
        f"Add to the job file:\n  pull:\n    request: {{operation: {shape.name}, records: <JMESPath to the list>}}"
    )


def unwrapped(shape: Shape, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the values inside the operation's one outer element, where a mapping spells that element out."""
    if shape.wrapper is not None and list(values) == [shape.wrapper] and isinstance(values[shape.wrapper], Mapping):
        inner: Mapping[str, Any] = values[shape.wrapper]
        return inner
    return values


def mapping_problems(shape: Shape, mapping: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with a declared mapping, whatever message comes."""
    fit = soap_values.Fit(shape.inputs, unwrapped(shape, mapping), ())
    inputs = [field.name for field in shape.inputs]
    problems = [
        f"{shape.name} has no input {name!r}{words.meant(name.rpartition('.')[2], inputs) or '.'} It is {shape}."
        for name in fit.extra
    ]
    return problems + [f"{shape.name} requires {name!r}; map it." for name in fit.missing]


def _speaks_of(field: Field, wanted: Collection[str]) -> bool:
    return not isinstance(field.type, xsd.Boolean) and not set(wanted).isdisjoint(words.split(field.name))


def _listing(shapes: Sequence[Shape]) -> str:
    return "\n".join(f"  {shape}" for shape in shapes) or "  (no operation)"


def _first(shapes: Sequence[Shape]) -> str:
    return shapes[0].name if shapes else "<operation>"


def _push_lines(shapes: Sequence[Shape], fields: Collection[str], noun: Collection[str]) -> str:
    """Return the YAML of a push to the likeliest operation, with what is known of its mapping."""
    lines = ["  push:", f"    request: {{operation: {_first(shapes)}}}", "    mapping:"]
    inputs: tuple[Field, ...] = shapes[0].inputs if shapes else ()
    pairs = soap_values.Fit(inputs, fields, noun).pairs
    left = sorted(set(fields) - set(pairs.values()))
    hint = f"<one of {', '.join(left)}>" if left else "<JMESPath on the payload>"
    lines += [
        f"      {field.name}: {pairs.get(field.name, hint)}"
        for field in inputs
        if field.required or field.name in pairs
    ]
    return "\n".join(lines)
