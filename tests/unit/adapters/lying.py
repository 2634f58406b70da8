"""Makes a vendor's raw reply out of one line of ``lies/*.yaml``."""

from __future__ import annotations

import gzip
import socket
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from tests.unit.adapters.liar import COURT, SOAP, http, scheduled, soap

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FOLDER = Path(__file__).parent / "lies"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
XSI = "http://www.w3.org/2001/XMLSchema-instance"

_YES = scheduled()
_INNER = _YES.partition("<s:Body>")[2].partition("</s:Body>")[0]
_ANSWER = f'<r:ScheduleHearingResponse xmlns:r="{COURT}" xmlns:xsi="{XSI}">{{}}</r:ScheduleHearingResponse>'
_FAULT = "<s:Fault><faultcode>{}</faultcode><faultstring>Jane Doe</faultstring></s:Fault>"
_FAULT_12 = (
    "<e:Fault><e:Code><e:Value>{}</e:Value></e:Code>"
    "<e:Reason><e:Text xml:lang='en'>Jane Doe</e:Text></e:Reason></e:Fault>"
)
_LAUGHS = '<!DOCTYPE a [<!ENTITY l0 "lol">' + "".join(
    f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9)
)  # fmt: skip
_TOKENS: Mapping[str, Callable[[], str]] = {
    "yes": lambda: _YES,
    "inner": lambda: _INNER,
    "size": lambda: str(len(_YES)),
    "twice": lambda: str(2 * len(_YES)),
    "hex": lambda: f"{len(_YES):x}",
    "ns11": lambda: SOAP,
    "digits": lambda: "9" * 5000,
    "headers": lambda: "X-Header: y\r\n" * 1000,
    "kilobytes": lambda: "x" * 100_000,
    "continues": lambda: "HTTP/1.1 100 Continue\r\n\r\n" * 10_000,
    "long": lambda: "C1" * 700_000,
    "laughs": lambda: _LAUGHS + "]>" + _YES.replace("COURT-1", "&l9;"),
    "attribute_laughs": lambda: _LAUGHS + "]>" + _YES.replace("<s:Body>", '<s:Body x="&l9;">'),
    "swelling": lambda: f'<!DOCTYPE a [<!ENTITY b "{"b" * 50_000}">]>{_YES.replace("COURT-1", "&b;" * 50_000)}',
    "deep": lambda: "<a>" * 1000 + "</a>" * 1000,
    "deep300": lambda: "<a>" * 300 + "</a>" * 300,
    "many": lambda: "<r:ConfirmationNumber>C1</r:ConfirmationNumber>" * 20_000 + "<r:Disposition>OK</r:Disposition>",
    "attributes": lambda: _YES.replace("<s:Body>", "<s:Body " + " ".join(f'a{n}="x"' for n in range(50_000)) + ">"),
    "namespaces": lambda: _YES.replace(
        "<s:Body>", "<s:Body " + " ".join(f'xmlns:n{n}="urn:{n}"' for n in range(30_000)) + ">"
    ),
}


def cases() -> list[dict[str, Any]]:
    """Return every lie of every file."""
    return [case for path in sorted(FOLDER.glob("*.yaml")) for case in yaml.safe_load(path.read_text(encoding="utf-8"))]


def reply(case: Mapping[str, Any], hosts: Mapping[str, str]) -> bytes:
    """Return the bytes a vendor says."""
    if "raw" in case:
        return _filled(case["raw"], hosts).encode(case.get("charset", "utf-8"))
    text = _filled(_body(case), hosts)
    if "replace" in case:
        text = text.replace(*case["replace"])
    body = text.encode(case.get("encode", case.get("charset", "utf-8")))
    if "packed" in case:
        body = gzip.compress(body)[slice(*case["packed"])] + _filled(case.get("behind", ""), hosts).encode()
    headers = "".join(f"{_filled(line, hosts)}\r\n" for line in case.get("headers", ()))
    raw = http(body, status=case.get("status", "200 OK"), headers=headers)
    return raw.replace(f"Content-Length: {len(body)}\r\n".encode(), b"") if case.get("length") == "none" else raw


def speaker(case: Mapping[str, Any], hosts: Mapping[str, str]) -> bytes | Callable[[socket.socket], None]:
    """Return a script: say it and stay, or say it and hang up, politely or not."""
    raw = reply(case, hosts)
    if "then" not in case and raw:
        return raw

    def script(conn: socket.socket) -> None:
        conn.sendall(raw)
        if case.get("then") == "reset":
            conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif case.get("then") != "close":
            conn.recv(1)

    return script


def _body(case: Mapping[str, Any]) -> str:
    if "body" in case:
        return str(case["body"])
    if "soap12" in case or "fault12" in case:
        said = case.get("soap12") or _FAULT_12.format(case["fault12"])
        return f'<e:Envelope xmlns:e="{SOAP_12}"><e:Body>{said}</e:Body></e:Envelope>'
    if "reference" in case or "status_word" in case:
        return scheduled(case.get("reference", "COURT-1"), case.get("status_word", "SCHEDULED"))
    if "fault" in case:
        return soap(_FAULT.format(case["fault"]))
    if "answer" in case:
        return soap(_ANSWER.format(case["answer"]))
    return soap(case.get("soap", _INNER))


def _filled(text: str, hosts: Mapping[str, str]) -> str:
    for name, make in {**_TOKENS, **{name: lambda host=host: host for name, host in hosts.items()}}.items():
        if f"{{{name}}}" in text:
            text = text.replace(f"{{{name}}}", make())
    return text
