"""A message as a FHIR resource: its type, and our identifier in it, by which the vendor knows a repeat."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from hms_syn import errors
from hms_syn.adapters.fhir.fhir_types import TYPES, Identifier

SYSTEM = "urn:hms-syn"
"""The system of our identifiers; their value is the message's idempotency key."""

_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_OF_THE_SERVER = ("versionId", "lastUpdated")
"""What a server says of a resource. A client that says it is to be ignored (http.html#create), so ours does not."""


def typed(mapped: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Return the mapped payload as a resource of this type.

    :raises errors.UnmappablePayload: it says that it is of another type
    """
    if mapped.get("resourceType", kind) != kind:
        raise errors.UnmappablePayload(f"Field 'resourceType' is not {kind!r}, which the job's request names.")
    resource = {"resourceType": kind, **mapped}
    meta = resource.get("meta")
    if isinstance(meta, Mapping):
        kept = {name: value for name, value in meta.items() if name not in _OF_THE_SERVER}
        resource = {**resource, "meta": kept} if kept else _without(resource, "meta")
    return resource


def unnamed(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Return the resource without an id: who creates one is told its id by the server, and so has a proof."""
    return _without(resource, "id")


def marked(resource: Mapping[str, Any], value: str) -> dict[str, Any]:
    """Return the resource with our identifier in it.

    :raises errors.ContractMismatch: a type that offers no place for it · :raises errors.UnmappablePayload: the place is
        taken, or what stands there is of another form
    """
    kind = str(resource["resourceType"])
    offers = TYPES.get(kind, Identifier.NONE)
    ours = {"system": SYSTEM, "value": value}
    there = resource.get("identifier")
    if offers is Identifier.NONE:
        raise errors.ContractMismatch(no_place(kind))
    if offers is Identifier.ONE:
        if there is not None:
            raise errors.UnmappablePayload(
                f"Field 'identifier': {kind} holds a single one, and that is ours; leave it out."
            )
        return {**resource, "identifier": ours}
    if there is not None and not isinstance(there, list):
        raise errors.UnmappablePayload(f"Field 'identifier': {kind} holds a list of them.")
    return {**resource, "identifier": [*(there or []), ours]}


def no_place(kind: str) -> str:
    """Say that a type cannot be pushed, and why."""
    return (
        f"A resource of type {kind!r} has no identifier that can be searched for, so a repeat could not be recognised; "
        "push another type, or refer to this one from it."
    )


def carries(resource: Mapping[str, Any], value: str) -> bool:
    """Return True if our identifier with exactly this value is in the resource."""
    there = resource.get("identifier")
    found = there if isinstance(there, list) else [there]
    return any(
        isinstance(each, Mapping) and each.get("system") == SYSTEM and each.get("value") == value for each in found
    )


def is_id(value: Any) -> bool:
    """Return True for a FHIR id: letters, digits, ``-`` and ``.``, at most 64 of them.

    >>> [is_id("appt-1"), is_id("a/b"), is_id(""), is_id(7)]
    [True, False, False, False]
    """
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def search_for(value: str) -> str:
    """Return the search by our identifier as a query, escaped.

    >>> search_for("6f1d")
    'identifier=urn%3Ahms-syn%7C6f1d'
    """
    return f"identifier={quote(f'{SYSTEM}|{value}', safe='')}"


def none_exists(value: str) -> str:
    """Return the same search as ``If-None-Exist`` carries it, readable as in the standard's own example.

    >>> none_exists("6f1d")
    'identifier=urn:hms-syn|6f1d'
    """
    return f"identifier={SYSTEM}|{value}"


def body(resource: Mapping[str, Any]) -> bytes:
    """Return the resource as JSON, the same bytes each time.

    :raises errors.UnmappablePayload: it holds what JSON cannot carry
    """
    try:
        return json.dumps(resource, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except ValueError:
        raise errors.UnmappablePayload("This payload holds a number or a character that JSON cannot carry.") from None


def _without(resource: Mapping[str, Any], field: str) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if name != field}
