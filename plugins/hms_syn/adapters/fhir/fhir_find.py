"""Asking a FHIR server for one message: by our identifier, or as the job's ``push.find`` says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hms_syn import errors
from hms_syn.adapters import find_answers, mapping, templates
from hms_syn.adapters.fhir import fhir_proof, fhir_queries, fhir_resource, fhir_searchset
from hms_syn.domain.ack import Ack

if TYPE_CHECKING:
    from hms_syn.adapters.fhir.fhir_calls import FhirCalls
    from hms_syn.adapters.fhir.fhir_proof import Expected
    from hms_syn.adapters.fhir.fhir_push import Request
    from hms_syn.domain.job_spec import Push

KEY = "key"
"""The hole for the idempotency key in ``push.find.request.query``; every other is an element of the resource."""


def by_identifier(fhir: FhirCalls, expected: Expected) -> Mapping[str, Any] | None:
    """Return the resource that carries our identifier, or None where the server has none.

    :raises errors.OutcomeUnknown: several carry it (``find_ambiguous``), or the server answers with others, or with a
        number of matches and not the matches: it has not searched by the identifier (``fhir_search_ignored``)
    """
    url = fhir.url(f"{expected.kind}?{fhir_resource.search_for(expected.value)}")
    page = fhir_searchset.read(fhir.read(url), expected.kind)
    ours = [resource for resource in page.matches if fhir_resource.carries(resource, expected.value)]
    if len(ours) > 1:
        raise errors.OutcomeUnknown(
            "The vendor has several resources with our identifier; an officer must look which is the message's.",
            code="find_ambiguous",
        )
    if ours:
        fhir_proof.check(ours[0], expected)
        return ours[0]
    if page.matches or page.next or page.total:
        raise errors.OutcomeUnknown(
            "The vendor's search by our identifier answers something else; it proves nothing.",
            code="fhir_search_ignored",
        )
    return None


def as_declared(fhir: FhirCalls, push: Push, request: Request, *, key: str) -> Ack | None:
    """Return the receipt in the record that ``push.find`` leads to, or None where it leads to nothing.

    :raises errors.OutcomeUnknown: there is something, and it is no record · :raises errors.UnmappablePayload: the
        message lacks what the question asks by
    """
    find: Mapping[str, Any] = push.find or {}
    asked = find.get("request") or {}
    kind = str(asked.get("resource") or request.expected[0].kind)
    query = templates.filled(dict(asked.get("query") or {}), {**request.resource, KEY: key})
    bundle = fhir.read(fhir.url(f"{kind}?{fhir_queries.encoded(query)}"))
    fhir_searchset.read(bundle, kind)
    found = find_answers.only(str(find.get("match") or ""), bundle)
    if found is None or found in ([], {}, ""):
        return None
    if not isinstance(found, Mapping) or found.get("resourceType") != kind or not fhir_resource.is_id(found.get("id")):
        raise find_answers.no_record()
    mapping.check_success(found, find.get("success") or {})
    reference = mapping.find(push.ack["reference"], found) if "reference" in push.ack else None
    return Ack(reference=reference if isinstance(reference, str) else fhir_proof.reference(found))
