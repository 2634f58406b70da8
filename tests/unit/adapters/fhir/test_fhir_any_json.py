"""Whatever JSON a hospital sends: an error of ours or a receipt that its proof holds, and nothing else."""

from __future__ import annotations

import contextlib
import json
from http import HTTPStatus

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.adapters.hospitals import OURS, appointment, notice, outcome, push_of, searchset
from tests.unit.adapters.liar import KEY

from hms_syn import errors
from hms_syn.adapters.deadline import Deadline
from hms_syn.adapters.fhir import fhir_bundle, fhir_outcome, fhir_proof, fhir_push, fhir_resource, fhir_searchset
from hms_syn.adapters.fhir.fhir_proof import Expected
from hms_syn.adapters.http_client import Response
from hms_syn.domain.job_spec import Push

WORDS = st.sampled_from(
    "Appointment OperationOutcome Bundle searchset transaction-response match outcome error invalid 17 201 next "
    f"urn:hms-syn {KEY} Flag/17 http://[".split(" ")
)
SOUND = (appointment(), searchset(), searchset()["link"][0], outcome("x")["issue"][0], OURS)
NAMES = st.sampled_from(sorted({name for document in SOUND for name in document}))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 30) | st.floats(allow_nan=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
TRUE = st.sampled_from([appointment(), outcome("invalid"), searchset(appointment())])
EXPECTED = Expected(kind="Appointment", value=KEY)


@st.composite
def damaged(draw):
    """Draw a sound document with one place in it replaced by anything."""
    document = json.loads(json.dumps(draw(TRUE)))
    place = document
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = draw(st.sampled_from(keys))
        inner = place[key]
        if not isinstance(inner, dict | list) or not inner or draw(st.booleans()):
            place[key] = draw(VALUES)
            return document
        place = inner


def answer(document, status=HTTPStatus.OK):
    headers = {"content-type": "application/fhir+json"}
    return Response(status=status, headers=headers, body=json.dumps(document).encode())


@settings(max_examples=300, deadline=None)
@given(st.one_of(VALUES, damaged()), st.sampled_from([200, 201, 400, 409, 412, 422, 500]))
def test_any_answer_is_a_proof_or_an_error_of_ours(document, status):
    """What is taken for a receipt is an appointment with an id and our identifier."""
    try:
        ack = fhir_proof.prove(None, answer(document, status), EXPECTED, Push(), deadline=Deadline(1))
    except errors.SynError:
        return
    assert status in (200, 201)
    assert document["resourceType"] == "Appointment"
    assert OURS["value"] in [each["value"] for each in document["identifier"] if isinstance(each, dict)]
    assert ack.reference == f"Appointment/{document['id']}"


@settings(max_examples=300, deadline=None)
@given(st.one_of(VALUES, damaged()))
def test_any_document_can_be_read_as_a_page_a_response_and_an_outcome(document):
    """None of them ends in an error that is not ours."""
    whole = document if isinstance(document, dict) else {"resourceType": "Bundle", "entry": document}
    for read in (
        lambda: fhir_searchset.read(whole, "Appointment"),
        lambda: fhir_searchset.read({**whole, "resourceType": "Bundle", "type": "searchset"}, "Appointment"),
        lambda: fhir_bundle.check(None, {**whole, "type": "transaction-response"}, [EXPECTED], deadline=Deadline(1)),
        lambda: fhir_outcome.codes_in(whole) and fhir_outcome.is_clean(whole),
        lambda: fhir_resource.carries(whole, KEY),
    ):
        with contextlib.suppress(errors.OutcomeUnknown):
            read()


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["Appointment", "Composition", "transaction"]), st.dictionaries(NAMES, VALUES, max_size=5))
def test_any_payload_is_a_resource_or_is_refused(kind, payload):
    """A message that is no resource is refused before it is sent, whatever is in it."""
    request = {"interaction": "transaction"} if kind == "transaction" else {"resource": kind}
    try:
        made = fhir_push.request(push_of(request=request, mapping=None), notice(**payload) if payload else notice())
    except errors.UnmappablePayload:
        return
    json.loads(fhir_resource.body(made.resource))
