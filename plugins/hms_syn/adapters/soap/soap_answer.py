"""What a SOAP vendor's HTTP answer means: a typed answer, a clear no, "later", or nothing that proves anything."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from lxml import etree
from zeep import ns
from zeep.exceptions import Error as ZeepError

from hms_syn import errors
from hms_syn.adapters import http_status
from hms_syn.adapters.soap import soap_values

if TYPE_CHECKING:
    from hms_syn.adapters.http_client import Response
    from hms_syn.adapters.soap.soap_shape import Shape

_CLIENT_ERROR = 4
_RELATES_TO = f"{{*}}Header/{{{ns.WSA}}}RelatesTo"
_NIL = f"{{{ns.XSI}}}nil"
_SOAP = frozenset({ns.SOAP_ENV_11, ns.SOAP_ENV_12})


def read(response: Response, shape: Shape, *, message_id: str) -> dict[str, Any]:
    """Return the answer of this operation as plain JSON values; one that names another message is not ours.

    :raises errors.VendorBusy: "later" · :raises errors.LoginRefused: the vendor does not know us
    :raises errors.VendorRefused: a clear no
    :raises errors.ContractMismatch: we asked at the wrong place · :raises errors.OutcomeUnknown: anything else
    """
    http_status.check(response)
    envelope = _parse(response)
    if not isinstance(envelope, str):
        _check_fault(envelope, response)
    if response.status != HTTPStatus.OK:
        raise http_status.failure(response)
    if isinstance(envelope, str):
        raise http_status.unknown(response, envelope)
    _check_relation(envelope, response, message_id)
    return _typed(_only_child(envelope, response, shape), response, shape)


def _parse(response: Response) -> etree._Element | str:
    """Return the SOAP envelope, or the code that says why there is none."""
    if not response.body.strip():
        return "empty"
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(response.body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return "html" if b"<html" in response.body[:1024].lower() else "bad_xml"
    if _has_doctype(root):
        return "dtd"
    name = etree.QName(root)
    return root if name.localname == "Envelope" and name.namespace in _SOAP else "not_soap"


def _has_doctype(root: etree._Element) -> bool:
    docinfo: Any = root.getroottree().docinfo
    return bool(docinfo.doctype)


def _check_fault(envelope: etree._Element, response: Response) -> None:
    """Raise what a SOAP fault means, by the part of its code that the standards define."""
    namespace = etree.QName(envelope).namespace
    fault = envelope.find(f"{{{namespace}}}Body/{{{namespace}}}Fault")
    if fault is None:
        return
    # What a vendor says in the fault's detail is its own affair, also where it looks like a code.
    places = [*fault.findall("faultcode"), *fault.findall(f"{{{namespace}}}Code")]
    codes = {word for place in places for text in place.itertext() for word in re.split(r"[:.]", str(text).strip())}
    if {"FailedAuthentication", "InvalidSecurity", "InvalidSecurityToken", "FailedCheck"} & codes:
        raise errors.LoginRefused(
            "The vendor does not accept our credentials (SOAP fault); check the job's connection.",
            code="soap_auth_fault",
            retry_after=http_status.LOGIN_WAIT,
        )
    if {"Client", "Sender"} & codes:
        raise errors.VendorRefused("The vendor refused this message (SOAP client fault).", code="soap_client_fault")
    if {"VersionMismatch", "MustUnderstand", "DataEncodingUnknown"} & codes:
        raise errors.ContractMismatch(
            "The vendor does not understand our kind of SOAP message; check its WSDL and 'request'.",
            code="soap_version_fault",
        )
    if {"Server", "Receiver"} & codes:
        raise http_status.unknown(response, "soap_server_fault")
    raise (
        http_status.failure(response)
        if response.status // 100 == _CLIENT_ERROR
        else http_status.unknown(response, "soap_fault")
    )


def _check_relation(envelope: etree._Element, response: Response, message_id: str) -> None:
    """Refuse an answer whose WS-Addressing header says that it belongs to another message."""
    named = [str(element.text or "").strip().lower() for element in envelope.iterfind(_RELATES_TO)]
    if any(named) and not any(name.endswith(message_id.lower()) for name in named):
        raise http_status.unknown(response, "other_message")


def _only_child(envelope: etree._Element, response: Response, shape: Shape) -> etree._Element:
    """Return the one element of the body, which must be the operation's declared answer."""
    namespace = etree.QName(envelope).namespace
    if namespace != shape.envelope_namespace:
        raise http_status.unknown(response, "other_soap_version")
    bodies = envelope.findall(f"{{{namespace}}}Body")
    if len(bodies) != 1:
        raise http_status.unknown(response, "no_body")
    if len(bodies[0]) != 1:
        raise http_status.unknown(response, "empty_body" if not len(bodies[0]) else "crowded_body")
    if bodies[0][0].tag not in shape.answers:
        raise http_status.unknown(response, "foreign_body")
    return bodies[0][0]


def _typed(answer: etree._Element, response: Response, shape: Shape) -> dict[str, Any]:
    """Return the answer through the WSDL's types, an outer element's fields also directly."""
    for element in answer.iter():
        children = list(element)
        if element.get(_NIL) in ("true", "1") and (children or (element.text or "").strip()):
            raise http_status.unknown(response, "nil_with_content")
        if children and any(text and text.strip() for text in (element.text, *(child.tail for child in children))):
            raise http_status.unknown(response, "mixed_content")
    output: Any = shape.operation.output
    try:
        value = output._deserialize_body(answer.getparent())["body"]  # noqa: SLF001 - the public one unwraps and loses names
    except (ZeepError, ValueError, TypeError, LookupError, AttributeError):
        raise http_status.unknown(response, "bad_answer") from None
    plain = soap_values.to_json(value)
    if not isinstance(plain, dict):
        return {} if plain is None else {output.body.name: plain}
    inner = next(iter(plain.values())) if len(plain) == 1 else None
    return {**inner, **plain} if isinstance(inner, dict) else plain
