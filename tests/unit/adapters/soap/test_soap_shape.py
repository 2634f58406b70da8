"""Operations as the adapter sees them."""

from __future__ import annotations

import pytest
from tests.unit.adapters.liar import court, court_job, hearing, http, liar
from tests.unit.adapters.wsdls import NAMESPACE, element, shape, wrapped, wsdl

from hms_syn import errors
from hms_syn.adapters.soap import soap_shape
from hms_syn.domain.job_spec import Push

ASK = element("caseId") + element("hearingDate", "xs:date")
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"


def test_an_operation_prints_as_its_signature():
    """What an officer reads is names, types, lists and what may be left out."""
    found = shape(ASK + element("note", low=0), wrapped("row", element("id"), high="unbounded"))
    assert str(found) == ("CreateHearing(caseId: string, hearingDate: date, note: string?) -> (row: {id: string}[])")


def test_leaves_and_lists_are_told_apart():
    """A reference stands once; records stand in a list."""
    found = shape(ASK, element("next") + wrapped("page", element("row", high="unbounded") + element("size")))
    assert [path for path, _ in soap_shape.leaves(found.outputs)] == ["next", "page.size"]
    assert [path for path, _ in soap_shape.repeated(found.outputs)] == ["page.row"]


def test_a_choice_requires_none_of_its_branches():
    """Either will do, so neither is required."""
    found = shape(f"{element('a')}<xs:choice>{element('b')}{element('c')}</xs:choice>")
    assert [field.required for field in found.inputs] == [True, False, False]


def send(tmp_path, text: str, answer: str):
    (tmp_path / "v.wsdl").write_text(text)
    with liar(http(answer)) as peer:
        job = court_job(peer.origin, file=str(tmp_path / "j.yaml"), push=Push(request={"wsdl": "v.wsdl"}, timeout=0.6))
        return court(job).send(hearing()), peer.requests[0]


def test_soap_12_is_spoken(tmp_path):
    """The WSDL's binding decides on the envelope and the content type."""
    text = wsdl(CreateHearing=(ASK, element("reference"))).replace("wsdl/soap/", "wsdl/soap12/")
    answer = (
        f'<s:Envelope xmlns:s="{SOAP_12}"><s:Body><CreateHearingResponse xmlns="{NAMESPACE}"><reference>R1</reference>'
        "</CreateHearingResponse></s:Body></s:Envelope>"
    )
    ack, request = send(tmp_path, text, answer)
    assert ack.reference == "R1"
    assert SOAP_12.encode() in request
    assert b"application/soap+xml" in request
    with pytest.raises(errors.OutcomeUnknown) as caught:
        send(tmp_path, text, answer.replace(SOAP_12, SOAP_11))
    assert caught.value.code == "other_soap_version"


def test_rpc_is_spoken(tmp_path):
    """Older courts describe parameters one by one."""
    text = (
        wsdl(CreateHearing=("", ""))
        .replace('style="document"', 'style="rpc"')
        .replace('<soap:body use="literal"/>', f'<soap:body use="literal" namespace="{NAMESPACE}"/>')
        .replace(
            '<part name="p" element="t:CreateHearing"/>',
            '<part name="caseId" type="xs:string"/><part name="hearingDate" type="xs:date"/>',
        )
        .replace('<part name="p" element="t:CreateHearingResponse"/>', '<part name="reference" type="xs:string"/>')
    )
    answer = (
        f'<s:Envelope xmlns:s="{SOAP_11}"><s:Body><r:CreateHearingResponse xmlns:r="{NAMESPACE}">'
        "<reference>R1</reference></r:CreateHearingResponse></s:Body></s:Envelope>"
    )
    ack, request = send(tmp_path, text, answer)
    assert ack.reference == "R1"
    assert b"<caseId>HUD-22-109</caseId>" in request


def test_an_answer_inside_one_outer_element_is_found(tmp_path):
    """The reference may stand one level down."""
    text = wsdl(CreateHearing=(wrapped("hearing", ASK), wrapped("receipt", element("reference") + element("status"))))
    answer = (
        f'<s:Envelope xmlns:s="{SOAP_11}"><s:Body><CreateHearingResponse xmlns="{NAMESPACE}"><receipt>'
        "<reference>R1</reference><status>OK</status></receipt></CreateHearingResponse></s:Body></s:Envelope>"
    )
    ack, request = send(tmp_path, text, answer)
    assert (ack.reference, ack.status) == ("R1", "OK")
    assert b"hearing>" in request
