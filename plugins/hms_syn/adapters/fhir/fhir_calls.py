"""One hospital's door: its addresses, its media type, and what any of its answers is before it is believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from hms_syn.adapters import http_status, json_calls
from hms_syn.adapters.fhir import fhir_outcome

if TYPE_CHECKING:
    from hms_syn.adapters.deadline import Deadline
    from hms_syn.adapters.http_client import Response
    from hms_syn.adapters.json_calls import JsonCalls

MEDIA = "application/fhir+json"
YES = frozenset({HTTPStatus.OK, HTTPStatus.CREATED})


@dataclass(frozen=True, slots=True)
class FhirCalls:
    """The calls to one server; ``base`` is the job's target_endpoint, its service root."""

    calls: JsonCalls
    base: str

    def url(self, path: str) -> str:
        """Return the address of something below the service root."""
        root = self.base.rstrip("/")
        return f"{root}/{path}" if path else root

    def send(
        self, method: str, path: str, *, body: bytes, key: str, more: Mapping[str, str], deadline: Deadline
    ) -> Response:
        """Send a resource, asking for it back as it is now kept; return whatever was answered.

        ``more`` are further headers: the condition, the trace.
        """
        headers = {"Accept": MEDIA, "Content-Type": MEDIA, "Prefer": "return=representation", **more}
        return self.calls.request(method, self.url(path), headers=headers, body=body, key=key, deadline=deadline)

    def read(self, url: str, *, deadline: Deadline | None = None) -> Mapping[str, Any]:
        """Return the resource at an address.

        :raises errors.SynError: as :func:`fhir_outcome.failure` says, and OutcomeUnknown for a 2xx without a resource
        """
        response = self.calls.request("GET", url, headers={"Accept": MEDIA}, deadline=deadline)
        if response.status != HTTPStatus.OK:
            raise fhir_outcome.failure(response)
        return resource_in(response)


def resource_in(response: Response) -> Mapping[str, Any]:
    """Return the resource an answer holds.

    :raises errors.OutcomeUnknown: it is no JSON (``empty``, ``html``, ``not_json``, ``bad_json``), or no resource
        (``fhir_no_resource``)
    """
    document = json_calls.document(response)
    if not isinstance(document, Mapping) or not isinstance(document.get("resourceType"), str):
        raise http_status.unknown(response, "fhir_no_resource")
    return document
