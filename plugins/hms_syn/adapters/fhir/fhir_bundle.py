"""A message as a FHIR transaction: every entry carries an identifier of ours, and every entry must have its yes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hms_syn import errors
from hms_syn.adapters.fhir import fhir_proof, fhir_resource, fhir_validation
from hms_syn.adapters.fhir.fhir_proof import Expected
from hms_syn.adapters.fhir.fhir_types import TYPES
from hms_syn.domain.ack import RECEIPT_CHARS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hms_syn.adapters.deadline import Deadline
    from hms_syn.adapters.fhir.fhir_calls import FhirCalls

_METHODS = ("POST", "PUT")
_DONE = ("200", "201")


def transaction(
    bundle: Mapping[str, Any], key: str, *, declared: Mapping[str, Any] | None
) -> tuple[dict[str, Any], tuple[Expected, ...]]:
    """Return the bundle as it is sent, and what must come back for each entry.

    The identifier of an entry is the message's key and the entry's place, from 0: ``<key>.0``. An entry without a
    ``request`` is created.

    :raises errors.UnmappablePayload: naming the entry and what is wrong with it
    """
    if bundle.get("type", "transaction") != "transaction":
        raise errors.UnmappablePayload("Field 'type' of the Bundle is not 'transaction'.")
    entries = bundle.get("entry")
    if not isinstance(entries, list) or not entries:
        raise errors.UnmappablePayload("Field 'entry' of the Bundle is no list of entries; a transaction needs one.")
    made = [
        _entry(entry, f"{key}.{index}", where=f"entry.{index}", declared=declared)
        for index, entry in enumerate(entries)
    ]
    whole = {**bundle, "type": "transaction", "entry": [entry for entry, _ in made]}
    return whole, tuple(expected for _, expected in made)


def check(
    fhir: FhirCalls, answer: Mapping[str, Any], expected: Sequence[Expected], *, deadline: Deadline
) -> list[Mapping[str, Any]]:
    """Return the resource of each entry, in the order they were sent.

    An entry that comes back without its resource is read once, within the same deadline.

    :raises errors.OutcomeUnknown: an entry has no yes, or another's
    """
    is_answer = answer.get("resourceType") == "Bundle" and answer.get("type") == "transaction-response"
    entries = answer.get("entry")
    if not is_answer or not isinstance(entries, list):
        raise errors.OutcomeUnknown("The answer is no response to a transaction.", code="fhir_no_response")
    if len(entries) != len(expected):
        raise errors.OutcomeUnknown("The answer has not one entry for each of ours.", code="fhir_entries_missing")
    return [_done(fhir, entry, wanted, deadline=deadline) for entry, wanted in zip(entries, expected, strict=True)]


def reference(resources: Sequence[Mapping[str, Any]]) -> str:
    """Return the receipt of a transaction: where each of its resources is, or the first and how many more.

    >>> reference([{"resourceType": "Task", "id": "1"}, {"resourceType": "Flag", "id": "2"}])
    'Task/1, Flag/2'
    """
    places = [fhir_proof.reference(resource) for resource in resources]
    text = ", ".join(places)
    return text if len(text) <= RECEIPT_CHARS else f"{places[0]} and {len(places) - 1} more"


def _entry(
    entry: Any, value: str, *, where: str, declared: Mapping[str, Any] | None
) -> tuple[dict[str, Any], Expected]:
    resource = entry.get("resource") if isinstance(entry, Mapping) else None
    kind = resource.get("resourceType") if isinstance(resource, Mapping) else None
    if not isinstance(kind, str) or kind not in TYPES or not isinstance(resource, Mapping):
        raise errors.UnmappablePayload(f"Field '{where}.resource' is no resource of a type of FHIR R4.")
    method, own_id = _request(entry.get("request") or {}, kind, where=f"{where}.request")
    resource = fhir_resource.typed(resource, kind)
    resource = {**resource, "id": own_id} if own_id is not None else fhir_resource.unnamed(resource)
    try:
        resource = fhir_resource.marked(resource, value)
        fhir_validation.check(resource, declared=declared)
    except (errors.UnmappablePayload, errors.ContractMismatch) as error:
        raise errors.UnmappablePayload(f"'{where}': {error}", code=error.code) from None
    request = {"method": method, "url": kind}
    if method == "POST":
        request["ifNoneExist"] = fhir_resource.none_exists(value)
    else:
        request["url"] = f"{kind}/{own_id}" if own_id is not None else f"{kind}?{fhir_resource.search_for(value)}"
    return {**entry, "resource": resource, "request": request}, Expected(kind=kind, value=value, id=own_id)


def _request(request: Any, kind: str, *, where: str) -> tuple[str, str | None]:
    """Return the method of an entry, and the id its URL names.

    :raises errors.UnmappablePayload: it is more than a create or an update of this resource
    """
    method, url = (
        (request.get("method", "POST"), request.get("url", kind)) if isinstance(request, Mapping) else ("", "")
    )
    if method not in _METHODS:
        raise errors.UnmappablePayload(f"Field '{where}.method' is neither POST nor PUT.")
    if url == kind:
        return method, None
    place = fhir_proof.place_of(url)
    if method == "PUT" and place is not None and url == "/".join(place) and place[0] == kind:
        return method, place[1]
    raise errors.UnmappablePayload(f"Field '{where}.url' is neither the type nor, for PUT, the type and an id.")


def _done(fhir: FhirCalls, entry: Any, expected: Expected, *, deadline: Deadline) -> Mapping[str, Any]:
    response = entry.get("response") if isinstance(entry, Mapping) else None
    if not isinstance(response, Mapping) or str(response.get("status")).partition(" ")[0] not in _DONE:
        raise errors.OutcomeUnknown("An entry of the transaction has no yes.", code="fhir_entry_refused")
    place = fhir_proof.place_of(response.get("location"))
    resource = entry.get("resource")
    # What we named ourselves may be our own words said back; it is read where the server says nothing of its own.
    is_theirs = isinstance(resource, Mapping) and (expected.id is None or response.get("etag") or place)
    if not is_theirs:
        if place is None:
            raise errors.OutcomeUnknown("An entry of the answer has no resource.", code="fhir_no_resource")
        resource = fhir_proof.read_back(fhir, place, deadline=deadline)
    fhir_proof.check(resource, expected, place)
    return resource  # type: ignore[no-any-return]  # check has just seen that it is a resource
