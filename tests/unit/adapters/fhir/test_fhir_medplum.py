"""The FHIR adapter against Medplum's FHIR router, which nobody here wrote."""

from __future__ import annotations

import json
import urllib.request
import uuid

import pytest
from tests.peers.node import medplum_hospital
from tests.unit.adapters.hospitals import hospital, notice, push_of

from hms_syn import errors
from hms_syn.domain.job_spec import Pull

pytestmark = pytest.mark.peers


@pytest.fixture(scope="module")
def medplum():
    with medplum_hospital() as root:
        yield root


def new_notice(**payload):
    return notice(str(uuid.uuid4()), **payload)


def at(root, path):
    with urllib.request.urlopen(f"{root}/{path}") as answer:
        return json.load(answer)


def test_a_message_is_created_once_and_found(medplum):
    """A repeat of the key gives the resource of the first time, and so does asking for it."""
    adapter, message = hospital(medplum), new_notice()
    assert adapter.check() == []
    adapter.ping()
    assert adapter.find(message) is None
    first, second = adapter.send(message), adapter.send(message)
    assert first.reference == second.reference
    assert (first.status, second.status) == ("created", "ok")
    found = adapter.find(message)
    assert found is not None
    assert found.reference == first.reference
    kept = at(medplum, first.reference)
    assert kept["description"] == "HUD-22-109"
    assert kept["identifier"] == [{"system": "urn:hms-syn", "value": message.idempotency_key}]
    adapter.close()


def test_the_server_is_told_the_condition(medplum):
    """If-None-Exist carries our identifier as the standard writes it."""
    message = new_notice()
    hospital(medplum).send(message)
    with urllib.request.urlopen(f"{medplum.removesuffix('/fhir/R4')}/arrivals") as answer:
        arrivals = json.load(answer)
    [sent] = [each for each in arrivals if message.idempotency_key in each["headers"].get("if-none-exist", "")]
    assert sent["headers"]["if-none-exist"] == f"identifier=urn:hms-syn|{message.idempotency_key}"
    assert sent["headers"]["content-type"] == "application/fhir+json"


def test_an_update_by_our_identifier_creates_and_then_updates(medplum):
    """The conditional PUT is one resource, however often it is sent."""
    adapter = hospital(medplum, push=push_of(request={"resource": "Appointment", "interaction": "update"}))
    message = new_notice()
    first = adapter.send(message)
    assert adapter.send(message).reference == first.reference
    assert adapter.find(message).reference == first.reference


def test_an_update_by_id_changes_what_is_there(medplum):
    """A resource with an id is put where it belongs, and the same receipt comes back."""
    made = hospital(medplum).send(new_notice())
    adapter = hospital(
        medplum,
        push=push_of(
            request={"resource": "Appointment", "interaction": "update"},
            mapping={
                "id": "id",
                "status": "'cancelled'",
                "participant": "[{status: 'accepted', actor: {display: 'x'}}]",
            },
        ),
    )
    message = new_notice(id=made.reference.partition("/")[2])
    assert adapter.send(message).reference == made.reference
    assert at(medplum, made.reference)["status"] == "cancelled"
    assert adapter.find(message).reference == made.reference


def test_a_transaction_makes_all_its_entries_once(medplum):
    """Every entry has an identifier of its own, and the receipt names every resource."""
    adapter = hospital(
        medplum,
        push=push_of(
            request={"interaction": "transaction"},
            mapping={
                "entry": "[{fullUrl: 'urn:uuid:0b8b5b5e-7a53-4f6c-8f2b-6d1c5d8c3a01', "
                "resource: {resourceType: 'Patient', active: `true`}}, {resource: {resourceType: 'Flag', "
                "status: 'active', code: {text: case_id}, "
                "subject: {reference: 'urn:uuid:0b8b5b5e-7a53-4f6c-8f2b-6d1c5d8c3a01'}}}]"
            },
        ),
    )
    message = new_notice()
    assert adapter.find(message) is None
    first = adapter.send(message)
    patient, flag = first.reference.split(", ")
    assert patient.startswith("Patient/")
    assert at(medplum, flag)["subject"]["reference"] == patient
    assert adapter.send(message).reference == first.reference
    assert adapter.find(message).reference == first.reference


def test_several_resources_with_our_identifier_are_an_officers_matter(medplum):
    """Somebody copied the resource: neither a repeat nor a question says which one is the message's."""
    message = new_notice()
    copied = json.dumps(json.loads(hospital(medplum).preview(message))).encode()
    for _ in range(2):
        request = urllib.request.Request(f"{medplum}/Appointment", copied, {"Content-Type": "application/fhir+json"})
        urllib.request.urlopen(request).close()
    with pytest.raises(errors.OutcomeUnknown) as caught:
        hospital(medplum).send(message)
    assert caught.value.code == "fhir_ambiguous"
    with pytest.raises(errors.OutcomeUnknown) as caught:
        hospital(medplum).find(message)
    assert caught.value.code == "find_ambiguous"


def test_resources_are_pulled_page_by_page_and_on_from_the_cursor(medplum):
    """Seven resources in pages of two come once each, and the next pull begins where this one ended."""
    push = push_of(
        request={"resource": "Task"}, mapping={"status": "'requested'", "intent": "'order'", "description": "n"}
    )
    made = [hospital(medplum, push=push).send(new_notice(n=str(n))).reference for n in range(7)]
    adapter = hospital(medplum, pull=Pull(publish_topic="t", request={"resource": "Task"}, page_size=2))
    pages = list(adapter.pull(None))
    assert [len(page.records) for page in pages] == [2, 2, 2, 1]
    assert [f"Task/{record['id']}" for page in pages for record in page.records] == made
    assert [page.cursor is None for page in pages] == [True, True, True, False]
    assert pages[-1].cursor == max(record["meta"]["lastUpdated"] for page in pages for record in page.records)
    again = [record for page in adapter.pull("2999-01-01T00:00:00Z") for record in page.records]
    assert again == []
    assert len([record for page in adapter.pull(pages[-1].cursor) for record in page.records]) == 7  # the overlap
