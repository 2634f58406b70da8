"""From our fields to the vendor's and back to a proof: JMESPath on payloads and answers, never a value in an error."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from jmespath.exceptions import JMESPathError
from jmespath.parser import ParsedResult

from hms_syn import errors
from hms_syn.domain import expressions
from hms_syn.domain.ack import Ack

if TYPE_CHECKING:
    from hms_syn.domain.delivery import Delivery

_FILLERS = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters and symbols that look like nothing."""
_NULL: Mapping[str, Any] = {"type": "literal", "value": None, "children": []}
"""How JMESPath writes a null that is given literally."""


def check_expressions(mapping: Mapping[str, Any], *, key: str = "mapping") -> None:
    """Refuse a mapping with an expression that is not JMESPath.

    :raises errors.ContractMismatch: naming the dotted key and the expression
    """
    for name, expression in mapping.items():
        where = f"{key}.{name}"
        if isinstance(expression, Mapping):
            check_expressions(expression, key=where)
            continue
        if not isinstance(expression, str):
            raise errors.ContractMismatch(
                f"'{where}' must be a JMESPath text; write a constant as '`1`' or \"'text'\"."
            )
        try:
            expressions.compiled(expression)
        except JMESPathError:
            raise errors.ContractMismatch(f"'{where}': {expression!r} is not a JMESPath expression.") from None


def apply(mapping: Mapping[str, Any], payload: Mapping[str, Any], meta: Mapping[str, Any]) -> dict[str, Any]:
    """Return the vendor's fields, each found by its expression on the payload; ``_meta`` holds the message's facts.

    A value keeps its JSON type: a number stays a number, true stays true, lists and maps stay what they are. A field
    whose expression ends in ``|| `null` `` is left out where nothing is found, and so is a map of nothing but such.

    :raises errors.UnmappablePayload: naming the field and its expression, when one fails or finds nothing
    """
    check_expressions(mapping)
    return _apply(mapping, {**payload, "_meta": dict(meta)}, prefix="")


def of_message(declared: Mapping[str, Any] | None, message: Delivery) -> Mapping[str, Any]:
    """Return what a message is to its vendor: the payload as it is, or the fields that a mapping makes of it.

    :raises errors.UnmappablePayload: as :func:`apply` does
    """
    return message.payload if declared is None else apply(declared, message.payload, message.meta)


def prove(answer: Mapping[str, Any], success: Mapping[str, Any], ack: Mapping[str, str]) -> Ack:
    """Return the receipt if the answer proves that the vendor accepted the message.

    :raises errors.VendorRefused: an expected value is there, but another one (``proof_failed``)
    :raises errors.OutcomeUnknown: what should prove it is not there (``proof_missing``, ``ack_missing``, ``ack_empty``)
    :raises errors.ContractMismatch: ``ack.reference`` is not declared

    Check the expressions with :func:`check_expressions` before anything is sent: here they can only fail too late.
    """
    check_success(answer, success)
    if "reference" not in ack:
        raise errors.ContractMismatch("'ack.reference' is missing: say where the vendor's reference stands.")
    reference = _search(ack["reference"], answer)
    if reference is None or isinstance(reference, Mapping | list):
        raise errors.OutcomeUnknown("The answer holds no reference of the vendor.", code="ack_missing")
    if not _is_visible(text(reference)):
        raise errors.OutcomeUnknown("The vendor's reference in the answer is empty.", code="ack_empty")
    status = _search(ack["status"], answer) if "status" in ack else None
    return Ack(reference=text(reference).strip(), status="" if status is None else text(status).strip())


def check_success(answer: Mapping[str, Any], success: Mapping[str, Any]) -> None:
    """Return if each expression of ``success`` finds an allowed value; raise as :func:`prove` does otherwise."""
    for expression, allowed in success.items():
        value = _search(expression, answer)
        if value is None or (allowed == "present" and not _is_something(value)):
            raise errors.OutcomeUnknown(f"The answer has nothing at {expression!r}.", code="proof_missing")
        choices = allowed if isinstance(allowed, list | tuple) else [allowed]
        if allowed != "present" and text(value) not in [text(choice) for choice in choices]:
            raise errors.VendorRefused(
                f"The answer's {expression!r} is not one of the values that mean acceptance.", code="proof_failed"
            )


def find(expression: str, document: Any) -> Any:
    """Return what a JMESPath expression finds in a vendor's document, or None.

    :raises errors.OutcomeUnknown: the expression does not fit the document (``proof_unreadable``)
    """
    return _search(expression, document)


def _apply(mapping: Mapping[str, Any], document: Mapping[str, Any], *, prefix: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, expression in mapping.items():
        where = f"{prefix}{name}"
        if isinstance(expression, Mapping):
            inner = _apply(expression, document, prefix=f"{where}.")
            if inner or not expression:
                fields[name] = inner
            continue
        wanted, is_optional = _wanted(expression)
        try:
            value = wanted.search(document)
        except JMESPathError:
            raise errors.UnmappablePayload(
                f"Field {where!r}: the expression {expression!r} does not fit this payload."
            ) from None
        if value is not None:
            fields[name] = value
        elif not is_optional:
            raise errors.UnmappablePayload(
                f"Field {where!r}: the expression {expression!r} finds nothing in this payload."
            )
    return fields


@lru_cache(maxsize=4096)
def _wanted(expression: str) -> tuple[ParsedResult, bool]:
    """Return what to look for, and whether the field is left out where that is nothing.

    JMESPath's ``||`` takes false, an empty text and an empty list for nothing. What stands before a default of null is
    therefore looked for by itself: a false that is there is sent as false.
    """
    compiled = expressions.compiled(expression)
    tree = compiled.parsed
    if tree["type"] == "or_expression" and tree["children"][-1] == _NULL:
        return ParsedResult(expression, tree["children"][0]), True
    return compiled, False


def _search(expression: str, document: Any) -> Any:
    try:
        return expressions.compiled(expression).search(document)
    except JMESPathError:
        raise errors.OutcomeUnknown(
            f"The expression {expression!r} cannot be applied to the vendor's answer.", code="proof_unreadable"
        ) from None


def _is_something(value: Any) -> bool:
    return _is_visible(value) if isinstance(value, str) else value not in ([], {})


def _is_visible(text: str) -> bool:
    """Return True if there is something to see: no space of any kind, no mark without a letter, no filler."""
    return any(unicodedata.category(char)[0] in "LNPS" and char not in _FILLERS for char in text)


def text(value: Any) -> str:
    """Return a value as YAML and XML both would write it, so that ``true`` and ``"true"`` are the same word."""
    return str(value).lower() if isinstance(value, bool) else str(value)
