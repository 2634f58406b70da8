"""What a SOAP vendor's HTTP answer means: a typed answer, a clear no, "later", or nothing that proves anything."""

from __future__ import annotations

import datetime as dt
import email.utils
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from lxml import etree
from zeep import ns
from zeep.exceptions import Error as ZeepError

from hms_syn import errors
from hms_syn.adapters import soap_values

if TYPE_CHECKING:
    from hms_syn.adapters.http_client import Response
    from hms_syn.adapters.soap_shape import Shape

LONGEST_WAIT = 3600.0
_AUTH_WAIT = 60.0
_SUCCESS, _REDIRECTION, _CLIENT_ERROR = 2, 3, 4
_REFUSALS = frozenset({400, 413, 422})
_WRONG_PLACE = frozenset({404, 405, 406, 407, 410, 411, 415, 426, 501, 505})
_SOAP = frozenset({ns.SOAP_ENV_11, ns.SOAP_ENV_12})


def read(response: Response, shape: Shape) -> dict[str, Any]:
    """Return the answer of this operation as plain JSON values.

    :raises errors.VendorBusy: "later", or the vendor does not know us · :raises errors.VendorRefused: a clear no
    :raises errors.ContractMismatch: we asked at the wrong place · :raises errors.OutcomeUnknown: anything else
    """
    _check_busy(response)
    envelope = _parse(response)
    if not isinstance(envelope, str):
        _check_fault(envelope, response)
    if response.status != HTTPStatus.OK:
        raise _by_status(response)
    if isinstance(envelope, str):
        raise _unknown(response, envelope)
    return _typed(_only_child(envelope, response, shape), response, shape)


def retry_after(text: str | None) -> float | None:
    """Return the seconds a ``Retry-After`` header asks for, at most an hour; None for junk."""
    if text is None:
        return None
    if re.fullmatch(r"[0-9]{1,20}", text.strip()):
        return min(float(text), LONGEST_WAIT)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.timezone.utc)
    wait = (moment - dt.datetime.now(dt.timezone.utc)).total_seconds()
    return min(max(wait, 0.0), LONGEST_WAIT)


def _check_busy(response: Response) -> None:
    status = response.status
    if status in (401, 403):
        raise errors.VendorBusy(
            f"The vendor does not accept our credentials (HTTP {status}); check the job's connection.",
            code=f"http_{status}",
            retry_after=_AUTH_WAIT,
        )
    if status in (425, 429, 503):
        wait = retry_after(response.headers.get("retry-after"))
        raise errors.VendorBusy(
            f"The vendor asked us to come back later (HTTP {status}).", code=f"http_{status}", retry_after=wait
        )
    if status // 100 == _REDIRECTION:
        raise _unknown(response, "redirect")


def _by_status(response: Response) -> errors.SynError:
    status = response.status
    code = f"http_{status}"
    if status in _REFUSALS:
        return errors.VendorRefused(f"The vendor refused this message (HTTP {status}).", code=code)
    if status in _WRONG_PLACE:
        return errors.ContractMismatch(
            f"The vendor does not serve this operation at target_endpoint (HTTP {status}); correct the endpoint.",
            code=code,
        )
    return _unknown(response, "empty" if not response.body and status // 100 == _SUCCESS else code)


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
        raise errors.VendorBusy(
            "The vendor does not accept our credentials (SOAP fault); check the job's connection.",
            code="soap_auth_fault",
            retry_after=_AUTH_WAIT,
        )
    if {"Client", "Sender"} & codes:
        raise errors.VendorRefused("The vendor refused this message (SOAP client fault).", code="soap_client_fault")
    if {"VersionMismatch", "MustUnderstand", "DataEncodingUnknown"} & codes:
        raise errors.ContractMismatch(
            "The vendor does not understand our kind of SOAP message; check its WSDL and 'request'.",
            code="soap_version_fault",
        )
    if {"Server", "Receiver"} & codes:
        raise _unknown(response, "soap_server_fault")
    raise _by_status(response) if response.status // 100 == _CLIENT_ERROR else _unknown(response, "soap_fault")


def _only_child(envelope: etree._Element, response: Response, shape: Shape) -> etree._Element:
    """Return the one element of the body, which must be the operation's declared answer."""
    namespace = etree.QName(envelope).namespace
    if namespace != shape.envelope_namespace:
        raise _unknown(response, "other_soap_version")
    bodies = envelope.findall(f"{{{namespace}}}Body")
    if len(bodies) != 1:
        raise _unknown(response, "no_body")
    if len(bodies[0]) != 1:
        raise _unknown(response, "empty_body" if not len(bodies[0]) else "crowded_body")
    if bodies[0][0].tag not in shape.answers:
        raise _unknown(response, "foreign_body")
    return bodies[0][0]


def _typed(answer: etree._Element, response: Response, shape: Shape) -> dict[str, Any]:
    """Return the answer through the WSDL's types, an outer element's fields also directly."""
    for element in answer.iter():
        children = list(element)
        if children and any(text and text.strip() for text in (element.text, *(child.tail for child in children))):
            raise _unknown(response, "mixed_content")
    output: Any = shape.operation.output
    try:
        value = output._deserialize_body(answer.getparent())["body"]  # noqa: SLF001 - the public one unwraps and loses names
    except (ZeepError, ValueError, TypeError, LookupError, AttributeError):
        raise _unknown(response, "bad_answer") from None
    plain = soap_values.to_json(value)
    if not isinstance(plain, dict):
        return {} if plain is None else {output.body.name: plain}
    inner = next(iter(plain.values())) if len(plain) == 1 else None
    return {**inner, **plain} if isinstance(inner, dict) else plain


def _unknown(response: Response, code: str) -> errors.OutcomeUnknown:
    return errors.OutcomeUnknown(
        f"The vendor's answer proves nothing ({code}, HTTP {response.status}, {response.fingerprint}).", code=code
    )
