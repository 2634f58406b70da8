"""What a payment gateway gets: where it is sent, under which key, and the same bytes every time."""

from __future__ import annotations

import json
import re

import pytest
from tests.unit.adapters.gateway import JSON, gateway, payment, payments, says
from tests.unit.adapters.liar import KEY, http, liar

from hms_syn import errors
from hms_syn.ports import Credentials


def sent(*messages, credentials=None, endpoint=None, **push):
    """Send messages to a gateway; return its requests as (first line, headers, body)."""
    with liar(says()) as peer:
        job = payments(peer.origin, push=push)
        if endpoint is not None:
            job = payments(peer.origin, push=push, target_endpoint=f"{peer.origin}{endpoint}")
        adapter = gateway(job, credentials=credentials)
        for message in messages or (payment(),):
            adapter.send(message)
        adapter.close()
        return [parts(raw) for raw in peer.requests]


def parts(raw):
    head, _, body = raw.decode().partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    return first, dict(line.split(": ", 1) for line in lines), body


def refused(payload, **push):
    """Send what cannot be sent; return the error and how many requests arrived all the same."""
    with liar(says()) as peer:
        adapter = gateway(payments(peer.origin, push=push))
        with pytest.raises(errors.UnmappablePayload) as caught:
            adapter.send(payment(**payload))
        adapter.close()
        assert peer.requests == []
        return str(caught.value)


def test_a_payment_is_posted_as_json_under_its_key():
    """The body is the mapped payload; the key is a header; the endpoint's own path is kept."""
    [(first, headers, body)] = sent()
    assert first == "POST /v1/payments HTTP/1.1"
    assert headers["Idempotency-Key"] == KEY
    assert (headers["Content-Type"], headers["Accept"]) == ("application/json", "application/json")
    assert json.loads(body) == {"caseNumber": "HUD-22-109", "amount": "12.50"}


def test_every_attempt_carries_the_same_bytes():
    """Whatever the order of the payload's fields: a gateway that compares a repeat with the first sees no other."""
    one, two = sent(
        payment(case_id="HUD-22-109", amount="12.50", z=1),
        payment(z=1, amount="12.50", case_id="HUD-22-109"),
        mapping=None,
    )
    assert one == two
    assert one[2] == '{"amount":"12.50","case_id":"HUD-22-109","z":1}'


def test_what_preview_shows_is_what_is_sent():
    """The rehearsal shows the very bytes."""
    with liar(says()) as peer:
        adapter = gateway(payments(peer.origin))
        shown = adapter.preview(payment())
        assert peer.requests == []
        adapter.send(payment())
        assert peer.requests[0].endswith(b"\r\n\r\n" + shown)
        adapter.close()


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_method_and_a_path_with_holes(method):
    """The key and the mapped fields fill the path, each as one segment."""
    [(first, _, body)] = sent(
        payment(case_id="HUD 22?é#%2F", amount="1"),
        request={"method": method, "path": "/cases/{caseNumber}/payments/{key}"},
    )
    assert first == f"{method} /v1/cases/HUD%2022%3F%C3%A9%23%252F/payments/{KEY} HTTP/1.1"
    assert body


def test_a_delete_says_it_all_in_its_path():
    """A body has no meaning there, and none is sent."""
    [(first, headers, body)] = sent(request={"method": "DELETE", "path": "payments/{caseNumber}"})
    assert first == "DELETE /v1/payments/HUD-22-109 HTTP/1.1"
    assert "Content-Type" not in headers
    assert body == ""


@pytest.mark.parametrize(
    ("endpoint", "request_", "line"),
    [
        ("/v1/", {"path": "/payments"}, "/v1/payments"),
        ("/v1", {}, "/v1"),
        ("", {"path": "payments"}, "/payments"),
        ("/v1?tenant=7", {"path": "/payments", "query": {"dry": False}}, "/v1/payments?tenant=7&dry=false"),
        (
            "",
            {"path": "/p", "query": {"case": "{caseNumber}", "f": ["a b", "{key}"]}},
            f"/p?case=A%26b%3D1&f=a%20b&f={KEY}",
        ),
    ],
)
def test_path_and_query_are_appended_to_the_endpoint(endpoint, request_, line):
    """A value stays within its parameter."""
    [(first, _, _)] = sent(payment(case_id="A&b=1", amount="1"), endpoint=endpoint, request=request_)
    assert first == f"POST {line} HTTP/1.1"


@pytest.mark.parametrize("value", ["", " ", ".", "..", "a/b", "../admin", "a\\b", "a\r\nHost: b", "\x00", "a\u2028b"])
def test_a_value_cannot_change_the_path(value):
    """It is refused before anything is sent, and the refusal does not repeat it."""
    told = refused({"case_id": value, "amount": "1"}, request={"path": "/cases/{caseNumber}/payments"})
    assert "{caseNumber}" in told
    assert not value.strip() or value in (".", "..") or value not in told


def test_a_value_cannot_change_the_path_with_what_stands_beside_it():
    """A dot beside a hole, and a dot in it, are a step upwards."""
    told = refused({"case_id": "HUD", "amount": "."}, request={"path": "/cases/.{amount}/x"})
    assert "another path" in told


@pytest.mark.parametrize("value", ["a\r\nX-Admin: 1", "a\nb", "é", "\x00", " ", ""])
def test_a_value_cannot_end_a_header(value):
    """A value that no header can carry is refused before anything is sent."""
    told = refused({"case_id": value, "amount": "1"}, request={"headers": {"X-Case": "{caseNumber}"}})
    assert "X-Admin" not in told


def test_declared_headers_are_sent_and_may_name_another_type_of_json():
    """They win over ours, whatever their capitals."""
    [(_, headers, _)] = sent(
        request={"headers": {"X-Case": "case {caseNumber}", "accept": "application/vnd.pay+json", "X-N": 7}}
    )
    assert (headers["X-Case"], headers["accept"], headers["X-N"]) == (
        "case HUD-22-109",
        "application/vnd.pay+json",
        "7",
    )
    assert "Accept" not in headers


def test_a_field_that_is_no_single_value_fills_no_hole():
    """A list in a path would be a guess."""
    refused({"case_id": ["a"], "amount": "1"}, request={"path": "/cases/{caseNumber}"})


def test_a_value_that_json_cannot_carry_is_refused():
    """An integer beyond 2**53 would reach the gateway as another one."""
    refused({"case_id": 2**60, "amount": "1"})


@pytest.mark.parametrize(
    ("credentials", "header", "value"),
    [
        (Credentials(login="hud", password="s3"), "Authorization", "Basic aHVkOnMz"),
        (Credentials(password="s3", extra={"auth": "bearer"}), "Authorization", "Bearer s3"),
        (Credentials(password="s3", extra={"auth": "api_key", "header_name": "X-Pay-Key"}), "X-Pay-Key", "s3"),
    ],
)
def test_the_connection_says_who_we_are(credentials, header, value):
    """Whatever way the connection names."""
    [(_, headers, _)] = sent(credentials=credentials)
    assert headers[header] == value


def test_a_kept_connection_serves_the_next_payment():
    """Eight keys in flight are eight connections, not eight a message."""
    with liar(says()) as peer:
        adapter = gateway(payments(peer.origin))
        for _ in range(3):
            adapter.send(payment())
        assert peer.connections == 1
        adapter.close()


def test_without_a_receipt_to_look_for_nothing_is_sent():
    """The job says how to know that a payment was accepted, or nothing leaves."""
    with liar(says()) as peer:
        adapter = gateway(payments(peer.origin, push={"ack": {}}))
        assert [key for key, _ in adapter.check()] == ["job.push.ack.reference"]
        for act in (adapter.send, adapter.preview, adapter.find):
            with pytest.raises(errors.ContractMismatch, match=r"push\.ack\.reference"):
                act(payment())
        adapter.close()
        assert peer.requests == []


@pytest.mark.parametrize(
    ("push", "key", "words"),
    [
        ({"request": {"method": "GET"}}, "request.method", "POST or PUT or PATCH or DELETE"),
        ({"request": {"path": "/a?b=c"}}, "request.path", "query"),
        ({"request": {"path": "/a/../b"}}, "request.path", "another path"),
        ({"request": {"path": "/a/%2e%2E/b"}}, "request.path", "another path"),
        ({"request": {"path": "/a//b"}}, "request.path", "no plain path"),
        ({"request": {"path": "/é"}}, "request.path", "percent-encode"),
        ({"request": {"path": "/a\\b"}}, "request.path", "percent-encode"),
        ({"request": {"path": "https://evil.example/"}}, "request.path", "no plain path"),
        ({"request": {"path": "/{caseNumbr}"}}, "request.path", r"\{caseNumbr\}.*\{caseNumber\}"),
        ({"request": {"path": "/{caseNumber"}}, "request.path", "brace"),
        ({"request": {"query": {"a": {"b": "c"}}}}, "request.query", "neither a value"),
        ({"request": {"query": {"a": "{nobody}"}}}, "request.query", r"\{nobody\}"),
        ({"request": {"query": "a=b"}}, "request.query", "not a map"),
        ({"request": {"headers": {"Host": "evil.example"}}}, "request.headers", "'Host' is set by the adapter"),
        ({"request": {"headers": {"content-length": 3}}}, "request.headers", "leave it out"),
        ({"request": {"headers": {"AUTHORIZATION": "x"}}}, "request.headers", "connection"),
        ({"request": {"headers": {"Idempotency-Key": "x"}}}, "request.headers", "leave it out"),
        ({"request": {"headers": {"X-A:": "x"}}}, "request.headers", "no name"),
        ({"request": {"headers": {"X-A": "a\nb"}}}, "request.headers", "printable"),
        ({"request": {"headers": {"X-A": "1", "x-a": "2"}}}, "request.headers", "twice"),
        ({"request": {"headers": {"Content-Type": "text/xml"}}}, "request.headers", "JSON"),
        ({"request": {"headers": {"X-A": "{nobody}"}}}, "request.headers", r"\{nobody\}"),
        ({"mapping": {"a": "b["}}, "mapping.a", "JMESPath"),
        ({"success": {"b[": ["x"]}}, "success.b[", "JMESPath"),
        ({"ack": {"reference": "b["}}, "ack.reference", "JMESPath"),
        ({"find": {"request": {"path": "/all"}, "match": "@"}}, "find.request", "same for every message"),
        ({"find": {"request": {"path": "/{key}"}, "match": "b["}}, "find.match", "JMESPath"),
        ({"find": {"request": {"path": "/{nobody}"}, "match": "@"}}, "find.request.path", r"\{nobody\}"),
        ({"find": {"request": {"path": "/{key}", "method": "POST"}, "match": "@"}}, "find.request.method", "GET"),
        (
            {"find": {"request": {"path": "/{key}"}, "match": "@", "success": {"b[": "x"}}},
            "find.success.b[",
            "JMESPath",
        ),
    ],
)
def test_check_names_the_key_and_what_to_do(push, key, words):
    """Everything that can be seen without the gateway is seen before a message is at stake, and then not sent."""
    with liar(says()) as peer:
        adapter = gateway(payments(peer.origin, push=push))
        found = dict(adapter.check())
        assert re.search(words, found[f"job.push.{key}"])
        with pytest.raises(errors.ContractMismatch):
            adapter.send(payment())
        assert peer.requests == []


@pytest.mark.parametrize(
    ("schema", "found"),
    [
        ({"properties": {"case_id": {}}}, []),
        ({"properties": {"case_id": {}}, "additionalProperties": False}, ["job.push.request.path"]),
        ({"properties": {"number": {}}, "additionalProperties": False}, []),
    ],
)
def test_without_a_mapping_only_a_closed_schema_tells_what_can_fill_a_hole(schema, found):
    """Where a payload may hold more than its schema says, the message itself decides."""
    push = {"mapping": None, "schema": schema, "request": {"path": "/cases/{number}"}}
    assert [key for key, _ in gateway(payments("http://127.0.0.1:9", push=push)).check()] == found


def test_check_sees_a_connection_that_cannot_work():
    """A word we do not know for the way to authenticate."""
    adapter = gateway(payments("http://127.0.0.1:9"), credentials=Credentials(extra={"auth": "magic"}))
    assert [key for key, _ in adapter.check()] == ["job.connection_id"]


def test_check_leaves_the_other_side_to_its_own_adapter():
    """A job may pull by another dialect."""
    job = payments("http://127.0.0.1:9", pull={"request": {"operation": "GetPayments"}}, pull_adapter="oracle.soap.v1")
    assert gateway(job).check() == []


def test_ping_asks_the_health_page_of_the_origin():
    """Without credentials, and any 2xx will do."""
    with liar(http(status="204 No Content"), http(status="503 Busy", headers=JSON)) as peer:
        adapter = gateway(payments(peer.origin), credentials=Credentials(login="hud", password="s3"))
        adapter.ping()
        with pytest.raises(errors.OutcomeUnknown) as caught:
            adapter.ping()
        assert caught.value.code == "http_503"
        assert all(raw.startswith(b"GET /health HTTP/1.1") and b"Authorization" not in raw for raw in peer.requests)


def test_what_an_adapter_can_do_is_what_its_job_declares():
    """It knows a repeat by its key, and can be asked where the job says how."""
    adapter = gateway(payments("http://127.0.0.1:9"))
    assert (adapter.idempotent, adapter.finds) == (True, False)
    asking = payments("http://127.0.0.1:9", push={"find": {"request": {"path": "/{key}"}, "match": "@"}})
    assert gateway(asking).finds
