"""What a message becomes on its way into a hospital, and what is refused before it leaves."""

from __future__ import annotations

import json

import pytest
from tests.unit.adapters.hospitals import MAPPING, OURS, appointment, fhir, hospital, notice, outcome, push_of
from tests.unit.adapters.liar import KEY, http, liar

from hms_syn import errors
from hms_syn.domain.job_spec import Heartbeat

NOWHERE = "http://127.0.0.1:9/fhir"
BOOKED = {"status": "booked", "participant": [{"status": "accepted", "actor": {"display": "x"}}]}


def preview(kind, payload, **request):
    """Return the resource that a payload becomes without a mapping."""
    push = push_of(request={"resource": kind, **request}, mapping=None)
    return json.loads(hospital(NOWHERE, push=push).preview(notice(**payload)))


def test_our_identifier_joins_those_that_are_there():
    """A list keeps what it has; the type is set."""
    mrn = {"system": "urn:mrn", "value": "1"}
    made = preview("Appointment", {**BOOKED, "identifier": [mrn]})
    assert made["identifier"] == [mrn, OURS]
    assert made["resourceType"] == "Appointment"


def test_what_only_a_server_may_say_is_left_out():
    """An id, a version and a time of ours would be taken for a proof when they come back."""
    meta = {"versionId": "9", "lastUpdated": "2024-01-01T00:00:00Z"}
    made = preview("Appointment", {**BOOKED, "id": "17", "meta": {**meta, "tag": [{"code": "a"}]}})
    assert "id" not in made
    assert made["meta"] == {"tag": [{"code": "a"}]}
    assert "meta" not in preview("Appointment", {**BOOKED, "meta": meta})


def test_a_type_with_a_single_identifier_gets_ours():
    """QuestionnaireResponse holds one: ours, or nothing goes out."""
    assert preview("QuestionnaireResponse", {"status": "completed"})["identifier"] == OURS
    with pytest.raises(errors.UnmappablePayload, match="single"):
        preview("QuestionnaireResponse", {"status": "completed", "identifier": {"value": "Jane Doe"}})


REFUSED = {
    "another type than the job's": ("Appointment", {"resourceType": "Patient"}, errors.UnmappablePayload),
    "an identifier that is no list": ("Appointment", {**BOOKED, "identifier": OURS}, errors.UnmappablePayload),
    "a type that cannot be searched for": ("AuditEvent", {}, errors.ContractMismatch),
    "a type that is none": ("Apointment", {}, errors.ContractMismatch),
    "no type": ("", {}, errors.ContractMismatch),
}


@pytest.mark.parametrize("refused", REFUSED)
def test_what_cannot_be_recognised_again_is_not_sent(refused):
    """The job or the message must change first."""
    kind, payload, error = REFUSED[refused]
    with pytest.raises(error):
        preview(kind, {"x": 1, **payload} if error is errors.ContractMismatch else payload)


def test_an_error_of_validation_names_elements_and_rules_and_no_value():
    """Not even a key of the payload is repeated, unless the job itself uses it."""
    payload = {**BOOKED, "status": "Jane Doe ", "start": "HUD-22-109", "Jane": 1, "slot": "Jane Doe"}
    with pytest.raises(errors.UnmappablePayload) as caught:
        preview("Appointment", payload)
    text = str(caught.value)
    assert caught.value.code == "fhir_invalid"
    assert "start (value_error)" in text
    assert "slot (list_type)" in text
    assert "an element it does not have (extra_forbidden)" in text
    assert not [word for word in ("Jane", "HUD") if word in text]
    with pytest.raises(errors.UnmappablePayload, match=r"colour \(extra_forbidden\)"):
        hospital(NOWHERE, push=push_of(mapping={**MAPPING, "colour": "'red'"})).preview(notice())


def test_a_type_that_r4_and_r4b_describe_differently_is_sent_as_it_is():
    """There is no model of R4 to check it by."""
    assert preview("Evidence", {"x": 1})["x"] == 1
    assert preview("RiskEvidenceSynthesis", {"x": 1})["x"] == 1


def test_every_attempt_carries_the_same_bytes():
    """The condition, the identifier and the resource are the same each time."""
    with liar(fhir(appointment())) as peer:
        for _ in range(2):
            hospital(f"{peer.origin}/fhir").send(notice())
    first, second = peer.requests
    assert first == second
    assert f"If-None-Exist: identifier=urn:hms-syn|{KEY}\r\n".encode() in first
    assert b"Prefer: return=representation\r\n" in first


def test_an_update_names_its_condition_or_its_resource():
    """Without an id it is conditional on our identifier; with one it goes to that resource."""
    request = {"resource": "Appointment", "interaction": "update"}
    with liar(fhir(appointment())) as peer:
        hospital(f"{peer.origin}/fhir", push=push_of(request=request)).send(notice())
        hospital(f"{peer.origin}/fhir", push=push_of(request=request, mapping=None)).send(notice(id="17", **BOOKED))
    assert peer.requests[0].startswith(f"PUT /fhir/Appointment?identifier=urn%3Ahms-syn%7C{KEY} ".encode())
    assert peer.requests[1].startswith(b"PUT /fhir/Appointment/17 ")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param(appointment(meta=None), "fhir_echo", id="said back"),
        pytest.param(appointment(id="18"), "fhir_other_id", id="another id"),
    ],
)
def test_an_update_by_id_is_not_proved_by_our_own_words(answer, code):
    """The id was ours: the server must say something of its own."""
    push = push_of(request={"resource": "Appointment", "interaction": "update"}, mapping=None)
    with liar(fhir(answer)) as peer, pytest.raises(errors.OutcomeUnknown) as caught:
        hospital(f"{peer.origin}/fhir", push=push).send(notice(id="17", **BOOKED))
    assert caught.value.code == code


def test_the_job_says_what_else_proves_it_and_where_the_receipt_stands():
    """``success`` and ``ack`` are read from the resource that came back."""
    with liar(fhir(appointment())) as peer:
        push = push_of(ack={"reference": "meta.versionId", "status": "status"}, success={"status": ["booked"]})
        ack = hospital(f"{peer.origin}/fhir", push=push).send(notice())
        assert (ack.reference, ack.status) == ("1", "booked")
        with pytest.raises(errors.VendorRefused):
            hospital(f"{peer.origin}/fhir", push=push_of(success={"status": ["arrived"]})).send(notice())


PINGS = {
    "R4": (fhir({"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"}), None),
    "R4B": (fhir({"resourceType": "CapabilityStatement", "fhirVersion": "4.3.0"}), None),
    "R5": (fhir({"resourceType": "CapabilityStatement", "fhirVersion": "5.0.0"}), "fhir_version"),
    "no version": (fhir({"resourceType": "CapabilityStatement"}), "fhir_version"),
    "a remark": (fhir(outcome("informational", severity="information")), "fhir_no_metadata"),
    "a web page": (http("<html>", headers="Content-Type: text/html\r\n"), "html"),
    "an error": (http(status="500 No"), "http_500"),
    "a login": (http(status="401 No"), "http_401"),
}


@pytest.mark.parametrize("ping", PINGS)
def test_a_server_is_there_when_it_says_that_it_speaks_fhir_4(ping):
    """A page that answers is no FHIR server."""
    answer, code = PINGS[ping]
    with liar(answer) as peer:
        try:
            hospital(f"{peer.origin}/fhir").ping()
            said = None
        except errors.SynError as error:
            said = error.code
    assert said == code
    assert peer.requests[0].startswith(b"GET /fhir/metadata ")


def test_a_health_page_can_be_asked_instead():
    """Some hospitals show their metadata to nobody."""
    heartbeat = Heartbeat(request={"path": "/up"})
    with liar(http("yes"), http(status="500 No")) as peer:
        adapter = hospital(f"{peer.origin}/fhir", heartbeat=heartbeat)
        adapter.ping()
        with pytest.raises(errors.OutcomeUnknown):
            adapter.ping()
    assert peer.requests[0].startswith(b"GET /up ")
