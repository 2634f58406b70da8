"""Two jobs that would give one vendor the same event."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hms_syn.domain import topics
from hms_syn.domain.problem import Severity
from hms_syn.job_files import load_folder
from hms_syn.job_files.overlaps import overlaps

VENDOR = {"push_adapter": "rest.json.v1", "target_endpoint": "https://court.example.gov"}


@pytest.fixture
def found(tmp_path, monkeypatch):
    """Return the warnings of two jobs, ``a`` and ``b``, with these keys."""
    monkeypatch.chdir(tmp_path)

    def look(a, b):
        for name, keys in (("a", a), ("b", b)):
            job = {"name": name, **VENDOR, "source_topic": "hud.hearing.created", **keys}
            (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump({"job": job}, sort_keys=False), encoding="utf-8")
        jobs, problems = load_folder(tmp_path)
        assert problems == []
        return list(overlaps(jobs))

    return look


def test_two_jobs_of_one_vendor_with_one_topic_are_told_with_both_places(found):
    [warning] = found({}, {"source_topic": ["hud.other", "hud.hearing.*"]})
    assert (warning.file, warning.line, warning.key) == ("b.yaml", 5, "job.source_topic")
    assert warning.severity is Severity.WARNING
    assert "'hud.hearing.*' overlaps 'hud.hearing.created' of a (a.yaml:5:17)" in warning.text
    assert str(warning).startswith("b.yaml:5:3: warning: job.source_topic: ")


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ({}, {"source_topic": "hud.hearing.moved"}),
        ({}, {"target_endpoint": "https://bank.example.gov"}),
        ({"push": {"request": {"path": "/hearings"}}}, {"push": {"request": {"path": "/fees"}}}),
        ({"push": {"request": {"path": "/hearings"}}}, {}),
        ({}, {"push_adapter": "fhir.r4.v1", "push": {"request": {"resource": "Appointment"}}}),
    ],
    ids=["topics", "vendors", "paths", "a path", "adapters"],
)
def test_what_goes_elsewhere_is_no_overlap(found, a, b):
    assert found(a, b) == []


def test_an_operation_that_is_inferred_may_be_the_others(found):
    """And two that are named may not."""
    soap = {"push_adapter": "oracle.soap.v1"}
    named = {**soap, "push": {"request": {"operation": "ScheduleHearing"}}}
    assert len(found(soap, named)) == 1
    assert found(named, {**soap, "push": {"request": {"operation": "MoveHearing"}}}) == []


PATTERNS = st.text(alphabet="ab.*", min_size=1, max_size=6)


@given(PATTERNS, PATTERNS, st.text(alphabet="ab.", max_size=6))
def test_patterns_that_share_a_topic_overlap(one, other, topic):
    if topics.matches(one, topic) and topics.matches(other, topic):
        assert topics.overlap(one, other)
        assert topics.overlap(other, one)


@given(st.text(alphabet="ab.", min_size=1, max_size=6), PATTERNS)
def test_a_topic_without_a_star_overlaps_only_what_it_fits(topic, pattern):
    assert topics.overlap(topic, pattern) is topics.matches(pattern, topic)
