"""Proof of acceptance where the job file declares none: the vendor's reference, and a status that must mean yes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from zeep.xsd.types import builtins

from hms_syn import errors
from hms_syn.adapters import mapping, verdicts, words
from hms_syn.adapters.soap import soap_shape

if TYPE_CHECKING:
    from hms_syn.adapters.soap.soap_shape import Field, Shape
    from hms_syn.domain.ack import Ack

_STRONG = frozenset({
    "reference", "ref", "confirmation", "receipt", "tracking", "acknowledgement", "acknowledgment", "ack",
    "ticket",
})  # fmt: skip
_WEAK = frozenset(["number", "id"])
_PLACEHOLDERS = frozenset({
    "none", "null", "nil", "n/a", "na", "nan", "0", "-1", "undefined", "unknown", "tbd", "tba", "pending", "queued",
    "processing", "waiting", "string",
})  # fmt: skip
_NOTHING = re.compile(r"[\W_0]*")
"""Zeros and signs only: a nil UUID, dashes, a question mark."""


def prove(answer: Mapping[str, Any], shape: Shape, *, success: Mapping[str, Any], ack: Mapping[str, str]) -> Ack:
    """Return the receipt; what the job declares is used as declared, and the rest is inferred from the contract.

    :raises errors.SynError: as :func:`hms_syn.adapters.mapping.prove` does, and ``status_unrecognised`` or
        ``ack_placeholder`` where words of the answer cannot be taken for a yes
    """
    expressions = dict(ack)
    inferred = None if "reference" in ack else reference_leaf(shape)
    if inferred is not None:
        expressions["reference"] = _quoted(inferred)
    statuses = status_leaves(shape)
    if "status" not in expressions and statuses:
        expressions["status"] = _quoted(statuses[0])
    if success:
        receipt = mapping.prove(answer, success, expressions)
    else:
        _check_statuses(answer, shape, statuses)
        receipt = mapping.prove(answer, {}, expressions)
    if inferred is not None:
        _check_reference(receipt.reference, inferred, shape)
    return receipt


@lru_cache(maxsize=256)
def reference_leaf(shape: Shape) -> str:
    """Return where the vendor's own reference stands in the answer.

    :raises errors.ContractMismatch: listing the outputs and the lines to add, when nothing looks like one
    """
    found = list(soap_shape.leaves(shape.outputs))
    if len(found) == 1:
        return found[0][0]
    echoes = set(words.pair([path for path, _ in found], [field.name for field in shape.inputs], ()))
    own = [row for row in found if row[0] not in echoes]
    # A reference we sent and get back proves something only beside a status that says yes.
    echoed = [row for row in found if row[0] in echoes] if status_leaves(shape) else []
    for rows, wanted in ((own, _STRONG), (own, _WEAK), (echoed, _STRONG)):
        for path, field in rows:
            name = set(words.split(_last(path)))
            plausible = not _is_boolean(field) and not _is_status(path, field)
            if plausible and wanted & name and not verdicts.ERROR & name:
                return path
    raise errors.ContractMismatch(
        f"Nothing in the answer of {shape.name} looks like the vendor's reference. It answers:\n"
        f"  {', '.join(str(field) for field in shape.outputs) or '(nothing)'}\n"
        f"Add to the job file:\n  push:\n    ack: {{reference: <one of the above>}}"
    )


@lru_cache(maxsize=256)
def status_leaves(shape: Shape) -> tuple[str, ...]:
    """Return where the answer says how it went; the single leaf of an answer counts only if its name says so."""
    found = list(soap_shape.leaves(shape.outputs))
    if len(found) == 1 and _is_return_value(shape, found[0][0]):
        return (found[0][0],) if _is_boolean(found[0][1]) else ()
    return tuple(path for path, field in found if _is_status(path, field))


def _check_statuses(answer: Mapping[str, Any], shape: Shape, statuses: tuple[str, ...]) -> None:
    said_yes = False
    for path in statuses:
        value = _at(answer, path)
        if value is None:
            continue
        said_yes = True
        verdict = verdicts.of(str(value))
        if verdict is False:
            raise errors.VendorRefused(f"The vendor's {path!r} says no to this message.", code="status_no")
        if verdict is None:
            raise _unrecognised(path)
    promised = [path for path in statuses if _is_promised(shape.outputs, path.split("."))]
    if promised and not said_yes:
        raise _unrecognised(promised[0])
    for path, _ in (*soap_shape.leaves(shape.outputs), *soap_shape.repeated(shape.outputs)):
        value = _at(answer, path)
        told = verdicts.ERROR & set(words.split(path)) and path not in statuses
        if told and value not in (None, []) and str(value).strip().lower() not in (*_PLACEHOLDERS, "", "false"):
            raise _unrecognised(path)


def _check_reference(reference: str, leaf: str, shape: Shape) -> None:
    """Refuse to take an empty word, or a sentence in the place of a return value, for a reference."""
    is_none = reference.lower() in _PLACEHOLDERS or _NOTHING.fullmatch(reference)
    if is_none or verdicts.of(reference) is False:
        raise errors.OutcomeUnknown(
            "The vendor's reference is a word that stands for none; if it is one, declare 'push.ack'.",
            code="ack_placeholder",
        )
    alone = len(list(soap_shape.leaves(shape.outputs))) == 1 and _is_return_value(shape, leaf)
    looks_like_one = any(char.isdigit() for char in reference) and len(reference.split()) == 1
    if alone and not looks_like_one and verdicts.of(reference) is None:
        raise _unrecognised(leaf)


def _is_status(path: str, field: Field) -> bool:
    name = set(words.split(_last(path)))
    if name & _STRONG:
        return False
    return verdicts.is_status(name) or (name == {"code"} and not _is_boolean(field))


def _is_promised(fields: tuple[Field, ...], names: list[str]) -> bool:
    """Return True if the contract says that every answer holds a value here."""
    field = next(field for field in fields if field.name == names[0])
    inner = len(names) == 1 or _is_promised(field.fields, names[1:])
    return inner and field.required and not field.nillable


def _is_return_value(shape: Shape, path: str) -> bool:
    """Return True for the names that toolkits give to whatever a method returns."""
    name = words.split(_last(path))
    return name in (
        ("return",),
        ("result",),
        (*words.split(shape.name), "result"),
        (*words.split(shape.name), "return"),
    )


def _is_boolean(field: Field) -> bool:
    return isinstance(field.type, builtins.Boolean)


def _last(path: str) -> str:
    return path.rpartition(".")[2]


def _at(answer: Any, path: str) -> Any:
    """Return what JMESPath would find there: this is asked for every field of every answer."""
    for name in path.split("."):
        answer = answer.get(name) if isinstance(answer, Mapping) else None
    return answer


def _quoted(path: str) -> str:
    return ".".join(f'"{name}"' for name in path.split("."))


def _unrecognised(path: str) -> errors.OutcomeUnknown:
    return errors.OutcomeUnknown(
        f"The vendor's {path!r} is a word we cannot take for yes or no; declare 'push.success' for it.",
        code="status_unrecognised",
    )
