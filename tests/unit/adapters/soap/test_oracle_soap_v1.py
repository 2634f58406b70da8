"""The SOAP adapter as a whole, against a court that another library made."""

from __future__ import annotations

import json
import urllib.request

import pytest
from tests.peers.node import node_court
from tests.unit.adapters.liar import KEY, court, court_job, hearing, http, liar, scheduled

from hms_syn import errors
from hms_syn.domain.job_spec import Heartbeat, Pull, Push
from hms_syn.ports import Credentials


@pytest.fixture(scope="module")
def node():
    with node_court() as origin:
        yield origin


def minimal(origin: str, **changes: object):
    """Build the job with nothing but the seed's own lines."""
    return court_job(origin, push=None, pull=Pull(publish_topic="t"), pull_adapter="oracle.soap.v1", **changes)


@pytest.mark.peers
def test_the_minimal_job_pushes_pulls_and_pings(node):
    """Operation, fields, types, proof and list all follow from the vendor's own WSDL."""
    adapter = court(minimal(node))
    assert adapter.check() == []
    adapter.ping()
    first, second = adapter.send(hearing()), adapter.send(hearing())
    assert first.reference == second.reference
    assert (first.status, second.status) == ("SCHEDULED", "ALREADY-SCHEDULED")
    (page,) = adapter.pull(None)
    assert page.records[0]["CaseID"] == "HUD-22-109"
    adapter.close()


@pytest.mark.peers
def test_the_vendor_sees_the_key_and_the_values(node):
    """The idempotency key travels as the WS-Addressing MessageID on every attempt."""
    court(minimal(node)).send(hearing())
    with urllib.request.urlopen(f"{node}/received") as answer:
        arrival = json.load(answer)["arrivals"][-1]
    assert arrival["MessageID"] == f"urn:uuid:{KEY}"
    assert arrival["Action"] == "urn:county-court:calendar/ScheduleHearing"
    assert (arrival["CaseID"], arrival["DateOfHearing"]) == ("HUD-22-109", "2024-09-02")


@pytest.mark.peers
@pytest.mark.parametrize("way", ["username_token", "username_token_digest"])
def test_a_real_stack_accepts_our_token(way):
    """Both kinds of token are checked by the vendor's own code."""
    with node_court(user="hud", password="pass&<word>") as origin:
        good = Credentials(login="hud", password="pass&<word>", extra={"wsse": way})
        assert court(minimal(origin), credentials=good).send(hearing()).reference == "COURT-1"
        bad = Credentials(login="hud", password="guess", extra={"wsse": way})
        with pytest.raises(errors.LoginRefused) as caught:
            court(minimal(origin), credentials=bad).send(hearing())
    assert caught.value.retry_after == 60


@pytest.mark.peers
def test_a_client_fault_of_a_real_stack_is_a_refusal(node):
    """F24: a case id that is empty is refused by the vendor, for good."""
    with pytest.raises(errors.VendorRefused) as caught:
        court(minimal(node)).send(hearing(case_id="", date="2024-09-02"))
    assert caught.value.code == "soap_client_fault"


def test_the_same_message_is_the_same_request():
    """Every attempt carries the same bytes."""
    with liar(http(scheduled())) as peer:
        for _ in range(2):
            court(court_job(peer.origin)).send(hearing())
    assert peer.requests[0] == peer.requests[1]


@pytest.mark.parametrize(
    "payload", [{"case_id": "x"}, {"case_id": "x", "date": "soon"}, {"case_id": "\0", "date": "2024-09-02"}]
)
def test_a_poison_message_is_refused_before_a_byte_leaves(payload):
    """F31: what cannot be written down is the message's own fault."""
    with liar(http(scheduled())) as peer, pytest.raises(errors.UnmappablePayload):
        court(court_job(peer.origin)).send(hearing(**payload))
    assert peer.requests == []


def test_a_declared_mapping_and_proof_are_used():
    """What the job file says replaces what would be inferred."""
    push = Push(
        timeout=0.6,
        request={"wsdl": "court.wsdl", "operation": "ScheduleHearing"},
        mapping={"CaseID": "case.number", "DateOfHearing": "when", "Courtroom": "`4`"},
        success={"Disposition": ["PENCILLED"]},
        ack={"reference": "ConfirmationNumber", "status": "Disposition"},
    )
    with liar(http(scheduled(disposition="PENCILLED"))) as peer:
        ack = court(court_job(peer.origin, push=push)).send(hearing(case={"number": "N1"}, when="2024-09-02"))
    assert ack.status == "PENCILLED"
    assert b"Courtroom>4<" in peer.requests[0]


def test_a_mapping_to_a_field_the_vendor_lacks_needs_an_officer():
    """A wrong name in the job file stops the job, not the message."""
    push = Push(request={"wsdl": "court.wsdl", "operation": "ScheduleHearing"}, mapping={"Case": "case_id"})
    adapter = court(court_job("http://127.0.0.1:1", push=push, pull_adapter=None))
    assert {key for key, _ in adapter.check()} == {"job.push.mapping"}
    with pytest.raises(errors.ContractMismatch, match="no input 'Case'"):
        adapter.send(hearing())


@pytest.mark.parametrize("declared", [{"success": {"a..b": "X"}}, {"ack": {"reference": "[["}}])
def test_a_proof_that_is_not_jmespath_stops_the_job_before_a_byte_leaves(declared):
    """An expression that can only fail afterwards would leave every message in doubt."""
    with liar(http(scheduled())) as peer, pytest.raises(errors.ContractMismatch):
        court(court_job(peer.origin, push=Push(request={"wsdl": "court.wsdl"}, **declared))).send(hearing())
    assert peer.requests == []


def test_an_unknown_operation_lists_the_known():
    """The text names what there is."""
    push = Push(request={"wsdl": "court.wsdl", "operation": "BookHearing"})
    with pytest.raises(errors.ContractMismatch, match="ScheduleHearing"):
        court(court_job("http://127.0.0.1:1", push=push)).send(hearing())


def test_check_tells_of_an_unreachable_vendor():
    """No exception, but a key and what to do."""
    ((key, text),) = court(court_job("http://127.0.0.1:1", push=Push(timeout=0.6))).check()
    assert key == "job.target_endpoint"
    assert "request.wsdl" in text


@pytest.mark.parametrize(("path", "asked"), [(None, b"GET /health "), ("/soap/alive", b"GET /soap/alive ")])
def test_a_ping_asks_the_health_page_of_the_origin(path, asked):
    """By default it is /health; the job may say otherwise."""
    with liar(http()) as peer:
        court(court_job(peer.origin, heartbeat=Heartbeat(request={"path": path} if path else {}))).ping()
    assert peer.requests[0].startswith(asked)


@pytest.mark.parametrize("status", ["302 Found", "404 Not Found", "500 Oops"])
def test_a_ping_takes_only_a_2xx(status):
    """A page that is not there is not health."""
    with liar(http(status=status)) as peer, pytest.raises(errors.OutcomeUnknown):
        court(court_job(peer.origin)).ping()
