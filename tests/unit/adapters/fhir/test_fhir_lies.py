"""Everything a hospital may say instead of the truth, and what must be made of it: never a receipt."""

from __future__ import annotations

import json
import logging
import time
import traceback

import pytest
from tests.unit.adapters.hospitals import (
    FHIR,
    OURS,
    appointment,
    fhir,
    hospital,
    notice,
    outcome,
    push_of,
    searchset,
)
from tests.unit.adapters.liar import KEY, http, liar

from hms_syn import errors

ELSEWHERE = "Location: https://login.example/start\r\n"
HERE = "Location: /fhir/Appointment/17/_history/1\r\n"
YES = appointment()
BUNDLE = {"resourceType": "Bundle", "id": "b1", "type": "collection", "identifier": OURS, "entry": [{"resource": YES}]}
CREATED = {"status": "201 Created"}


def stranger(**changes):
    return appointment(identifier=[{**OURS, **changes}])


def said(document, **how):
    return [fhir(document, **how)]


LIES = {
    # a success that is not one
    "an empty 200": ([http()], "OutcomeUnknown fhir_no_resource"),
    "an empty 201": ([http(**CREATED)], "OutcomeUnknown fhir_no_resource"),
    "an empty 201 that leads elsewhere": ([http(**CREATED, headers=ELSEWHERE)], "OutcomeUnknown fhir_no_resource"),
    "an empty 201 of another type": (
        [http(**CREATED, headers="Location: /fhir/Patient/17\r\n"), fhir(YES)],
        "OutcomeUnknown fhir_other_type",
    ),
    "an empty 201, and nothing can be read": (
        [http(**CREATED, headers=HERE), fhir(outcome("not-found"), status="404 Not Found")],
        "OutcomeUnknown fhir_not_read_back",
    ),
    "an empty 201, and the login is refused when it is read": (
        [http(**CREATED, headers=HERE), http(status="401 Unauthorized")],
        "OutcomeUnknown fhir_not_read_back",
    ),
    "an empty 201, and a busy server when it is read": (
        [http(**CREATED, headers=HERE), http(status="503 Service Unavailable")],
        "OutcomeUnknown fhir_not_read_back",
    ),
    "an empty 201, and another's resource is read": (
        [http(**CREATED, headers=HERE), fhir(stranger(value="other"))],
        "OutcomeUnknown fhir_stranger",
    ),
    "an empty 201, and another id is read": (
        [http(**CREATED, headers=HERE), fhir(appointment(id="18"))],
        "OutcomeUnknown fhir_other_id",
    ),
    "a 202": ([fhir(YES, status="202 Accepted")], "OutcomeUnknown http_202"),
    "a 203": ([fhir(YES, status="203 Non-Authoritative Information")], "OutcomeUnknown http_203"),
    "a 204": ([b"HTTP/1.1 204 No Content\r\n\r\n"], "OutcomeUnknown empty"),
    "a redirect": ([http(status="302 Found", headers="Location: /fhir/Appointment/17\r\n")], "OutcomeUnknown redirect"),
    "a 304": ([b"HTTP/1.1 304 Not Modified\r\n\r\n"], "OutcomeUnknown redirect"),
    # something else than a resource
    "a web page": ([http("<html>Jane Doe</html>", headers="Content-Type: text/html\r\n")], "OutcomeUnknown html"),
    "a web page that calls itself FHIR": ([http("<html>Jane Doe</html>", headers=FHIR)], "OutcomeUnknown bad_json"),
    "FHIR as XML": (
        [http("<Appointment/>", headers="Content-Type: application/fhir+xml\r\n")],
        "OutcomeUnknown not_json",
    ),
    "JSON without a media type": ([http(json.dumps(YES))], "OutcomeUnknown not_json"),
    "half a resource": ([http(json.dumps(YES)[:-9], headers=FHIR)], "OutcomeUnknown bad_json"),
    "two resources": ([http(json.dumps(YES) * 2, headers=FHIR)], "OutcomeUnknown bad_json"),
    "a resource with two ids": (
        [http(json.dumps(YES).replace("{", '{"id": "18", ', 1), headers=FHIR)],
        "OutcomeUnknown bad_json",
    ),
    "a list": (said([YES]), "OutcomeUnknown fhir_no_resource"),
    "null": (said(None), "OutcomeUnknown fhir_no_resource"),
    "true": (said(True), "OutcomeUnknown fhir_no_resource"),
    "no type": (said(appointment(resourceType=None)), "OutcomeUnknown fhir_no_resource"),
    "a type that is no text": (said(appointment(resourceType=["Appointment"])), "OutcomeUnknown fhir_no_resource"),
    # somebody else's resource
    "another type": (said(appointment(resourceType="Patient")), "OutcomeUnknown fhir_other_type"),
    "the type in lower case": (said(appointment(resourceType="appointment")), "OutcomeUnknown fhir_other_type"),
    "a bundle that holds the resource": (said(BUNDLE), "OutcomeUnknown fhir_other_type"),
    "a searchset that holds the resource": (said(searchset(YES)), "OutcomeUnknown fhir_other_type"),
    "the message said back": (["echo"], "OutcomeUnknown fhir_no_id"),
    "no id": (said(appointment(id=None)), "OutcomeUnknown fhir_no_id"),
    "an empty id": (said(appointment(id="")), "OutcomeUnknown fhir_no_id"),
    "a number for an id": (said(appointment(id=17)), "OutcomeUnknown fhir_no_id"),
    "a path for an id": (said(appointment(id="../Patient/1")), "OutcomeUnknown fhir_no_id"),
    "a long id": (said(appointment(id="1" * 65)), "OutcomeUnknown fhir_no_id"),
    "an id with an end of line": (said(appointment(id="17\n")), "OutcomeUnknown fhir_no_id"),
    "another id than its address": (
        said(appointment(id="18"), headers=HERE, **CREATED),
        "OutcomeUnknown fhir_other_id",
    ),
    "another type than its address": (
        said(YES, headers="Location: /fhir/Patient/17\r\n", **CREATED),
        "OutcomeUnknown fhir_other_type",
    ),
    "no identifier": (said(appointment(identifier=None)), "OutcomeUnknown fhir_stranger"),
    "no identifiers": (said(appointment(identifier=[])), "OutcomeUnknown fhir_stranger"),
    "another's key": (said(stranger(value="0" + KEY[1:])), "OutcomeUnknown fhir_stranger"),
    "our key in capitals": (said(stranger(value=KEY.upper())), "OutcomeUnknown fhir_stranger"),
    "the beginning of our key": (said(stranger(value=KEY[:-1])), "OutcomeUnknown fhir_stranger"),
    "our key under another system": (said(stranger(system="urn:hms")), "OutcomeUnknown fhir_stranger"),
    "our key without a system": (
        said(appointment(identifier=[{"value": KEY}])),
        "OutcomeUnknown fhir_stranger",
    ),
    "system and value apart": (
        said(appointment(identifier=[{"system": OURS["system"]}, {"value": KEY}])),
        "OutcomeUnknown fhir_stranger",
    ),
    "our identifier as text": (said(appointment(identifier=f"urn:hms-syn|{KEY}")), "OutcomeUnknown fhir_stranger"),
    "our identifier in what is contained": (
        said(appointment(identifier=None, contained=[YES])),
        "OutcomeUnknown fhir_stranger",
    ),
    "our key as the tag": (
        said(appointment(identifier=None, meta={"tag": [{"system": "urn:hms-syn", "code": KEY}]})),
        "OutcomeUnknown fhir_stranger",
    ),
    # a no, in every dress
    "an outcome with 200": (said(outcome("invalid")), "OutcomeUnknown fhir_outcome"),
    "an outcome with 201": (said(outcome("processing", severity="fatal"), **CREATED), "OutcomeUnknown fhir_outcome"),
    "an outcome without a severity": (
        said({"resourceType": "OperationOutcome", "issue": [{"code": "informational"}]}),
        "OutcomeUnknown fhir_outcome",
    ),
    "an outcome without issues": (said({"resourceType": "OperationOutcome"}), "OutcomeUnknown fhir_outcome"),
    "a clean outcome and no address": (
        said(outcome("informational", severity="information")),
        "OutcomeUnknown fhir_no_resource",
    ),
    "several matches": (said(outcome("multiple-matches"), status="412 No"), "OutcomeUnknown fhir_ambiguous"),
    "several matches without a word": ([http(status="412 No")], "OutcomeUnknown fhir_ambiguous"),
    "a 400 that timed out": (said(outcome("timeout"), status="400 No"), "OutcomeUnknown fhir_timeout"),
    "a 422 of an exception": (
        said(outcome("invalid", "exception"), status="422 No"),
        "OutcomeUnknown fhir_exception",
    ),
    "a 500 that blames the message": (said(outcome("invalid"), status="500 No"), "OutcomeUnknown http_500"),
    "a 500 about who we are": (said(outcome("security"), status="500 No"), "OutcomeUnknown http_500"),
    "a 500 with the resource": (said(YES, status="500 No"), "OutcomeUnknown http_500"),
    "a 400 with the resource": (said(YES, status="400 No"), "VendorRefused http_400"),
    "a 404": (said(outcome("not-found"), status="404 No"), "ContractMismatch http_404"),
    "a 405": ([http(status="405 No")], "ContractMismatch http_405"),
    "a 408": ([http(status="408 No")], "OutcomeUnknown http_408"),
    "a 401 with the resource": (said(YES, status="401 No"), "LoginRefused http_401"),
    "a 403 that blames the message": (said(outcome("invalid"), status="403 No"), "LoginRefused http_403"),
    "a 400 for who we are": (said(outcome("security"), status="400 No"), "LoginRefused fhir_security"),
    "a 429": (said(outcome("throttled"), status="429 No"), "VendorBusy http_429"),
    "a 409 without a word": ([http(status="409 No")], "VendorBusy fhir_conflict"),
    "a 400 with a lock": (said(outcome("lock-error"), status="400 No"), "VendorBusy fhir_lock_error"),
    "a 500 with a lock": (said(outcome("lock-error"), status="500 No"), "VendorBusy fhir_lock_error"),
    "a 400 with a code of its own": (said(outcome("jane-doe"), status="400 No"), "VendorRefused http_400"),
    "a 422": (said(outcome("business-rule"), status="422 No"), "VendorRefused fhir_business_rule"),
    "a 400": (said(outcome("required", "value"), status="400 No"), "VendorRefused fhir_required"),
    "a 413": (said(outcome("too-long"), status="413 No"), "VendorRefused fhir_too_long"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_hospitals_lie_is_never_taken_for_a_receipt(lie, caplog):
    """F19, F23, F24, F27: each answer has its one outcome, and no word of it is kept."""
    caplog.set_level(logging.DEBUG)
    scripts, expected = LIES[lie]
    if scripts == ["echo"]:
        scripts = [fhir(json.loads(hospital("http://127.0.0.1:1/fhir").preview(notice())), **CREATED)]
    kind, _, code = expected.partition(" ")
    with liar(*scripts) as peer:
        adapter = hospital(f"{peer.origin}/fhir", push=push_of(timeout=2.0))
        started = time.monotonic()
        with pytest.raises(errors.SynError) as caught:
            adapter.send(notice())
        took = time.monotonic() - started
        adapter.close()
    assert (type(caught.value).__name__, caught.value.code) == (kind, code)
    assert took < 10
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + caplog.text
    assert not [word for word in ("Jane Doe", "jane-doe", "HUD-22-109") if word in told]


TRUTHS = {
    "a resource": [fhir(YES, **CREATED)],
    "a resource that was there": [fhir(YES)],
    "a resource with further identifiers": [fhir(appointment(identifier=[{"value": "MRN-1"}, OURS]))],
    "its address": [http(**CREATED, headers=HERE), fhir(YES)],
    "its address behind a proxy": [
        http(**CREATED, headers="Location: http://inner:8080/r4/Appointment/17\r\n"),
        fhir(YES),
    ],
    "remarks and its address": [fhir(outcome("informational", severity="warning"), headers=HERE, **CREATED), fhir(YES)],
    "a resource with an address that says nothing": [fhir(YES, headers=ELSEWHERE, **CREATED)],
}


@pytest.mark.parametrize("truth", TRUTHS)
def test_a_resource_of_ours_is_the_receipt(truth):
    """The type, an id of the server's own and our identifier: then it is delivered."""
    with liar(*TRUTHS[truth]) as peer:
        adapter = hospital(f"{peer.origin}/fhir")
        assert adapter.send(notice()).reference == "Appointment/17"
        adapter.close()
    assert peer.requests[0].startswith(b"POST /fhir/Appointment HTTP/1.1\r\n")
    assert all(request.startswith(b"GET /fhir/Appointment/17 ") for request in peer.requests[1:])


def test_the_lies_are_many():
    """A list that shrinks by accident is noticed."""
    assert len(LIES) >= 70
