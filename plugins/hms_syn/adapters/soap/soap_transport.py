"""The way of an envelope to the vendor: built with the contract's types, sent by the guarded client, read elsewhere."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lxml import etree
from zeep import ns
from zeep.exceptions import Error as ZeepError

from hms_syn import errors
from hms_syn.adapters.soap import wsse
from hms_syn.domain.job_spec import EMPTY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hms_syn.adapters.http_client import GuardedClient, Response
    from hms_syn.adapters.soap.soap_shape import Shape
    from hms_syn.ports import Credentials

_ADDRESSING = {"wsa": ns.WSA}


class SoapCaller:
    """Calls operations at one endpoint, whatever address the WSDL gives."""

    def __init__(self, *, endpoint: str, http: GuardedClient, credentials: Credentials | None) -> None:
        self._endpoint = endpoint
        self._http = http
        self._headers = wsse.http_headers(credentials)
        self._token = wsse.token(credentials)

    def call(
        self, shape: Shape, arguments: Mapping[str, Any], *, message_id: str, more: Mapping[str, str] = EMPTY
    ) -> Response:
        """Send one request and return the HTTP answer; ``message_id`` is the UUID that marks a repeat as one.

        ``more`` are further HTTP headers.

        :raises errors.UnmappablePayload: the envelope cannot be built, so nothing was sent
        :raises errors.SynError: as :meth:`GuardedClient.request` does
        """
        return self._http.request(
            "POST",
            self._endpoint,
            headers={**_http_headers(shape), **more, **self._headers},
            body=_written(self._message(shape, arguments, message_id)),
        )

    def preview(self, shape: Shape, arguments: Mapping[str, Any], *, message_id: str) -> bytes:
        """Return the request that ``call`` would send, byte by byte; of a login's token each text is ``***``.

        So it is the same each time: what a token says anew in each request, its nonce and its time, is masked too.

        :raises errors.UnmappablePayload: the envelope cannot be built
        """
        envelope = self._message(shape, arguments, message_id)
        for part in envelope.iterfind(f".//{{{ns.WSSE}}}Security//*"):
            if len(part) == 0:
                part.text = wsse.MASK
        return _written(envelope)

    def _message(self, shape: Shape, arguments: Mapping[str, Any], message_id: str) -> etree._Element:
        """Return the whole envelope, with what addresses it and what logs us in."""
        envelope = _envelope(shape, arguments)
        header = etree.Element(f"{{{shape.envelope_namespace}}}Header", nsmap=_ADDRESSING)
        envelope.insert(0, header)
        texts = {"Action": shape.action, "MessageID": f"urn:uuid:{message_id}", "To": self._endpoint}
        for name, text in texts.items():
            etree.SubElement(header, f"{{{ns.WSA}}}{name}").text = text
        if self._token is not None:
            self._token.apply(envelope, {})  # type: ignore[no-untyped-call]
        return envelope


def _written(envelope: etree._Element) -> bytes:
    return etree.tostring(envelope, xml_declaration=True, encoding="utf-8")


def _envelope(shape: Shape, arguments: Mapping[str, Any]) -> etree._Element:
    """Return the envelope with its Body and no Header."""
    namespace = shape.envelope_namespace
    envelope = etree.Element(f"{{{namespace}}}Envelope", nsmap={"soap-env": namespace})
    body = etree.SubElement(envelope, f"{{{namespace}}}Body")
    content: Any = shape.operation.input
    with _building(shape):
        values = arguments if shape.wrapper is None else {shape.wrapper: arguments}
        content.body.render(body, content.body(**values))
    return envelope


def _http_headers(shape: Shape) -> Mapping[str, str]:
    action = shape.operation.soapaction or ""
    kind = "text/xml; charset=utf-8"
    if shape.envelope_namespace == ns.SOAP_ENV_12:
        kind = f'application/soap+xml; charset=utf-8; action="{action}"'
    return {"SOAPAction": f'"{action}"', "Content-Type": kind}


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
