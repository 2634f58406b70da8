"""SOAP 1.1 as this court reads and writes it: strictly, and without anybody's SOAP library."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING, Any

from lxml import etree

from hms_syn.sandbox.court_records import Call
from hms_syn.sandbox.moments import a_moment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lxml.etree import _Element as Element

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
WSA = "http://www.w3.org/2005/08/addressing"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
COURT = "urn:county-court:calendar:1998"
UNDERSTOOD = frozenset({WSA, WSSE})

DATE = re.compile(r"(\d{4}-\d\d-\d\d)(?:Z|[+-]\d\d:\d\d)?")
BODY = re.compile(rb"<(?:[\w.-]+:)?Body[ >].*", re.DOTALL)
INT = range(-(2**31), 2**31)


class Fault(Exception):
    """An answer that is a SOAP Fault; ``code`` is Client, Server, MustUnderstand, VersionMismatch or a wsse word."""

    def __init__(self, text: str, *, code: str = "Client", status: int = 500) -> None:
        super().__init__(text)
        self.text, self.code, self.status = text, code, status

    def __bytes__(self) -> bytes:
        body = etree.Element(f"{{{SOAP}}}Fault", nsmap={"wsse": WSSE} if self.code.startswith("wsse:") else None)
        etree.SubElement(body, "faultcode").text = self.code if ":" in self.code else f"soap:{self.code}"
        etree.SubElement(body, "faultstring").text = self.text
        return envelope(body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """An envelope, opened but not yet read in full: ``call`` holds what is known so far, enough to log it."""

    call: Call
    security: Element | None
    body: Element

    def read(self) -> Call:
        """Return the call with every field present, in its place and of its type; refuse anything else."""
        name = etree.QName(self.body)
        fields = OPERATIONS.get(name.localname) if name.namespace == COURT else None
        if fields is None:
            raise Fault(f"{name.localname} is not an operation of this court")
        values: dict[str, Any] = {}
        waiting = list(self.body)
        for field, (parse, required) in fields.items():
            if waiting and waiting[0].tag == f"{{{COURT}}}{field}":
                values[field] = _value(waiting.pop(0), parse)
            elif required:
                raise Fault(f"{name.localname}: {field} is missing")
        if waiting:
            raise Fault(f"{name.localname}: {etree.QName(waiting[0]).localname} is not expected here")
        return replace(self.call, values=values)


def opened(data: bytes, *, content_type: str = "text/xml") -> Letter:
    """Open an envelope; a document type, another SOAP version or a header we must but cannot understand is refused."""
    if content_type != "text/xml":
        raise Fault("SOAP 1.1 travels as text/xml", status=415)
    root = _parse(data)
    if root.tag != f"{{{SOAP}}}Envelope":
        is_soap = etree.QName(root).localname == "Envelope"
        raise Fault("this is not a SOAP 1.1 envelope", code="VersionMismatch" if is_soap else "Client")
    bodies = root.findall(f"{{{SOAP}}}Body")
    if len(bodies) != 1 or len(bodies[0]) != 1:
        raise Fault("an envelope has one Body, and a Body has one request")
    body = bodies[0][0]
    headers = [block for header in root.findall(f"{{{SOAP}}}Header") for block in header]
    ids = [_text(block) for block in headers if block.tag == f"{{{WSA}}}MessageID"]
    guards = [block for block in headers if block.tag == f"{{{WSSE}}}Security"]
    if len(ids) > 1 or len(guards) > 1:
        raise Fault("an envelope has at most one MessageID and one Security header")
    for block in headers:
        must = block.get(f"{{{SOAP}}}mustUnderstand") in {"1", "true"}
        if must and etree.QName(block).namespace not in UNDERSTOOD:
            raise Fault(f"the header {etree.QName(block).localname} is not understood", code="MustUnderstand")
    call = Call(
        operation=etree.QName(body).localname,
        values={etree.QName(field).localname: _text(field) for field in body},
        message_id="".join(ids),
    )
    return Letter(call=call, security=guards[0] if guards else None, body=body)


def digest(data: bytes) -> str:
    """Digest what a letter says: its Body as it stands in the bytes, without the headers; empty where there is none."""
    said = BODY.search(data)
    return hashlib.sha256(said[0]).hexdigest() if said else ""


def answer(operation: str, fields: Mapping[str, Any], *, relates_to: str = "") -> bytes:
    """Write the operation's response; a list repeats its element, a mapping nests, None leaves the element out."""
    response = etree.Element(f"{{{COURT}}}{operation}Response", nsmap={"court": COURT})
    _fill(response, fields)
    return envelope(response, relates_to=relates_to)


def envelope(child: Element, *, relates_to: str = "") -> bytes:
    """Put an element into an envelope that says which message it answers."""
    root = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP})
    if relates_to:
        header = etree.SubElement(root, f"{{{SOAP}}}Header")
        etree.SubElement(header, f"{{{WSA}}}RelatesTo", nsmap={"wsa": WSA}).text = relates_to
    etree.SubElement(root, f"{{{SOAP}}}Body").append(child)
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")


def _a_date(text: str) -> date:
    found = DATE.fullmatch(text.strip())
    if found is None:
        raise ValueError("not a date such as 2024-09-02")
    return date.fromisoformat(found.group(1))


def _a_number(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,20}", text.strip()) or int(text) not in INT:
        raise ValueError("not a whole number")
    return int(text)


def _a_word(text: str) -> str:
    if not text.strip():
        raise ValueError("empty")
    return text


OPERATIONS: dict[str, dict[str, tuple[Callable[[str], Any], bool]]] = {
    "CreateHearing": {"caseId": (_a_word, True), "hearingDate": (_a_date, True)},
    "CancelHearing": {"reference": (_a_word, True)},
    "GetHearing": {"reference": (_a_word, True)},
    "FindHearing": {"messageId": (_a_word, False), "caseId": (_a_word, False)},
    "ListHearingChanges": {
        "changedSince": (a_moment, False),
        "pageSize": (_a_number, False),
        "after": (_a_word, False),
    },
}
"""Each operation's fields in their order: how to read one, and whether it must be there."""


def _parse(data: bytes) -> Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True, huge_tree=False
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError:
        raise Fault("this is not well-formed XML") from None
    docinfo: Any = root.getroottree().docinfo
    if docinfo.internalDTD is not None or docinfo.externalDTD is not None:
        raise Fault("a document type has no place in a SOAP message")
    return root


def _value(element: Element, parse: Callable[[str], Any]) -> Any:
    name = etree.QName(element).localname
    if len(element):
        raise Fault(f"{name}: text is expected, not elements")
    try:
        return parse(element.text or "")
    except ValueError as error:
        raise Fault(f"{name}: {error}") from None


def _text(element: Element) -> str:
    return (element.text or "").strip()


def _fill(parent: Element, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        for each in value if isinstance(value, list) else [value]:
            child = etree.SubElement(parent, f"{{{COURT}}}{name}")
            if isinstance(each, dict):
                _fill(child, each)
            elif isinstance(each, datetime):
                child.text = each.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
            else:
                child.text = each.isoformat() if isinstance(each, date) else str(each)
