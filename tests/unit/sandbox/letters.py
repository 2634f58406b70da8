"""What tests of the pretend court send to it, by hand-written bytes, and what they read in its answers."""

from __future__ import annotations

import http.client
import json
from datetime import date
from urllib.parse import urlsplit

import zeep
from lxml import etree

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
COURT = "urn:county-court:calendar:1998"
CREATE = f"<CreateHearing xmlns='{COURT}'><caseId>{{}}</caseId><hearingDate>{{}}</hearingDate></CreateHearing>"
KEY = "urn:uuid:5c2d1c4e-0000-4000-8000-000000000001"


def ask(url, method, path, body=None, headers=None):
    """One request on its own connection; status, headers and body as they came."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def letter(request, *, key=""):
    header = f"<wsa:MessageID xmlns:wsa='http://www.w3.org/2005/08/addressing'>{key}</wsa:MessageID>" if key else ""
    return f"<s:Envelope xmlns:s='{SOAP}'><s:Header>{header}</s:Header><s:Body>{request}</s:Body></s:Envelope>"


def post(url, request, *, key=""):
    body = letter(request, key=key).encode()
    return ask(url, "POST", "/soap", body, {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'})


def create(url, case="HUD-22-109", day="2024-09-02", *, key=KEY):
    return post(url, CREATE.format(case, day), key=key)


def texts(body):
    """Collect the texts of the answer's fields, by name."""
    return {
        etree.QName(e).localname: e.text for e in etree.fromstring(body).find(f"{{{SOAP}}}Body")[0].iter() if e.text
    }


def received(url):
    return json.loads(ask(url, "GET", "/received")[2])


def has_noted_a_visit(url):
    """Give what the court knows once it has noted a visit, which it does after its answer has left."""
    known = received(url)
    return known if known["visits"] else None


def fault(answer):
    """Give the status, code and text of an answer that is a fault."""
    found = texts(answer[2])
    return answer[0], found["faultcode"], found["faultstring"]


def enter(url, token):
    with zeep.Client(f"{url}/soap?wsdl", wsse=token) as soap:
        return soap.service.CreateHearing(caseId="A", hearingDate=date(2024, 9, 2))
