"""From our fields to the vendor's and back to a proof: JMESPath on payloads and answers, never a value in an error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from hms_syn import errors
from hms_syn.domain.ack import Ack


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
            jmespath.compile(expression)
        except JMESPathError:
            raise errors.ContractMismatch(f"'{where}': {expression!r} is not a JMESPath expression.") from None


def apply(mapping: Mapping[str, Any], payload: Mapping[str, Any], meta: Mapping[str, Any]) -> dict[str, Any]:
    """Return the vendor's fields, each found by its expression on the payload; ``_meta`` holds the message's facts.

    :raises errors.UnmappablePayload: naming the field and its expression, when one fails or finds nothing
    """
    check_expressions(mapping)
    return _apply(mapping, {**payload, "_meta": dict(meta)}, prefix="")


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
    if not _text(reference).strip():
        raise errors.OutcomeUnknown("The vendor's reference in the answer is empty.", code="ack_empty")
    status = _search(ack["status"], answer) if "status" in ack else None
    return Ack(reference=_text(reference).strip(), status="" if status is None else _text(status).strip())


def check_success(answer: Mapping[str, Any], success: Mapping[str, Any]) -> None:
    """Return if each expression of ``success`` finds an allowed value; raise as :func:`prove` does otherwise."""
    for expression, allowed in success.items():
        value = _search(expression, answer)
        if value is None or (allowed == "present" and value in ("", [], {})):
            raise errors.OutcomeUnknown(f"The answer has nothing at {expression!r}.", code="proof_missing")
        choices = allowed if isinstance(allowed, list | tuple) else [allowed]
        if allowed != "present" and _text(value) not in [_text(choice) for choice in choices]:
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
            fields[name] = _apply(expression, document, prefix=f"{where}.")
            continue
        try:
            value = jmespath.search(expression, document)
        except JMESPathError:
            value = None
        if value is None:
            raise errors.UnmappablePayload(
                f"Field {where!r}: the expression {expression!r} finds nothing in this payload."
            )
        fields[name] = value
    return fields


def _search(expression: str, document: Any) -> Any:
    try:
        return jmespath.search(expression, document)
    except JMESPathError:
        raise errors.OutcomeUnknown(
            f"The expression {expression!r} cannot be applied to the vendor's answer.", code="proof_unreadable"
        ) from None


def _text(value: Any) -> str:
    """Return a value as YAML and XML both would write it, so that ``true`` and ``"true"`` are the same word."""
    return str(value).lower() if isinstance(value, bool) else str(value)
