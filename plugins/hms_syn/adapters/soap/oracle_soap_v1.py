"""``oracle.soap.v1``: SOAP vendors with a WSDL, Oracle's among them.

The WSDL decides on names and types; the job file decides where it goes, and what the WSDL leaves open. A message
counts as delivered only when the vendor's answer is whole, is the declared one, and holds the vendor's reference.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from hms_syn import errors
from hms_syn.adapters import cursors, find_answers, health_page, mapping
from hms_syn.adapters.http_client import client_for
from hms_syn.adapters.records import Reading, looping
from hms_syn.adapters.soap import soap_answer, soap_check, soap_find, soap_inference, soap_proof, soap_records
from hms_syn.adapters.soap.soap_source import ContractSource
from hms_syn.adapters.soap.soap_transport import SoapCaller
from hms_syn.adapters.soap.soap_values import Fit, to_xml
from hms_syn.adapters.words import Topic
from hms_syn.domain.job_spec import EMPTY

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from hms_syn.adapters.http_client import GuardedClient
    from hms_syn.adapters.soap.soap_contract import Contract
    from hms_syn.adapters.soap.soap_shape import Shape
    from hms_syn.domain.ack import Ack, Page
    from hms_syn.domain.delivery import Delivery
    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.ports import Credentials, Pins

_DEFAULT_TIMEOUT = 30.0
_DEFAULT_BYTES = 1024 * 1024


class OracleSoapV1:
    """One job's SOAP vendor; made without a look at the network."""

    idempotent = True  # every push carries the same WS-Addressing MessageID on every attempt

    def __init__(self, job: JobSpec, credentials: Credentials | None, pins: Pins) -> None:
        self.finds = job.push is not None and job.push.find is not None
        self._job = job
        self._credentials = credentials
        timeout = job.push.timeout if job.push else job.pull.timeout if job.pull else _DEFAULT_TIMEOUT
        size = job.push.max_response_bytes if job.push else _DEFAULT_BYTES
        self._push_http = client_for(job, credentials, timeout=timeout, max_bytes=size)
        pull_timeout = job.pull.timeout if job.pull else timeout
        self._pull_http = client_for(job, credentials, timeout=pull_timeout, max_bytes=size)
        self._source = ContractSource(job, credentials, pins, timeout=timeout)
        self._shapes: dict[tuple[str, frozenset[str]], Shape] = {}
        self._callers: dict[int, SoapCaller] = {}

    def send(self, message: Delivery) -> Ack:
        """Hand one message over and return the vendor's receipt; raise as the port says otherwise."""
        shape, arguments = self._prepared(message)
        response = self._caller(self._push_http).call(
            shape, arguments, message_id=message.idempotency_key, more=message.trace_header
        )
        push = self._job.push
        success, ack = (push.success, push.ack) if push else (EMPTY, EMPTY)
        answer = soap_answer.read(response, shape, message_id=message.idempotency_key)
        return soap_proof.prove(answer, shape, success=success, ack=ack)

    def find(self, message: Delivery) -> Ack | None:
        """Ask the vendor for one message as ``push.find`` says; raise as the port says otherwise."""
        push = self._job.push
        if push is None or push.find is None:
            raise errors.ContractMismatch("The job does not say how to ask the vendor for a message: add 'push.find'.")
        try:
            contract, asked, values, noun = self._fitted(message)
            shapes = contract.shapes(service=push.request.get("service"), port=push.request.get("port"))
            question = soap_find.question(push, shapes, asked)
            fields = {target: values[source] for target, source in Fit(asked.inputs, values, noun).pairs.items()}
            arguments = question.filled(fields, key=message.idempotency_key)
        except errors.UnmappablePayload as error:
            raise errors.ContractMismatch(f"'push.find' cannot ask for this message. {error}") from None
        # The question has a MessageID of its own: under the message's it would be a repeat of the message.
        own_id = str(uuid.uuid4())
        response = self._caller(self._push_http).call(question.shape, arguments, message_id=own_id)
        try:
            return question.read(soap_answer.read(response, question.shape, message_id=own_id))
        except errors.VendorRefused as error:
            raise find_answers.unproved(error) from None

    def preview(self, message: Delivery) -> bytes:
        """Return the envelope that ``send`` would carry, its credentials masked; nothing is sent."""
        shape, arguments = self._prepared(message)
        return self._caller(self._push_http).preview(shape, arguments, message_id=message.idempotency_key)

    def where(self, message: Delivery) -> str:
        """Return the address, and the SOAP action that names the operation."""
        return f"POST {self._job.target_endpoint}\nSOAPAction: {self._prepared(message)[0].operation.soapaction or ''}"

    def _prepared(self, message: Delivery) -> tuple[Shape, Mapping[str, Any]]:
        """Choose the operation and put the message into its types."""
        _, shape, values, noun = self._fitted(message)
        return shape, to_xml(shape.inputs, values, noun=noun)

    def _fitted(self, message: Delivery) -> tuple[Contract, Shape, Mapping[str, Any], Collection[str]]:
        """Choose the operation; return it with the message's values, and the noun their names may leave out."""
        push = self._job.push
        topic = Topic.parse(message.topic)
        declared = push.mapping if push else None
        values: Mapping[str, Any] = message.payload
        if declared is not None:
            values = mapping.apply(declared, message.payload, message.meta)
        contract = self._source.contract(push.request if push else EMPTY)
        shape = self._push_shape(contract, message.topic, values)
        noun = topic.noun if topic and declared is None else ()
        return contract, shape, soap_inference.unwrapped(shape, values), noun

    def pull(self, cursor: str | None) -> Iterator[Page]:
        """Yield the vendor's records since ``cursor``, page by page.

        Only the last page moves the cursor on: the vendor need not sort by it, so an earlier page proves nothing
        about the records of a later one.
        """
        pull = self._job.pull
        request = pull.request if pull else EMPTY
        contract = self._source.contract(request)
        shape, records_path = soap_inference.pull_shape(contract, request, self._job.source_topics)
        paging = soap_inference.paging(shape, request)
        soap_records.refuse(pull, shape, records_path, paging)
        spec = pull.cursor if pull else None
        arguments: dict[str, Any] = {}
        if spec is not None and (since := cursors.asked_for(cursor, spec)) is not None:
            arguments[spec.parameter] = since
        if "size" in paging and pull is not None:
            arguments[paging["size"]] = pull.page_size
        caller = self._caller(self._pull_http)
        reading, tokens = Reading(self._job, cursor), set[str]()
        while True:
            try:
                asked = to_xml(shape.inputs, arguments)
            except errors.UnmappablePayload as error:
                raise errors.ContractMismatch(f"'pull.cursor' or 'pull.request.page': {error}") from None
            own_id = str(uuid.uuid4())
            answer = soap_answer.read(caller.call(shape, asked, message_id=own_id), shape, message_id=own_id)
            rows = mapping.find(records_path, answer) or []
            rows = rows if isinstance(rows, list) else [rows]
            token = mapping.find(paging["next"], answer) if "next" in paging else None
            more = token not in (None, "", False)
            yield reading.page(rows, more=more)
            if not more:
                return
            if str(token) in tokens or "after" not in paging:
                raise looping()
            tokens.add(str(token))
            arguments[paging["after"]] = token

    def ping(self) -> None:
        """Return if the vendor's health page answers 2xx within the heartbeat's timeout; raise otherwise."""
        health_page.ping(self._job, self._credentials)

    def check(self) -> list[tuple[str, str]]:
        """Compare the job with the vendor's WSDL; return (dotted key, what and what to do) for each problem."""
        return soap_check.problems(self._job, self._credentials, self._source)

    def close(self) -> None:
        """Give the connections back."""
        self._push_http.close()
        self._pull_http.close()

    def _push_shape(self, contract: Contract, topic: str, values: Mapping[str, Any]) -> Shape:
        """Return the operation for such messages, once it is sure that its answer can prove anything."""
        kind = (topic, frozenset(values))
        if kind not in self._shapes:
            push = self._job.push
            request = push.request if push else EMPTY
            shape = soap_inference.push_shape(contract, request, Topic.parse(topic), values)
            declared = push.mapping if push else None
            if declared is not None and (problems := soap_inference.mapping_problems(shape, declared)):
                raise errors.ContractMismatch(f"'push.mapping': {' '.join(problems)}")
            if push is not None:
                mapping.check_expressions({name: name for name in push.success}, key="push.success")
                mapping.check_expressions(push.ack, key="push.ack")
            if push is None or "reference" not in push.ack:
                soap_proof.reference_leaf(shape)
            self._shapes[kind] = shape
        return self._shapes[kind]

    def _caller(self, http: GuardedClient) -> SoapCaller:
        if id(http) not in self._callers:
            self._callers[id(http)] = SoapCaller(
                endpoint=self._job.target_endpoint, http=http, credentials=self._credentials
            )
        return self._callers[id(http)]
