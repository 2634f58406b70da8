"""What an HTTP answer means."""

from __future__ import annotations

import pytest
from tests.unit.adapters.liar import COURT, court, court_job, hearing, http, liar, scheduled, soap

from hms_syn import errors


def outcome(raw: bytes):
    """Send one hearing to a court that answers with these bytes."""
    with liar(raw) as peer:
        return court(court_job(peer.origin)).send(hearing())


def fault(code: str) -> str:
    return soap(f"<s:Fault><faultcode>{code}</faultcode><faultstring>Jane Doe</faultstring></s:Fault>")


EMPTY_ACK = soap(
    f'<ScheduleHearingResponse xmlns="{COURT}"><ConfirmationNumber/><Disposition>OK</Disposition>'
    "</ScheduleHearingResponse>"
)
NO_ACK = soap(f'<ScheduleHearingResponse xmlns="{COURT}"><Disposition>OK</Disposition></ScheduleHearingResponse>')
BOMB = '<!DOCTYPE a [<!ENTITY b "COURT-1">]>' + scheduled("&b;")


def test_a_proper_answer_is_a_receipt():
    """The one way to be delivered."""
    assert outcome(http(scheduled())).reference == "COURT-1"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (http(status="302 Found", headers="Location: http://127.0.0.1:1/\r\n"), "redirect"),
        (http(scheduled(), status="307 Temporary Redirect"), "redirect"),
        (http(status="202 Accepted"), "empty"),
        (http(), "empty"),
        (http(scheduled(), status="201 Created"), "http_201"),
        (http("<html><body>Log in</body></html>"), "not_soap"),
        (http("<!doctype html><html><p>Log in<br></html>"), "html"),
        (http("<s:Env"), "bad_xml"),
        (http(b"\xff\xfe\x00"), "bad_xml"),
        (http(BOMB), "dtd"),
        (http(soap("")), "empty_body"),
        (
            http(soap('<Other xmlns="urn:county-court:calendar"><ConfirmationNumber>A</ConfirmationNumber></Other>')),
            "foreign_body",
        ),
        (http(scheduled().replace(COURT, "urn:other")), "foreign_body"),
        (http(scheduled().replace("</s:Body>", "<more/></s:Body>")), "crowded_body"),
        (http(scheduled("COURT<b/>-1")), "mixed_content"),
        (http(scheduled().replace("soap/envelope/", "soap/other/")), "not_soap"),
        (http(NO_ACK), "bad_answer"),
        (http(EMPTY_ACK), "ack_missing"),
        (http(scheduled("   ")), "ack_empty"),
        (http(scheduled(disposition="PENDING")), "status_unrecognised"),
        (http(scheduled(), status="500 Internal Server Error"), "http_500"),
        (http(status="502 Bad Gateway"), "http_502"),
        (http(status="409 Conflict"), "http_409"),
        (http(fault("s:Server"), status="500 Internal Server Error"), "soap_server_fault"),
        (http(fault("s:Server")), "soap_server_fault"),
        (http(fault("what"), status="500 Internal Server Error"), "soap_fault"),
        (http(scheduled(), length=len(scheduled()) + 1), "timeout"),
    ],
)
def test_everything_else_proves_nothing(raw, code):
    """F23, F24: each way to be fooled leaves the outcome unknown, under its own code, without the vendor's words."""
    with pytest.raises(errors.OutcomeUnknown) as caught:
        outcome(raw)
    assert caught.value.code == code
    assert "Jane" not in repr(caught.value)


@pytest.mark.parametrize(
    ("raw", "kind", "code"),
    [
        (http(fault("s:Client"), status="500 Internal Server Error"), errors.VendorRefused, "soap_client_fault"),
        (http(fault("s:Client.Case")), errors.VendorRefused, "soap_client_fault"),
        (http(fault("what"), status="400 Bad Request"), errors.VendorRefused, "http_400"),
        (http(status="422 Unprocessable"), errors.VendorRefused, "http_422"),
        (http(scheduled(disposition="REJECTED")), errors.VendorRefused, "status_no"),
        (http(status="401 Unauthorized"), errors.LoginRefused, "http_401"),
        (http(status="403 Forbidden"), errors.LoginRefused, "http_403"),
        (http(fault("wsse:FailedAuthentication"), status="500 x"), errors.LoginRefused, "soap_auth_fault"),
        (http(status="404 Not Found"), errors.ContractMismatch, "http_404"),
        (http(status="405 Method Not Allowed"), errors.ContractMismatch, "http_405"),
        (http(fault("s:MustUnderstand"), status="500 x"), errors.ContractMismatch, "soap_version_fault"),
    ],
)
def test_a_clear_word_is_taken_as_one(raw, kind, code):
    """A no sets aside, "not you" and "not here" keep the message waiting."""
    with pytest.raises(kind) as caught:
        outcome(raw)
    assert caught.value.code == code


@pytest.mark.parametrize(("header", "wait"), [("7", 7.0), ("999999999999", 3600.0), ("soon", None)])
def test_a_vendor_that_says_later_is_waited_for(header, wait):
    """F21: the job waits as long as it is told to, at most an hour; junk is no wait at all."""
    with pytest.raises(errors.VendorBusy) as caught:
        outcome(http(status="503 Busy", headers=f"Retry-After: {header}\r\n"))
    assert caught.value.retry_after == wait
    assert not isinstance(caught.value, errors.LoginRefused)


@pytest.mark.parametrize(
    ("raw", "wait"),
    [
        (http(status="401 Unauthorized"), 60),
        (http(status="403 Forbidden", headers="Retry-After: 5\r\n"), 60),
        (http(status="403 Forbidden", headers="Retry-After: 600\r\n"), 600),
        (http(fault("wsse:InvalidSecurityToken")), 60),
    ],
)
def test_a_refused_login_is_not_tried_again_within_a_minute(raw, wait):
    """F32: insisting with a wrong password locks the account."""
    with pytest.raises(errors.LoginRefused) as caught:
        outcome(raw)
    assert caught.value.retry_after == wait
