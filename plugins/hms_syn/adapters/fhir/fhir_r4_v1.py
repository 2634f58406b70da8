"""``fhir.r4.v1``: hospitals with a FHIR R4 server.

The mapped payload is the resource. Our identifier goes into it, and makes every create conditional: a repeat finds what
the first one made. A message counts as delivered only when the server shows a resource of its type, with an id of the
server's own, that carries the identifier.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urljoin

from hms_syn import errors
from hms_syn.adapters import find_answers, health_page
from hms_syn.adapters.auth.choice import authenticator
from hms_syn.adapters.deadline import Deadline
from hms_syn.adapters.fhir import (
    fhir_bundle,
    fhir_check,
    fhir_find,
    fhir_outcome,
    fhir_proof,
    fhir_pull,
    fhir_push,
    fhir_resource,
)
from hms_syn.adapters.fhir.fhir_calls import YES, FhirCalls, resource_in
from hms_syn.adapters.http_client import client_for
from hms_syn.adapters.json_calls import JsonCalls
from hms_syn.domain.ack import Ack
from hms_syn.domain.job_spec import EMPTY, Pull, Push

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from hms_syn.adapters.fhir.fhir_push import Request
    from hms_syn.adapters.http_client import Response
    from hms_syn.domain.ack import Page
    from hms_syn.domain.delivery import Delivery
    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.ports import Credentials, Pins

_PING_BYTES = 16 * 1024 * 1024
"""A CapabilityStatement names every operation of a server; a large server's has some megabytes."""
_SUCCESS = 2


class FhirR4V1:
    """One job's FHIR server; made without a look at the network."""

    idempotent = True  # every create is conditional on our identifier
    finds = True  # by that identifier, without a word in the job

    def __init__(self, job: JobSpec, credentials: Credentials | None, pins: Pins) -> None:
        del pins  # the contract is the standard's
        self._job = job
        self._credentials = credentials
        self._open: dict[str, FhirCalls] = {}

    def send(self, message: Delivery) -> Ack:
        """Hand one message over and return the server's receipt; raise as the port says otherwise."""
        push, request = self._job.push, fhir_push.request(self._job.push, message)
        deadline = Deadline(self._push.calls.timeout)
        condition = {} if request.none_exists is None else {"If-None-Exist": request.none_exists}
        response = self._push.send(
            request.method,
            request.path,
            body=fhir_resource.body(request.resource),
            key=message.idempotency_key,
            more={**condition, **message.trace_header},
            deadline=deadline,
        )
        if fhir_push.interaction(push) == "transaction":
            return self._transacted(response, request, deadline)
        return fhir_proof.prove(self._push, response, request.expected[0], push, deadline=deadline)

    def find(self, message: Delivery) -> Ack | None:
        """Ask the server for one message by our identifier, or as ``push.find`` says; raise as the port says."""
        push = self._job.push
        try:
            request = fhir_push.request(push, message)
            if push is not None and push.find is not None:
                return fhir_find.as_declared(self._push, push, request, key=message.idempotency_key)
            found = [fhir_find.by_identifier(self._push, expected) for expected in request.expected]
            return self._found([resource for resource in found if resource is not None], len(found))
        except errors.UnmappablePayload as error:
            raise errors.ContractMismatch(f"The vendor cannot be asked for this message. {error}") from None
        except errors.VendorRefused as error:
            raise find_answers.unproved(error) from None

    def preview(self, message: Delivery) -> bytes:
        """Return the resource that ``send`` would carry; nothing is sent."""
        return fhir_resource.body(fhir_push.request(self._job.push, message).resource)

    def where(self, message: Delivery) -> str:
        """Return the interaction and its address."""
        request = fhir_push.request(self._job.push, message)
        return f"{request.method} {self._push.url(request.path)}"

    def pull(self, cursor: str | None) -> Iterator[Page]:
        """Yield the server's resources since ``cursor``, page by page; only the last page moves the cursor on."""
        yield from fhir_pull.pages(self._pull, self._job, self._job.pull or Pull(publish_topic=""), cursor)

    def ping(self) -> None:
        """Return if the server says within the heartbeat's timeout that it speaks FHIR 4.

        Where the job names a page (``heartbeat.request.path``) that page is asked instead, and any 2xx will do.

        :raises errors.NotSent: not reached · :raises errors.ContractMismatch: another version of FHIR
        :raises errors.SynError: reached, and no such answer
        """
        heartbeat = self._job.heartbeat
        path = (heartbeat.request if heartbeat else EMPTY).get("path")
        fhir = self._calls(self._job.ping_timeout, _PING_BYTES)
        try:
            if path is not None:
                health_page.check(fhir.calls.request("GET", urljoin(self._job.target_endpoint, str(path)), headers={}))
            else:
                _check_version(fhir.read(fhir.url("metadata")))
        finally:
            fhir.calls.close()

    def check(self) -> list[tuple[str, str]]:
        """Return (dotted key, what is wrong and what to do) for each problem; the network is not asked."""
        return fhir_check.problems(self._job, self._credentials)

    def close(self) -> None:
        """Give the connections back."""
        for fhir in self._open.values():
            fhir.calls.close()

    def _transacted(self, response: Response, request: Request, deadline: Deadline) -> Ack:
        if response.status not in YES:
            raise fhir_outcome.failure(response)
        answer = resource_in(response)
        resources = fhir_bundle.check(self._push, answer, request.expected, deadline=deadline)
        push = self._job.push
        if push is not None and "reference" in push.ack:
            return fhir_proof.receipt(answer, push)
        return Ack(reference=fhir_bundle.reference(resources), status="ok")

    def _found(self, resources: list[Mapping[str, Any]], wanted: int) -> Ack | None:
        """Return the receipt if everything that was sent is there, None if nothing is.

        :raises errors.OutcomeUnknown: a part of a transaction is there, which cannot be
        """
        if not resources:
            return None
        if len(resources) < wanted:
            raise errors.OutcomeUnknown(
                "The vendor has a part of this transaction; an officer must look what became of it.",
                code="fhir_partial",
            )
        if wanted > 1 or fhir_push.interaction(self._job.push) == "transaction":
            return Ack(reference=fhir_bundle.reference(resources))
        return fhir_proof.receipt(resources[0], self._job.push)

    @property
    def _push(self) -> FhirCalls:
        push = self._job.push or Push()
        if "push" not in self._open:
            self._open["push"] = self._calls(push.timeout, push.max_response_bytes)
        return self._open["push"]

    @property
    def _pull(self) -> FhirCalls:
        if "pull" not in self._open:
            size = (self._job.push or Push()).max_response_bytes
            self._open["pull"] = self._calls((self._job.pull or Pull(publish_topic="")).timeout, size)
        return self._open["pull"]

    def _calls(self, timeout: float, max_bytes: int) -> FhirCalls:
        http = client_for(self._job, self._credentials, timeout=timeout, max_bytes=max_bytes)
        auth = authenticator(self._job, self._credentials)
        return FhirCalls(JsonCalls(http=http, auth=auth, timeout=timeout), self._job.target_endpoint)


def _check_version(statement: Mapping[str, Any]) -> None:
    if statement.get("resourceType") != "CapabilityStatement":
        raise errors.OutcomeUnknown("The vendor's 'metadata' is no CapabilityStatement.", code="fhir_no_metadata")
    if not str(statement.get("fhirVersion")).startswith("4."):
        raise errors.ContractMismatch(
            "The vendor does not speak FHIR R4; look for its R4 service root and correct target_endpoint.",
            code="fhir_version",
        )
