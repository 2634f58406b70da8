"""Names and what they have in common."""

from __future__ import annotations

import pytest

from hms_syn.adapters import words


@pytest.mark.parametrize(
    ("targets", "sources", "pairs"),
    [
        (["CaseID", "DateOfHearing"], ["case_id", "date"], {"CaseID": "case_id", "DateOfHearing": "date"}),
        (["caseId", "hearingDate"], ["case_id", "date"], {"caseId": "case_id", "hearingDate": "date"}),
        (["CASEID", "HearingDt"], ["case_id", "date"], {"CASEID": "case_id", "HearingDt": "date"}),
        (["Date", "HearingDate"], ["date"], {"Date": "date"}),
        (["startDate", "endDate"], ["date"], {}),
        (["id"], ["hearing_id", "id"], {"id": "id"}),
        (["CaseNumber"], ["case_id"], {}),
    ],
)
def test_names_that_mean_the_same_are_paired(targets, sources, pairs):
    """Case, underscores and the topic's noun make no difference; anything else does."""
    assert words.pair(targets, sources, {"hearing"}) == pairs


@pytest.mark.parametrize(
    ("verb", "operation"),
    [
        ("created", "CreateHearing"),
        ("submitted", "submit_hearing"),
        ("filed", "FileHearing"),
        ("created", "NewHearing"),
    ],
)
def test_a_past_form_finds_its_verb(verb, operation):
    """What happened here is what is to be done there."""
    assert words.verb_of(operation) in words.synonyms(verb)


def test_a_noun_inside_a_reading_operation_is_not_its_verb():
    """``GetHearingRecord`` reads; the word record in it is a thing."""
    assert words.verb_of("GetHearingRecord") == "get"


def test_a_pattern_has_no_noun_of_its_own():
    """A topic with a star says nothing about what happened."""
    assert words.Topic.parse("hud.*.created") is None
    assert words.Topic.parse("created") is None
