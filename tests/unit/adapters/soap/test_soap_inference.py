"""Which operation a message goes to when nobody says so."""

from __future__ import annotations

import pytest
from tests.unit.adapters.wsdls import element, shapes, wrapped

from hms_syn import errors
from hms_syn.adapters.soap import soap_inference
from hms_syn.adapters.words import Topic

CREATED = Topic.parse("hud.hearing.created")
FIELDS = ["case_id", "date"]
ASKS = element("caseId") + element("hearingDate", "xs:date")
ANSWERS = element("reference")
LISTS = wrapped("Hearing", element("id"), high="unbounded")


@pytest.mark.parametrize("name", ["CreateHearing", "AddHearing", "scheduleHearings", "hearing_submit", "LodgeHearing"])
def test_one_fitting_operation_is_chosen(name):
    """Noun, verb and fields say which it is, in any spelling."""
    found = shapes(**{name: (ASKS, ANSWERS), "CancelHearing": (ASKS, ANSWERS), "CreateCase": (ASKS, ANSWERS)})
    assert soap_inference.for_push(found, CREATED, FIELDS).name == name


def test_the_very_verb_beats_a_synonym():
    """``CreateHearing`` is closer to ``created`` than ``FileHearing``."""
    found = shapes(CreateHearing=(ASKS, ANSWERS), FileHearing=(ASKS, ANSWERS))
    assert soap_inference.for_push(found, CREATED, FIELDS).name == "CreateHearing"


def test_fields_decide_between_two_of_the_same_name():
    """Only one of the two takes exactly what the message holds."""
    found = shapes(AddHearing=(ASKS, ANSWERS), FileHearing=(ASKS + element("fee"), ANSWERS))
    assert soap_inference.for_push(found, CREATED, FIELDS).name == "AddHearing"


def test_an_outer_element_is_looked_through():
    """``CreateHearing(hearing: {…})`` takes the fields of what is inside."""
    found = shapes(CreateHearing=(wrapped("hearing", ASKS), ANSWERS))
    assert soap_inference.for_push(found, CREATED, FIELDS).wrapper == "hearing"


def test_no_fitting_operation_says_what_to_add():
    """The officer sees the operations, their inputs and the lines that settle it."""
    found = shapes(CreateHearing=(element("docket") + element("hearingDate"), ANSWERS))
    with pytest.raises(errors.ContractMismatch) as caught:
        soap_inference.for_push(found, CREATED, FIELDS)
    text = str(caught.value)
    assert "CreateHearing(docket: string, hearingDate: string)" in text
    assert "request: {operation: CreateHearing}" in text
    assert "docket: <one of case_id>" in text
    assert "hearingDate: date" in text


def test_several_fitting_operations_are_not_guessed_between():
    """Two that fit are one too many."""
    found = shapes(AddHearing=(ASKS, ANSWERS), FileHearing=(ASKS, ANSWERS))
    with pytest.raises(errors.ContractMismatch, match="several operations fit"):
        soap_inference.for_push(found, CREATED, FIELDS)


def test_a_reading_operation_is_never_pushed_to():
    """``GetHearingRecord`` does not record."""
    found = shapes(GetHearingRecord=(ASKS, ANSWERS))
    with pytest.raises(errors.ContractMismatch):
        soap_inference.for_push(found, CREATED, FIELDS)


def test_a_message_that_lacks_a_field_does_not_put_the_operation_in_doubt():
    """Where the name leaves one operation, a bad message is the message's own affair."""
    found = shapes(CreateHearing=(ASKS, ANSWERS))
    assert soap_inference.for_push(found, CREATED, ["case_id"]).name == "CreateHearing"


def test_a_pull_finds_the_list():
    """A reading verb, the topic's noun, nothing required, one list: that is it."""
    found = shapes(ListHearings=(element("since", low=0), LISTS), GetHearing=(element("id"), LISTS))
    shape, path = soap_inference.for_pull(found, [CREATED])
    assert (shape.name, path) == ("ListHearings", "Hearing")


def test_a_pull_without_a_list_says_what_to_add():
    """No guess where nothing fits."""
    with pytest.raises(errors.ContractMismatch, match="records: <JMESPath"):
        soap_inference.for_pull(shapes(GetHearing=(element("id"), ANSWERS)), [CREATED])
