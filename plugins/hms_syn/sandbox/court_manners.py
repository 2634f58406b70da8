"""How the court behaves: well, or badly in one named way, for so many requests."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lxml import etree

from hms_syn.sandbox import court_envelope
from hms_syn.sandbox.court_envelope import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

XML = "text/xml; charset=utf-8"
HTML = "text/html; charset=utf-8"
LOGIN_PAGE = b"<!doctype html><html><head><title>Sign in</title><body><h1>Please sign in<br></h1></body></html>"

AFTER = MappingProxyType(
    {
        "slow": "does what it is asked, answers after a delay",
        "silent": "does what it is asked, never answers",
        "drop": "does what it is asked, closes the connection without an answer",
        "truncated": "does what it is asked, closes the connection in the middle of the answer",
        "drip": "does what it is asked, answers one byte at a time",
    }
)
"""Modes in which the request is carried out and the answer suffers."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer."""

    status: int = 200
    body: bytes = b""
    content_type: str = XML
    headers: Mapping[str, str] = field(default_factory=dict)


class Manners:
    """The present mode, shared by all threads; after ``times`` requests the court behaves well again."""

    def __init__(self, mode: str = "ok", *, times: int | None = None, delay: float = 5.0) -> None:
        self._lock = threading.Lock()
        self.delay = delay
        self.choose(mode, times=times)

    def choose(self, mode: str, *, times: int | None = None) -> None:
        """Behave in this way for so many requests, or until told otherwise."""
        if mode not in MODES:
            raise ValueError(f"mode must be one of: {', '.join(MODES)}")
        if times is not None and (type(times) is not int or times < 1):
            raise ValueError("times must be a whole number from 1, or null for ever")
        with self._lock:
            self._mode, self._times = mode, times

    def present(self) -> dict[str, Any]:
        """Tell the mode and for how many more requests it stands."""
        with self._lock:
            return {"mode": self._mode, "times": self._times}

    def take(self) -> str:
        """Use up one request's worth of the present mode and say which it is."""
        with self._lock:
            mode = self._mode
            if self._times is not None:
                self._times -= 1
                if self._times == 0:
                    self._mode, self._times = "ok", None
        return mode


def instead(mode: str, operation: str, *, relates_to: str = "") -> Answer:
    """Give what comes back in a mode of ``INSTEAD``, except for the reset, which is no answer."""
    if mode == "fault_client":
        return faulty(Fault("told to find fault with the request"))
    if mode == "fault_server":
        return faulty(Fault("told to fail", code="Server"))
    if mode in {"refuse", "missing_ack", "empty_ack"}:
        status = {"refuse": "REJECTED", "missing_ack": "ACCEPTED", "empty_ack": ""}[mode]
        fields = {"status": status} if mode == "missing_ack" else {"reference": "", "status": status}
        return Answer(body=court_envelope.answer(operation, fields, relates_to=relates_to))
    if mode == "foreign_body":
        weather = etree.Element("{urn:county-weather:2001}Forecast", nsmap={"w": "urn:county-weather:2001"})
        weather.text = "sunny"
        return Answer(body=court_envelope.envelope(weather, relates_to=relates_to))
    return {
        "http_503": Answer(status=503, body=b"busy\n", content_type="text/plain", headers={"Retry-After": "1"}),
        "http_500_html": Answer(status=500, body=LOGIN_PAGE, content_type=HTML),
        "html_200": Answer(body=LOGIN_PAGE, content_type=HTML),
        "garbage": Answer(body=b"\x00\xff\xfe<soap:Envelope>]]>\x1b[31mnot xml"),
        "empty_200": Answer(),
        "accepted_202_empty": Answer(status=202),
        "redirect": Answer(status=302, headers={"Location": "/elsewhere"}),
    }[mode]


def faulty(fault: Fault) -> Answer:
    """Put a fault on the wire; a failed login also says how to log in."""
    headers = {"WWW-Authenticate": 'WSSE realm="county-court", profile="UsernameToken"'} if fault.status == 401 else {}  # noqa: PLR2004 - HTTP
    return Answer(status=fault.status, body=bytes(fault), headers=headers)
