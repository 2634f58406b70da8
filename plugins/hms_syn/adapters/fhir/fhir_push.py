"""A message on its way into a hospital: which request one interaction makes of it (R4, http.html)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hms_syn import errors
from hms_syn.adapters import mapping
from hms_syn.adapters.fhir import fhir_bundle, fhir_resource, fhir_validation
from hms_syn.adapters.fhir.fhir_proof import Expected
from hms_syn.adapters.fhir.fhir_types import TYPES
from hms_syn.domain.job_spec import EMPTY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hms_syn.domain.delivery import Delivery
    from hms_syn.domain.job_spec import Push

INTERACTIONS = ("create", "update", "transaction")
BUNDLE = "Bundle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is sent for one message, and what must come back for it: one resource, or one for each entry."""

    method: str
    path: str
    resource: Mapping[str, Any]
    none_exists: str | None = None
    expected: tuple[Expected, ...]


def interaction(push: Push | None) -> str:
    """Return the job's interaction, ``create`` unless it says otherwise.

    :raises errors.ContractMismatch: there is no such interaction
    """
    word = str((push.request if push else EMPTY).get("interaction") or "create")
    if word not in INTERACTIONS:
        raise errors.ContractMismatch(f"'push.request.interaction' must be one of {', '.join(INTERACTIONS)}.")
    return word


def kind(push: Push | None) -> str:
    """Return the type of the job's resources.

    :raises errors.ContractMismatch: it is not named, or R4 has no such type
    """
    request = push.request if push else EMPTY
    if interaction(push) == "transaction":
        if request.get("resource", BUNDLE) != BUNDLE:
            raise errors.ContractMismatch("'push.request.resource' of a transaction is Bundle; correct it.")
        return BUNDLE
    return known(request.get("resource"), "push.request.resource")


def known(name: Any, key: str) -> str:
    """Return the name of a resource type.

    :raises errors.ContractMismatch: it is none of FHIR R4
    """
    if not isinstance(name, str) or not name:
        raise errors.ContractMismatch(f"'{key}' is missing; name the type of the resource, such as Appointment.")
    if name not in TYPES:
        raise errors.ContractMismatch(f"'{key}': FHIR R4 has no resource type {name!r}; correct it.")
    return name


def request(push: Push | None, message: Delivery) -> Request:
    """Return the request for one message.

    :raises errors.UnmappablePayload: the message is no such resource · :raises errors.ContractMismatch: the job's
        request fits no message
    """
    way, wanted = interaction(push), kind(push)
    declared = push.mapping if push else None
    key = message.idempotency_key
    resource = fhir_resource.typed(mapping.of_message(declared, message), wanted)
    if way == "transaction":
        bundle, expected = fhir_bundle.transaction(resource, key, declared=declared)
        return Request(method="POST", path="", resource=bundle, expected=expected)
    own_id = resource.get("id") if way == "update" else None
    if own_id is not None and not fhir_resource.is_id(own_id):
        raise errors.UnmappablePayload("Field 'id' is no FHIR id: letters, digits, '-' and '.', at most 64.")
    resource = fhir_resource.marked(resource if own_id is not None else fhir_resource.unnamed(resource), key)
    fhir_validation.check(resource, declared=declared)
    expected_one = (Expected(kind=wanted, value=key, id=own_id),)
    if way == "create":
        condition = fhir_resource.none_exists(key)
        return Request(method="POST", path=wanted, resource=resource, none_exists=condition, expected=expected_one)
    path = f"{wanted}/{own_id}" if own_id is not None else f"{wanted}?{fhir_resource.search_for(key)}"
    return Request(method="PUT", path=path, resource=resource, expected=expected_one)
