"""Mapping there, proof back."""

from __future__ import annotations

import pytest

from hms_syn import errors
from hms_syn.adapters import mapping


def test_fields_are_found_by_their_expressions():
    """Nested maps, constants and the message's own facts are all reachable."""
    wanted = {"CaseID": "case.id", "Meta": {"Key": "_meta.idempotency_key"}, "Kind": "'hearing'"}
    assert mapping.apply(wanted, {"case": {"id": "C-1"}}, {"idempotency_key": "k"}) == {
        "CaseID": "C-1",
        "Meta": {"Key": "k"},
        "Kind": "hearing",
    }


def test_a_field_that_finds_nothing_is_named_without_any_value():
    """A message without a wanted field is refused, and the refusal can be shown to anybody."""
    with pytest.raises(errors.UnmappablePayload, match=r"Outer\.CaseID.*case_id") as caught:
        mapping.apply({"Outer": {"CaseID": "case_id"}}, {"patient": "Jane Doe"}, {})
    assert "Jane" not in str(caught.value)


def test_a_function_that_fails_on_a_value_is_an_unmappable_payload():
    """A type error inside JMESPath quotes the value, so its text is dropped."""
    with pytest.raises(errors.UnmappablePayload) as caught:
        mapping.apply({"N": "abs(name)"}, {"name": "Jane Doe"}, {})
    assert "Jane" not in str(caught.value)


@pytest.mark.parametrize("bad", [{"A": "case..id"}, {"A": 1}, {"A": {"B": "[["}}])
def test_a_mapping_that_is_not_jmespath_needs_an_officer(bad):
    """A broken expression is the job's fault, not the message's."""
    with pytest.raises(errors.ContractMismatch):
        mapping.check_expressions(bad)


@pytest.mark.parametrize("allowed", ["LODGED", ["LODGED", "ALREADY-LODGED"], "present"])
def test_an_allowed_value_and_a_reference_are_proof(allowed):
    """Value, list of values and ``present`` are the three ways to say what acceptance looks like."""
    ack = mapping.prove({"Code": "LODGED", "Ref": " R-1 "}, {"Code": allowed}, {"reference": "Ref", "status": "Code"})
    assert (ack.reference, ack.status) == ("R-1", "LODGED")


def test_true_in_yaml_is_true_in_the_answer():
    """A boolean and its word are the same proof."""
    assert mapping.prove({"ok": True, "r": "1"}, {"ok": "true"}, {"reference": "r"}).reference == "1"


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        ({"Code": "REJECTED", "Ref": "R"}, errors.VendorRefused, "proof_failed"),
        ({"Ref": "R"}, errors.OutcomeUnknown, "proof_missing"),
        ({"Code": "LODGED"}, errors.OutcomeUnknown, "ack_missing"),
        ({"Code": "LODGED", "Ref": {"a": 1}}, errors.OutcomeUnknown, "ack_missing"),
        ({"Code": "LODGED", "Ref": "  "}, errors.OutcomeUnknown, "ack_empty"),
    ],
)
def test_anything_less_is_no_proof(answer, kind, code):
    """Another value is a no; a missing value or reference is no answer at all."""
    with pytest.raises(kind) as caught:
        mapping.prove(answer, {"Code": ["LODGED"]}, {"reference": "Ref"})
    assert caught.value.code == code
