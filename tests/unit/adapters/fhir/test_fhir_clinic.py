"""The FHIR adapter against fhirstarter: a server that checks, answers without a resource, and knows no condition."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
import uuid

import pytest
from tests.peers.clinics import fhirstarter_clinic
from tests.unit.adapters.hospitals import FHIR, hospital, notice, push_of

from hms_syn import errors
from hms_syn.adapters.fhir import fhir_validation

pytestmark = pytest.mark.peers


@pytest.fixture(scope="module")
def clinic():
    with fhirstarter_clinic() as root:
        yield root


def test_a_created_resource_is_read_back_from_its_address(clinic):
    """201 and an address are no proof: what is there must carry our identifier."""
    adapter, message = hospital(clinic), notice(str(uuid.uuid4()))
    adapter.ping()
    assert adapter.find(message) is None
    made = adapter.send(message)
    assert made.reference.startswith("Appointment/")
    assert adapter.find(message).reference == made.reference
    adapter.close()


def test_a_server_without_conditions_makes_two_and_is_found_out(clinic):
    """If-None-Exist is ignored here: a repeat that was not asked for first is two, and an officer's matter."""
    adapter, message = hospital(clinic), notice(str(uuid.uuid4()))
    assert adapter.send(message).reference != adapter.send(message).reference
    with pytest.raises(errors.OutcomeUnknown) as caught:
        adapter.find(message)
    assert caught.value.code == "find_ambiguous"


@pytest.fixture
def without_the_extra(monkeypatch):
    """Return what makes this process one in which the package of the extra is not installed."""

    def hide():
        for name in [name for name in sys.modules if name == "fhir" or name.startswith("fhir.")]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, "fhir", None)
        fhir_validation._model.cache_clear()

    yield hide
    monkeypatch.undo()
    fhir_validation._model.cache_clear()


WRONG = {
    "participant is missing": {"status": "'booked'"},
    "an element that is none": {"status": "'booked'", "participant": "[{status: 'accepted'}]", "colour": "'red'"},
    "no moment": {"status": "'booked'", "participant": "[{status: 'accepted'}]", "start": "'tomorrow'"},
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_this_server_refuses_is_refused_before_it_is_sent(clinic, wrong, without_the_extra):
    """Our check and theirs say the same; without the extra it is sent, and their OperationOutcome is a refusal too."""
    adapter = hospital(clinic, push=push_of(mapping=WRONG[wrong]))
    with pytest.raises(errors.UnmappablePayload):
        adapter.send(notice())
    without_the_extra()
    assert "hms-syn[fhir]" in str(adapter.check())
    with pytest.raises(errors.VendorRefused) as caught:
        adapter.send(notice())
    assert caught.value.code in {"fhir_required", "fhir_structure", "fhir_value", "fhir_invalid"}
    assert "tomorrow" not in str(caught.value)


def test_what_we_send_is_what_they_accept(clinic):
    """The body of a preview is a sound resource to somebody else's reading of R4B."""
    body = hospital(clinic).preview(notice())
    headers = dict([FHIR.strip().split(": ")])
    with urllib.request.urlopen(urllib.request.Request(f"{clinic}/Appointment", body, headers)) as answer:
        assert answer.status == 201
    broken = json.dumps({**json.loads(body), "status": None}).encode()
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(urllib.request.Request(f"{clinic}/Appointment", broken, headers))
