"""How the court behaves: well, or badly in one named way, for so many requests."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from lxml import etree

from hms_syn.sandbox import court_envelope
from hms_syn.sandbox.answers import HTML, LOGIN_PAGE, Answer
from hms_syn.sandbox.court_envelope import Fault
from hms_syn.sandbox.manners import AFTER, ModeOf

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["AFTER", "INSTEAD", "MODES", "XML", "Manners", "faulty", "instead", "xml"]

XML = "text/xml; charset=utf-8"

INSTEAD = MappingProxyType(
    {
        "fault_client": "a SOAP Fault soap:Client",
        "fault_server": "a SOAP Fault soap:Server",
        "refuse": "200 with status REJECTED and an empty reference",
        "http_503": "503 with Retry-After: 1",
        "http_500_html": "500 with an HTML page",
        "html_200": "200 with an HTML page",
        "garbage": "200 with bytes that are not XML",
        "empty_200": "200 with an empty body",
        "accepted_202_empty": "202 with an empty body",
        "foreign_body": "200 with somebody else's answer in the envelope",
        "missing_ack": "200 without the reference",
        "empty_ack": "200 with an empty reference and status",
        "redirect": "302 to /elsewhere",
        "reset": "the connection is reset",
    }
)
"""Modes in which nothing is recorded and something else comes back."""

MODES = ("ok", *INSTEAD, *AFTER)


class Manners(ModeOf):
    """The court's present mode."""

    def __init__(self, mode: str = "ok", *, times: int | None = None, delay: float = 5.0) -> None:
        super().__init__(MODES[1:], mode, times=times, delay=delay)


def instead(mode: str, operation: str, *, relates_to: str = "") -> Answer:
    """Give what comes back in a mode of ``INSTEAD``, except for the reset, which is no answer."""
    if mode == "fault_client":
        return faulty(Fault("told to find fault with the request"))
    if mode == "fault_server":
        return faulty(Fault("told to fail", code="Server"))
    if mode in {"refuse", "missing_ack", "empty_ack"}:
        status = {"refuse": "REJECTED", "missing_ack": "ACCEPTED", "empty_ack": ""}[mode]
        fields = {"status": status} if mode == "missing_ack" else {"reference": "", "status": status}
        return xml(court_envelope.answer(operation, fields, relates_to=relates_to))
    if mode == "foreign_body":
        weather = etree.Element("{urn:county-weather:2001}Forecast", nsmap={"w": "urn:county-weather:2001"})
        weather.text = "sunny"
        return xml(court_envelope.envelope(weather, relates_to=relates_to))
    return {
        "http_503": Answer(status=503, body=b"busy\n", content_type="text/plain", headers={"Retry-After": "1"}),
        "http_500_html": Answer(status=500, body=LOGIN_PAGE, content_type=HTML),
        "html_200": Answer(body=LOGIN_PAGE, content_type=HTML),
        "garbage": xml(b"\x00\xff\xfe<soap:Envelope>]]>\x1b[31mnot xml"),
        "empty_200": xml(b""),
        "accepted_202_empty": xml(b"", status=202),
        "redirect": xml(b"", status=302, headers={"Location": "/elsewhere"}),
    }[mode]


def faulty(fault: Fault) -> Answer:
    """Put a fault on the wire; a failed login also says how to log in."""
    headers = {"WWW-Authenticate": 'WSSE realm="county-court", profile="UsernameToken"'} if fault.status == 401 else {}  # noqa: PLR2004 - HTTP
    return xml(bytes(fault), status=fault.status, headers=headers)


def xml(body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """Answer in XML."""
    return Answer(status=status, body=body, content_type=XML, headers=headers or {})
