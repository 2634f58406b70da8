"""Asking a payment gateway for one payment: found, clearly not there, or neither."""

from __future__ import annotations

import pytest
from tests.unit.adapters.gateway import FIND, gateway, payment, payments, says
from tests.unit.adapters.liar import KEY, http, liar

from hms_syn import errors

HTML = "Content-Type: text/html\r\n"
LIST = {**FIND, "request": {"path": "/payments", "query": {"idempotency_key": "{key}"}}, "match": "payments"}
ONE = '{"id": "PAY-1", "status": "SETTLED"}'


def asked(answer, find=None, payload=None, **push):
    """Ask a gateway with this answer for one payment; return what it led to, and the request."""
    with liar(answer) as peer:
        adapter = gateway(payments(peer.origin, push={"find": find or FIND, **push}))
        try:
            found = adapter.find(payment(**(payload or {})))
        except errors.SynError as error:
            found = error
        adapter.close()
        return found, [raw.decode() for raw in peer.requests]


def test_a_payment_that_is_there_gives_its_receipt():
    """Asked by key, without a body, and without the key's header: the question is no repeat of the message."""
    found, [raw] = asked(says(ONE))
    assert (found.reference, found.status) == ("PAY-1", "SETTLED")
    assert raw.startswith(f"GET /v1/payments/by-key/{KEY} HTTP/1.1\r\n")
    assert "Idempotency-Key" not in raw
    assert "Content-Length" not in raw


def test_a_payment_is_asked_for_by_its_fields_and_headers_too():
    """Mapped fields by the gateway's name."""
    request = {"path": "/payments", "query": {"case": "{caseNumber}"}, "headers": {"X-Key": "{key}"}}
    _, [raw] = asked(says(ONE), {**FIND, "request": request})
    assert raw.startswith("GET /v1/payments?case=HUD-22-109 HTTP/1.1\r\n")
    assert f"X-Key: {KEY}\r\n" in raw


@pytest.mark.parametrize(
    ("find", "answer"),
    [
        pytest.param(FIND, says('{"title": "no such payment"}', status="404 Not Found"), id="a 404 for one resource"),
        pytest.param(FIND, http(status="404 Not Found"), id="a 404 without a body"),
        pytest.param(FIND, http(status="410 Gone"), id="a 410"),
        pytest.param(LIST, says('{"payments": []}'), id="an empty list"),
        pytest.param(LIST, says('{"payments": null}'), id="null"),
        pytest.param(LIST, says("{}"), id="nothing there"),
        pytest.param({**LIST, "match": "payments[0]"}, says('{"payments": []}'), id="the first of an empty list"),
        pytest.param({**LIST, "match": "@"}, says("[]"), id="an empty list as the whole answer"),
    ],
)
def test_a_clear_no_such_thing_is_none(find, answer):
    """Then the payment is sent again."""
    found, _ = asked(answer, find)
    assert found is None


@pytest.mark.parametrize(
    ("find", "answer", "kind", "code"),
    [
        (FIND, http("<html>404</html>", status="404 Not Found", headers=HTML), "OutcomeUnknown", "html"),
        (LIST, says("{}", status="404 Not Found"), "ContractMismatch", "http_404"),
        (LIST, says(f'{{"payments": [{ONE}, {ONE}]}}'), "OutcomeUnknown", "find_ambiguous"),
        (LIST, says('{"payments": ["PAY-1"]}'), "OutcomeUnknown", "find_no_record"),
        (LIST, says('{"payments": 1}'), "OutcomeUnknown", "find_no_record"),
        (LIST, says('{"error": "backend down"}'), "OutcomeUnknown", "find_unclear"),
        (LIST, says('{"errors": [{"code": 7}], "payments": []}'), "OutcomeUnknown", "find_unclear"),
        (LIST, says('"OK"'), "OutcomeUnknown", "find_unclear"),
        (LIST, says("true"), "OutcomeUnknown", "find_unclear"),
        (LIST, says('{"payments": []}', headers=HTML), "OutcomeUnknown", "html"),
        (LIST, http(status="204 No Content"), "OutcomeUnknown", "empty"),
        (FIND, says('{"id": "PAY-1", "status": "REJECTED"}'), "OutcomeUnknown", "proof_failed"),
        (FIND, says('{"id": "PAY-1", "status": null}'), "OutcomeUnknown", "proof_missing"),
        (FIND, says('{"id": "", "status": "SETTLED"}'), "OutcomeUnknown", "ack_empty"),
        (FIND, says("{}"), "OutcomeUnknown", "proof_missing"),
        (FIND, says('{"id": "P", "status": "SETTLED", "idempotencyKey": "other"}'), "OutcomeUnknown", "other_message"),
        ({**FIND, "success": {}}, says('{"id": "P", "status": "void"}'), "OutcomeUnknown", "status_unrecognised"),
        ({**FIND, "success": {}}, says('{"id": "P", "status": "failed"}'), "OutcomeUnknown", "status_no"),
        (FIND, says("{}", status="400 Bad Request"), "OutcomeUnknown", "http_400"),
        (FIND, says("{}", status="422 Unprocessable"), "OutcomeUnknown", "http_422"),
        (FIND, says(ONE, status="409 Conflict"), "OutcomeUnknown", "http_409"),
        (FIND, says(ONE, status="500 Oops"), "OutcomeUnknown", "http_500"),
        (FIND, says(ONE, status="302 Found"), "OutcomeUnknown", "redirect"),
        (FIND, says(ONE, status="401 Unauthorized"), "LoginRefused", "http_401"),
        (FIND, says(ONE, status="503 Busy"), "VendorBusy", "http_503"),
    ],
)
def test_what_is_neither_proves_nothing(find, answer, kind, code):
    """A doubt stays a doubt: it is neither delivered nor sent again nor refused."""
    found, _ = asked(answer, find)
    assert (type(found).__name__, getattr(found, "code", "")) == (kind, code)


def test_a_message_that_cannot_be_asked_for_is_an_officers():
    """An empty value would ask for everybody's payments; nothing is asked."""
    find = {**LIST, "request": {"path": "/payments", "query": {"case": "{caseNumber}"}}}
    found, requests = asked(says(ONE), find, payload={"case_id": "", "amount": "1"})
    assert isinstance(found, errors.ContractMismatch)
    assert "push.find" in str(found)
    assert requests == []


def test_without_a_find_nobody_is_asked():
    """The flow looks at ``finds`` first; who does not gets a clear answer."""
    adapter = gateway(payments("http://127.0.0.1:9"))
    with pytest.raises(errors.ContractMismatch, match=r"push\.find"):
        adapter.find(payment())
