"""Mapping there, proof back."""

from __future__ import annotations

import json

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


TYPED = {
    "whole": ("n", 17),
    "fraction": ("f", 12.5),
    "nought": ("zero", 0),
    "yes": ("yes", True),
    "no": ("no", False),
    "empty text": ("empty", ""),
    "list": ("rows[*].fee", [1, 2.5]),
    "empty list": ("none", []),
    "map": ("case", {"id": "C-1", "open": True}),
    "chosen fields": ("case.{number: id, isOpen: open}", {"number": "C-1", "isOpen": True}),
    "constant number": ("`1`", 1),
    "constant false": ("`false`", False),
    "constant text": ("'hearing'", "hearing"),
    "constant list": ('`["a", 1]`', ["a", 1]),
    "count": ("length(rows)", 2),
    "default text": ("absent || 'x'", "x"),
    "default number": ("absent || `0`", 0),
    "default that keeps false": ("not_null(no, 'x')", False),
    "first that is there": ("absent || case.id || 'x'", "C-1"),
    "optional and there": ("n || `null`", 17),
    "optional and false": ("no || `null`", False),
    "optional and empty": ("empty || `null`", ""),
    "made a number": ("to_number(digits)", 7),
    "made a text": ("to_string(n)", "17"),
}
PAYLOAD = {
    "n": 17,
    "f": 12.5,
    "zero": 0,
    "yes": True,
    "no": False,
    "empty": "",
    "none": [],
    "digits": "7",
    "rows": [{"fee": 1}, {"fee": 2.5}],
    "case": {"id": "C-1", "open": True},
}


@pytest.mark.parametrize("what", TYPED)
def test_a_value_keeps_its_type(what):
    """What an expression finds is sent as the JSON value it is."""
    expression, wanted = TYPED[what]
    body = json.dumps(mapping.apply({"x": expression}, PAYLOAD, {}))
    assert body == json.dumps({"x": wanted})


def test_a_field_whose_default_is_null_is_left_out():
    """Optional fields are said to be optional; a map of nothing but such goes with them."""
    wanted = {
        "case": "case",
        "room": "room || `null`",
        "judge": {"name": "judge.name || `null`", "seat": "seat || judge.seat || `null`"},
        "options": {},
    }
    assert mapping.apply(wanted, {"case": "C-1", "room": None}, {}) == {"case": "C-1", "options": {}}


def test_a_default_that_finds_nothing_is_no_default():
    """Only a literal null makes a field optional."""
    with pytest.raises(errors.UnmappablePayload, match=r"'room'.*finds nothing"):
        mapping.apply({"room": "room || hall"}, {}, {})


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
