"""``oracle.soap.v1``: SOAP vendors with a WSDL, Oracle's among them.

The WSDL decides on names and types; the job file decides where it goes, and what the WSDL leaves open. A message
counts as delivered only when the vendor's answer is whole, is the declared one, and holds the vendor's reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from hms_syn import errors
from hms_syn.adapters import mapping, soap_answer, soap_check, soap_inference, soap_proof, soap_pull, soap_values
from hms_syn.adapters.soap_source import ContractSource, client_for
from hms_syn.adapters.soap_transport import SoapCaller
from hms_syn.adapters.words import Topic
from hms_syn.domain.ack import Page
from hms_syn.domain.job_spec import EMPTY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hms_syn.adapters.http_client import GuardedClient
    from hms_syn.adapters.soap_contract import Contract
    from hms_syn.adapters.soap_shape import Shape
    from hms_syn.domain.ack import Ack
    from hms_syn.domain.delivery import Delivery
    from hms_syn.domain.job_spec import JobSpec
    from hms_syn.ports import Credentials, Pins

_DEFAULT_TIMEOUT = 30.0
_PING_TIMEOUT = 5.0
_SUCCESS = 2
_DEFAULT_BYTES = 1024 * 1024


class OracleSoapV1:
    """One job's SOAP vendor; made without a look at the network."""

    idempotent = True  # every push carries the same WS-Addressing MessageID on every attempt

    def __init__(self, job: JobSpec, credentials: Credentials | None, pins: Pins) -> None:
        self._job = job
        self._credentials = credentials
        timeout = job.push.timeout if job.push else job.pull.timeout if job.pull else _DEFAULT_TIMEOUT
        size = job.push.max_response_bytes if job.push else _DEFAULT_BYTES
        self._push_http = client_for(job, credentials, timeout=timeout, max_bytes=size)
        pull_timeout = job.pull.timeout if job.pull else timeout
        self._pull_http = client_for(job, credentials, timeout=pull_timeout, max_bytes=size)
        self._source = ContractSource(job, credentials, pins, timeout=timeout)
        self._shapes: dict[tuple[str, frozenset[str]], Shape] = {}
        self._callers: dict[tuple[int, int], SoapCaller] = {}

    def send(self, message: Delivery) -> Ack:
        """Hand one message over and return the vendor's receipt; raise as the port says otherwise."""
        contract, shape, arguments = self._prepared(message)
        response = self._caller(contract, self._push_http).call(shape, arguments, message_id=message.idempotency_key)
        push = self._job.push
        success, ack = (push.success, push.ack) if push else (EMPTY, EMPTY)
        return soap_proof.prove(soap_answer.read(response, shape), shape, success=success, ack=ack)

    def preview(self, message: Delivery) -> bytes:
        """Return the SOAP Body that ``send`` would carry, without credentials; nothing is sent."""
        contract, shape, arguments = self._prepared(message)
        return self._caller(contract, self._push_http).preview(shape, arguments)

    def _prepared(self, message: Delivery) -> tuple[Contract, Shape, Mapping[str, Any]]:
        """Choose the operation and put the message into its types."""
        push = self._job.push
        topic = Topic.parse(message.topic)
        declared = push.mapping if push else None
        values: Mapping[str, Any] = message.payload
        if declared is not None:
            values = mapping.apply(declared, message.payload, message.meta)
        contract = self._source.contract(push.request if push else EMPTY)
        shape = self._push_shape(contract, message.topic, values)
        noun = topic.noun if topic and declared is None else ()
        return contract, shape, soap_values.to_xml(shape.inputs, soap_inference.unwrapped(shape, values), noun=noun)

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
        spec = pull.cursor if pull else None
        arguments: dict[str, Any] = {}
        if spec is not None and (since := soap_pull.asked_for(cursor, spec)) is not None:
            arguments[spec.parameter] = since
        if "size" in paging and pull is not None:
            arguments[paging["size"]] = pull.page_size
        caller = self._caller(contract, self._pull_http)
        reached, tokens = cursor, set[str]()
        while True:
            try:
                asked = soap_values.to_xml(shape.inputs, arguments)
            except errors.UnmappablePayload as error:
                raise errors.ContractMismatch(f"'pull.cursor' or 'pull.request.page': {error}") from None
            answer = soap_answer.read(caller.call(shape, asked), shape)
            rows = mapping.find(records_path, answer) or []
            rows = rows if isinstance(rows, list) else [rows]
            reached = soap_pull.furthest(reached, spec, rows)
            token = mapping.find(paging["next"], answer) if "next" in paging else None
            more = token not in (None, "", False)
            yield Page(records=self._mapped(rows), cursor=cursor if more else reached, more=more)
            if not more:
                return
            if str(token) in tokens or "after" not in paging:
                raise errors.OutcomeUnknown("The vendor's pages lead back to one we have seen.", code="page_loop")
            tokens.add(str(token))
            arguments[paging["after"]] = token

    def ping(self) -> None:
        """Return if the vendor's health page answers 2xx within the heartbeat's timeout.

        :raises errors.NotSent: not reached · :raises errors.OutcomeUnknown: reached, and anything but a 2xx
        """
        heartbeat = self._job.heartbeat
        path = str((heartbeat.request if heartbeat else EMPTY).get("path") or "/health")
        timeout = heartbeat.timeout if heartbeat else _PING_TIMEOUT
        http = client_for(self._job, self._credentials, timeout=timeout, max_bytes=_DEFAULT_BYTES)
        try:
            response = http.request("GET", urljoin(self._job.target_endpoint, path), headers={})
        finally:
            http.close()
        if response.status // 100 != _SUCCESS:
            raise errors.OutcomeUnknown(
                f"The vendor's health page answers HTTP {response.status}.", code=f"http_{response.status}"
            )

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

    def _caller(self, contract: Contract, http: GuardedClient) -> SoapCaller:
        if (id(contract), id(http)) not in self._callers:
            self._callers[id(contract), id(http)] = SoapCaller(
                contract, endpoint=self._job.target_endpoint, http=http, credentials=self._credentials
            )
        return self._callers[id(contract), id(http)]

    def _mapped(self, rows: list[Any]) -> tuple[Mapping[str, Any], ...]:
        declared = self._job.pull.mapping if self._job.pull else None
        records = [row if isinstance(row, dict) else {"value": row} for row in rows]
        if declared is None:
            return tuple(records)
        return tuple(mapping.apply(declared, record, {"job": self._job.id}) for record in records)
