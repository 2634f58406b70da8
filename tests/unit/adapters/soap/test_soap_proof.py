"""When an answer is a yes that nobody had to declare."""

from __future__ import annotations

import pytest
from tests.unit.adapters.wsdls import element, shape

from hms_syn import errors
from hms_syn.adapters.soap import soap_proof

ASKS = element("caseId")


def prove(outputs: str, answer: dict[str, object], **declared: dict[str, object]):
    wanted = {"success": {}, "ack": {}, **declared}
    return soap_proof.prove(answer, shape(ASKS, outputs), **wanted)


@pytest.mark.parametrize(
    "name", ["Reference", "ConfirmationNumber", "ReceiptNo", "trackingId", "hearingId", "whatever"]
)
def test_a_reference_is_recognised_by_its_name(name):
    """Receipts have many names; a single value needs none."""
    outputs = element(name) + (element("Note", low=0) if name != "whatever" else "")
    assert prove(outputs, {name: "HRG-1"}).reference == "HRG-1"


def test_an_echo_of_what_was_sent_is_no_reference():
    """The vendor repeating our case id says nothing about a receipt."""
    with pytest.raises(errors.ContractMismatch, match=r"ack: \{reference"):
        prove(element("caseId") + element("Note"), {"caseId": "HUD-22-109", "Note": "hello"})


def test_a_reference_that_was_sent_counts_beside_a_status():
    """Cancelling by the vendor's own reference answers with it again; the status is what says yes."""
    found = shape(element("reference"), element("reference") + element("status"), name="CancelHearing")
    assert soap_proof.reference_leaf(found) == "reference"


@pytest.mark.parametrize("word", ["ACCEPTED", "ok", "Already-Lodged", "SCHEDULED", "Successfully created", "duplicate"])
def test_words_that_mean_yes(word):
    """An answer says yes in the words courts use."""
    ack = prove(element("Ref") + element("Status"), {"Ref": "R1", "Status": word})
    assert (ack.reference, ack.status) == ("R1", word)


@pytest.mark.parametrize("word", ["REJECTED", "not accepted", "Refused", "ERROR-17", "false", "denied", "Failed"])
def test_words_that_mean_no(word):
    """A clear no sets the message aside, whatever reference comes with it."""
    with pytest.raises(errors.VendorRefused):
        prove(element("Ref") + element("Status"), {"Ref": "R1", "Status": word})


@pytest.mark.parametrize("word", ["PENDING", "17", "", "accepted for review"])
def test_any_other_word_leaves_the_outcome_unknown(word):
    """What cannot be taken for yes is not taken for it; the text says what to declare."""
    with pytest.raises(errors.OutcomeUnknown, match=r"push\.success") as caught:
        prove(element("Ref") + element("Status"), {"Ref": "R1", "Status": word})
    assert caught.value.code == "status_unrecognised"


def test_a_false_flag_is_a_no():
    """A boolean is a status too."""
    with pytest.raises(errors.VendorRefused):
        prove(element("Ref") + element("Success", "xs:boolean"), {"Ref": "R1", "Success": False})


@pytest.mark.parametrize("text", ["Case not found", "Please call the clerk", "REJECTED"])
def test_a_sentence_in_the_place_of_a_return_value_is_no_reference(text):
    """``CreateHearingResult`` may hold anything; only what looks like a reference is one."""
    with pytest.raises((errors.OutcomeUnknown, errors.VendorRefused)):
        prove(element("CreateHearingResult"), {"CreateHearingResult": text})
    assert prove(element("CreateHearingResult"), {"CreateHearingResult": "HRG-77"}).reference == "HRG-77"


@pytest.mark.parametrize(("value", "code"), [(None, "ack_missing"), ("  ", "ack_empty"), ("N/A", "ack_placeholder")])
def test_an_empty_reference_proves_nothing(value, code):
    """Missing, blank and placeholder references are told apart."""
    with pytest.raises(errors.OutcomeUnknown) as caught:
        prove(element("Ref", low=0) + element("Note"), {"Ref": value, "Note": "x"})
    assert caught.value.code == code


def test_an_error_beside_a_reference_is_not_overlooked():
    """A vendor that reports an error has not simply said yes."""
    with pytest.raises(errors.OutcomeUnknown):
        prove(element("Ref") + element("ErrorText", low=0), {"Ref": "R1", "ErrorText": "no judge"})


def test_a_declared_success_replaces_the_table_of_words():
    """What the job file says about the vendor's words is the last word."""
    ack = prove(element("Ref") + element("Status"), {"Ref": "R1", "Status": "PENDING"}, success={"Status": "PENDING"})
    assert ack.reference == "R1"
