"""Asking a hospital for one message: a receipt, a clear no, or nothing that is known."""

from __future__ import annotations

import pytest
from tests.unit.adapters.hospitals import OURS, appointment, fhir, hospital, notice, outcome, push_of, searchset
from tests.unit.adapters.liar import KEY, http, liar

from hms_syn import errors
from hms_syn.domain.ack import Ack

YES = appointment()
OTHER = appointment(id="18", identifier=[{**OURS, "value": "other"}])
REMARK = {"resource": outcome("informational", severity="information"), "search": {"mode": "outcome"}}
ANSWERS = {
    "ours": (searchset(YES), "Appointment/17"),
    "ours without a mode": (searchset({"resource": YES}), "Appointment/17"),
    "ours among others": (searchset(OTHER, YES), "Appointment/17"),
    "ours and a remark": (searchset(YES, REMARK), "Appointment/17"),
    "nothing": (searchset(), None),
    "nothing, and no list": ({"resourceType": "Bundle", "type": "searchset", "total": 0}, None),
    "nothing but a remark": (searchset(REMARK, total=0), None),
    "only others": (searchset(OTHER), "fhir_search_ignored"),
    "a number and no entry": (searchset(total=1), "fhir_search_ignored"),
    "no entry and a next page": (searchset(link="/fhir/Appointment?page=2"), "fhir_search_ignored"),
    "two of ours": (searchset(YES, appointment(id="18")), "find_ambiguous"),
    "ours without an id": (searchset(appointment(id=None)), "fhir_no_id"),
    "ours of another type": (searchset(appointment(resourceType="Patient")), "fhir_other_type"),
    "an entry without a resource": (searchset({"resource": None, "search": {"mode": "match"}}), "fhir_other_type"),
    "ours as an include": (searchset({"resource": YES, "search": {"mode": "include"}}, total=0), None),
    "a search that went wrong": (
        searchset({"resource": outcome("exception"), "search": {"mode": "outcome"}}),
        "fhir_search_failed",
    ),
    "the resource itself": (YES, "fhir_no_searchset"),
    "a collection": (searchset(YES, type="collection"), "fhir_no_searchset"),
    "entries that are no list": (searchset(entry={"resource": YES}), "fhir_no_searchset"),
    "a bare outcome": (outcome("informational", severity="information"), "fhir_no_searchset"),
    "a list": ([YES], "fhir_no_resource"),
}


def found(adapter):
    """Return the receipt, or the code of what it was instead."""
    try:
        receipt = adapter.find(notice())
    except errors.OutcomeUnknown as error:
        return error.code
    return receipt.reference if isinstance(receipt, Ack) else receipt


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_search_finds_the_message_or_clearly_does_not(answer):
    """F18: only a searchset with nothing in it is a no; only our identifier is a yes."""
    document, expected = ANSWERS[answer]
    with liar(fhir(document)) as peer:
        assert found(hospital(f"{peer.origin}/fhir/")) == expected
    [request] = peer.requests
    assert request.startswith(f"GET /fhir/Appointment?identifier=urn%3Ahms-syn%7C{KEY} HTTP/1.1".encode())


@pytest.mark.parametrize("status", ["400 No", "422 No"])
def test_a_refused_question_says_nothing_of_the_message(status):
    """A no to the question is no no to the message."""
    with liar(fhir(outcome("invalid"), status=status)) as peer, pytest.raises(errors.OutcomeUnknown) as caught:
        hospital(f"{peer.origin}/fhir").find(notice())
    assert caught.value.code == "fhir_invalid"


def test_a_message_that_is_no_resource_cannot_be_asked_for():
    """What cannot be sent cannot be asked for either: an officer's matter."""
    with pytest.raises(errors.ContractMismatch):
        hospital("http://127.0.0.1:9/fhir").find(notice(case_id="HUD-22-109"))


DECLARED = {
    "request": {"query": {"identifier": "MRN|{description}"}},
    "match": "entry[?resource.resourceType=='Appointment'].resource",
    "success": {"status": ["booked"]},
}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param(searchset(OTHER), "Appointment/18", id="the record"),
        pytest.param(searchset(), None, id="none"),
        pytest.param(searchset(OTHER, YES), "find_ambiguous", id="several"),
        pytest.param(searchset({"resource": {**OTHER, "id": 7}}), "find_no_record", id="no id"),
        pytest.param(searchset({**OTHER, "status": "cancelled"}), "proof_failed", id="not what it should be"),
    ],
)
def test_a_job_can_ask_by_its_own_key(document, expected):
    """A hospital that keeps no foreign identifier is asked as ``push.find`` says."""
    with liar(fhir(document)) as peer:
        assert found(hospital(f"{peer.origin}/fhir", push=push_of(find=DECLARED))) == expected
    assert peer.requests[0].startswith(b"GET /fhir/Appointment?identifier=MRN%7CHUD-22-109 ")


def test_where_the_login_is_refused_nothing_is_known():
    """F32: the question meets the same closed door as the message."""
    with liar(http(status="401 No")) as peer, pytest.raises(errors.LoginRefused):
        hospital(f"{peer.origin}/fhir").find(notice())
