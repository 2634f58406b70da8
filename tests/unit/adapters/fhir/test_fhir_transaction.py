"""Transactions: every entry is ours to recognise, and every entry must have its yes."""

from __future__ import annotations

import json

import pytest
from tests.unit.adapters.hospitals import fhir, hospital, notice, outcome, push_of, searchset
from tests.unit.adapters.liar import KEY, http, liar

from hms_syn import errors

NOWHERE = "http://127.0.0.1:9/fhir"
PATIENT = {"resourceType": "Patient", "active": True}
FLAG = {"resourceType": "Flag", "status": "active", "code": {"text": "unsafe"}, "subject": {"display": "x"}}
PUSH = push_of(request={"interaction": "transaction"}, mapping=None)


def kept(resource, id_, index):
    return {**resource, "id": id_, "identifier": [{"system": "urn:hms-syn", "value": f"{KEY}.{index}"}]}


def done(resource=None, status="201 Created", **response):
    return {"response": {"status": status, **response}, **({"resource": resource} if resource else {})}


def response(*entries, **changes):
    return {"resourceType": "Bundle", "type": "transaction-response", "entry": list(entries), **changes}


YES = (done(kept(PATIENT, "1", 0)), done(kept(FLAG, "2", 1)))
MESSAGE = {"entry": [{"resource": PATIENT}, {"resource": FLAG}]}


def test_every_entry_carries_an_identifier_and_a_condition():
    """The key and the entry's place make each entry known by itself."""
    entries = [{"resource": PATIENT}, {"resource": FLAG, "request": {"method": "PUT", "url": "Flag"}}]
    entries.append({"resource": FLAG, "request": {"method": "PUT", "url": "Flag/7"}, "fullUrl": "urn:uuid:1"})
    made = json.loads(hospital(NOWHERE, push=PUSH).preview(notice(entry=entries)))
    assert (made["resourceType"], made["type"]) == ("Bundle", "transaction")
    assert [entry["request"] for entry in made["entry"]] == [
        {"method": "POST", "url": "Patient", "ifNoneExist": f"identifier=urn:hms-syn|{KEY}.0"},
        {"method": "PUT", "url": f"Flag?identifier=urn%3Ahms-syn%7C{KEY}.1"},
        {"method": "PUT", "url": "Flag/7"},
    ]
    assert made["entry"][2]["resource"]["id"] == "7"
    assert made["entry"][2]["fullUrl"] == "urn:uuid:1"
    assert [entry["resource"]["identifier"][0]["value"] for entry in made["entry"]] == [f"{KEY}.{n}" for n in range(3)]


REFUSED = {
    "no entries": {"entry": []},
    "no list": {"entry": {"resource": PATIENT}},
    "a batch": {**MESSAGE, "type": "batch"},
    "an entry without a resource": {"entry": [{"request": {"method": "DELETE", "url": "Patient/1"}}]},
    "a resource of no type": {"entry": [{"resource": {"resourceType": "Jane"}}]},
    "a delete": {"entry": [{"resource": PATIENT, "request": {"method": "DELETE", "url": "Patient"}}]},
    "a search of its own": {"entry": [{"resource": PATIENT, "request": {"method": "PUT", "url": "Patient?name=Jane"}}]},
    "another type's address": {"entry": [{"resource": PATIENT, "request": {"method": "PUT", "url": "Flag/1"}}]},
    "a create with an id": {"entry": [{"resource": PATIENT, "request": {"method": "POST", "url": "Patient/1"}}]},
    "a type that cannot be searched for": {"entry": [{"resource": {"resourceType": "Provenance"}}]},
    "a resource that is none": {"entry": [{"resource": {**PATIENT, "active": "Jane"}}]},
}


@pytest.mark.parametrize("refused", REFUSED)
def test_a_transaction_that_could_not_be_repeated_is_not_sent(refused):
    """The error names the entry and no value."""
    with pytest.raises(errors.UnmappablePayload) as caught:
        hospital(NOWHERE, push=PUSH).preview(notice(**REFUSED[refused]))
    assert "Jane" not in str(caught.value)


ANSWERS = {
    "a yes for each": ([response(*YES)], "Patient/1, Flag/2"),
    "an address for one": (
        [response(YES[0], done(location="Flag/2/_history/1")), kept(FLAG, "2", 1)],
        "Patient/1, Flag/2",
    ),
    "an address that cannot be read": ([response(YES[0], done(location="Flag/2")), outcome("x")], "fhir_other_type"),
    "one too few": ([response(YES[0])], "fhir_entries_missing"),
    "one too many": ([response(*YES, YES[1])], "fhir_entries_missing"),
    "the wrong order": ([response(*reversed(YES))], "fhir_other_type"),
    "a no for one": ([response(YES[0], done(outcome("invalid"), "400 Bad Request"))], "fhir_entry_refused"),
    "no status": ([response(YES[0], {"resource": kept(FLAG, "2", 1)})], "fhir_entry_refused"),
    "a yes and nothing else": ([response(YES[0], done())], "fhir_no_resource"),
    "another's resource": ([response(YES[0], done(kept(FLAG, "2", 0)))], "fhir_stranger"),
    "another address": ([response(YES[0], done(kept(FLAG, "2", 1), location="Flag/3"))], "fhir_other_id"),
    "the transaction said back": ([{**response(*YES), "type": "transaction"}], "fhir_no_response"),
    "a batch": ([response(*YES, type="batch-response")], "fhir_no_response"),
    "an outcome": ([outcome("invalid")], "fhir_no_response"),
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_transaction_is_delivered_when_each_entry_is(answer):
    """One entry without its proof is no delivery."""
    documents, expected = ANSWERS[answer]
    with liar(*map(fhir, documents)) as peer:
        adapter = hospital(f"{peer.origin}/fhir", push=PUSH)
        try:
            said = adapter.send(notice(**MESSAGE)).reference
        except errors.OutcomeUnknown as error:
            said = error.code
        adapter.close()
    assert said == expected
    assert peer.requests[0].startswith(b"POST /fhir HTTP/1.1\r\n")


def test_a_refused_transaction_is_refused():
    """It is one message: nothing of it was done."""
    with liar(fhir(outcome("business-rule"), status="422 No")) as peer, pytest.raises(errors.VendorRefused):
        hospital(f"{peer.origin}/fhir", push=PUSH).send(notice(**MESSAGE))


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        pytest.param((searchset(kept(PATIENT, "1", 0)), searchset(kept(FLAG, "2", 1))), "Patient/1, Flag/2", id="all"),
        pytest.param((searchset(), searchset()), None, id="none"),
        pytest.param((searchset(), searchset(kept(FLAG, "2", 1))), "fhir_partial", id="a part"),
    ],
)
def test_a_transaction_is_found_whole_or_not_at_all(pages, expected):
    """Each entry is asked for; a part of a transaction cannot be."""
    with liar(*map(fhir, pages)) as peer:
        try:
            found = hospital(f"{peer.origin}/fhir", push=PUSH).find(notice(**MESSAGE))
            said = found.reference if found else None
        except errors.OutcomeUnknown as error:
            said = error.code
    assert said == expected


def test_a_long_transaction_has_a_short_receipt():
    """A receipt is a reference, not a list."""
    count = 40
    entries = [done(kept(PATIENT, str(1000 + n), n)) for n in range(count)]
    with liar(fhir(response(*entries)), http()) as peer:
        ack = hospital(f"{peer.origin}/fhir", push=PUSH).send(notice(entry=[{"resource": PATIENT}] * count))
    assert ack.reference == "Patient/1000 and 39 more"
