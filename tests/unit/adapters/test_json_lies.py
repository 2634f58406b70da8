"""The general rules of proof, held against answers in JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from hms_syn import errors
from hms_syn.adapters import mapping
from hms_syn.domain.ack import Ack

CASES = yaml.safe_load(Path(__file__).with_name("json_lies.yaml").read_text(encoding="utf-8"))
SUCCESS = {"status": ["OK", "ALREADY-LODGED"]}
ACK = {"reference": "id", "status": "status"}


@pytest.mark.parametrize("case", CASES, ids=[case["lie"] for case in CASES])
def test_an_answer_in_json_is_a_receipt_only_with_its_proof(case):
    """The declared status has a declared value, and a reference stands beside it; nothing less will do."""
    kind, _, word = case["is"].partition(" ")
    try:
        found = mapping.prove(json.loads(case["said"]), SUCCESS, ACK)
    except errors.SynError as error:
        found = error
    assert type(found).__name__ == kind
    assert word == (found.reference if isinstance(found, Ack) else found.code)
    assert "J-1" not in repr(found) or isinstance(found, Ack)


@pytest.mark.parametrize("said", ["", "  ", "\u200b", [], {}, None])
def test_what_must_be_present_must_be_something(said):
    """An empty value is there and says nothing."""
    with pytest.raises(errors.OutcomeUnknown) as caught:
        mapping.check_success({"id": said}, {"id": "present"})
    assert caught.value.code == "proof_missing"
