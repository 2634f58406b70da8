"""The way of an envelope to the vendor: zeep builds it, the guarded client sends it, nothing is read here."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lxml import etree
from zeep import Client, Plugin, Settings, ns
from zeep.exceptions import Error as ZeepError
from zeep.wsa import WSA
from zeep.wsdl.utils import get_or_create_header

from hms_syn import errors
from hms_syn.adapters import wsse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hms_syn.adapters.http_client import GuardedClient, Response
    from hms_syn.adapters.soap_contract import Contract
    from hms_syn.adapters.soap_shape import Shape
    from hms_syn.ports import Credentials


class SoapCaller:
    """Calls operations of one contract at one endpoint, whatever address the WSDL gives."""

    def __init__(
        self, contract: Contract, *, endpoint: str, http: GuardedClient, credentials: Credentials | None
    ) -> None:
        self._endpoint = endpoint
        self._addressing = _Addressing(endpoint)
        self._client = Client(  # type: ignore[no-untyped-call]
            contract.document,
            transport=_Post(http, wsse.http_headers(credentials)),
            wsse=wsse.token(credentials),
            plugins=[self._addressing],
            settings=Settings(strict=True, forbid_dtd=True, forbid_entities=True, raw_response=True),
        )

    def call(self, shape: Shape, arguments: Mapping[str, Any], *, message_id: str | None = None) -> Response:
        """Send one request and return the HTTP answer; ``message_id`` is the UUID that marks a repeat as one.

        :raises errors.UnmappablePayload: the envelope cannot be built, so nothing was sent
        :raises errors.SynError: as :meth:`GuardedClient.request` does
        """
        service = self._client.create_service(shape.operation.binding.name.text, self._endpoint)  # type: ignore[no-untyped-call]
        self._addressing.mark(message_id or str(uuid.uuid4()), shape.action)
        body = dict(arguments) if shape.wrapper is None else {shape.wrapper: dict(arguments)}
        with _building(shape):
            response: Response = service[shape.name](**body)
        return response

    def preview(self, shape: Shape, arguments: Mapping[str, Any]) -> bytes:
        """Return the SOAP Body of the request that ``call`` would send; no header, so no credential, is in it.

        :raises errors.UnmappablePayload: the envelope cannot be built
        """
        body = dict(arguments) if shape.wrapper is None else {shape.wrapper: dict(arguments)}
        service = self._client.create_service(shape.operation.binding.name.text, self._endpoint)  # type: ignore[no-untyped-call]
        with _building(shape):
            envelope = self._client.create_message(service, shape.name, **body)  # type: ignore[no-untyped-call]
        return etree.tostring(envelope.find("{*}Body"), encoding="utf-8")


@contextmanager
def _building(shape: Shape) -> Iterator[None]:
    """Say of whatever zeep meets while it builds an envelope that the payload does not fit."""
    try:
        yield
    except (ZeepError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise errors.UnmappablePayload(
            f"The payload does not fit {shape.name} of the vendor's contract ({type(error).__name__}); "
            f"nothing was sent."
        ) from None


class _Post:
    """What zeep takes for its transport while it calls."""

    def __init__(self, http: GuardedClient, headers: Mapping[str, str]) -> None:
        self._http = http
        self._headers = headers

    def load(self, _url: str) -> bytes:
        raise errors.ContractMismatch("A call of an operation must not load documents.")

    def post_xml(self, address: str, envelope: etree._Element, headers: Mapping[str, str]) -> Response:
        body = etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
        return self._http.request("POST", address, headers={**headers, **self._headers}, body=body)


class _Addressing(Plugin):
    """WS-Addressing headers with a MessageID that stays the same on every attempt."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._message_id = ""
        self._action = ""

    def mark(self, message_id: str, action: str) -> None:
        self._message_id, self._action = message_id, action

    def egress(
        self, envelope: etree._Element, http_headers: dict[str, str], operation: Any, binding_options: Any
    ) -> tuple[etree._Element, dict[str, str]]:
        del operation, binding_options
        header = get_or_create_header(envelope)  # type: ignore[no-untyped-call]
        for element in header.findall(f"{{{ns.WSA}}}*"):
            header.remove(element)
        header.extend([WSA.Action(self._action), WSA.MessageID(f"urn:uuid:{self._message_id}"), WSA.To(self._endpoint)])
        etree.cleanup_namespaces(header, keep_ns_prefixes=list(header.nsmap), top_nsmap={"wsa": ns.WSA})
        return envelope, http_headers
