"""Values with holes."""

from __future__ import annotations

import pytest

from hms_syn import errors
from hms_syn.adapters import templates

FIELDS = {"key": "6f1d", "n": 4, "sealed": True, "case": {"number": "A-1", "rooms": [1]}, "gone": None, "zero": 0}


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{key}", "6f1d"),
        ("urn:uuid:{key}", "urn:uuid:6f1d"),
        ("{key}/{n}", "6f1d/4"),
        ("{n}", 4),
        ("{zero}", 0),
        ("{sealed}", True),
        ("is {sealed}", "is true"),
        ("{case.number}", "A-1"),
        ("{case}", {"number": "A-1", "rooms": [1]}),
        ("plain", "plain"),
        ("", ""),
        (17, 17),
        (None, None),
        (False, False),
        (["{n}", {"a": "{key}"}], [4, {"a": "6f1d"}]),
    ],
)
def test_a_hole_alone_keeps_the_fields_kind_and_a_text_around_it_makes_text(template, value):
    assert templates.filled(template, FIELDS) == value


def test_what_is_filled_in_is_not_filled_again():
    """A message whose text looks like a hole is only text."""
    assert templates.filled("{a}", {"a": "{key}", "key": "secret"}) == "{key}"
    assert templates.filled("<{a}>", {"a": "{key}", "key": "secret"}) == "<{key}>"


@pytest.mark.parametrize(
    "template", ["{other}", "a {other}", "{gone}", "{case.judge}", "{key.x}", "x{case}", "x{case.rooms}"]
)
def test_a_hole_that_the_message_cannot_fill_is_named_without_a_value(template):
    with pytest.raises(errors.UnmappablePayload) as caught:
        templates.filled(template, FIELDS)
    assert "{" in str(caught.value)
    assert "A-1" not in str(caught.value)


@pytest.mark.parametrize("text", ["{", "}", "{}", "{ key }", "{key}}", "{1}", "{a b}", "${key"])
def test_a_brace_outside_a_hole_is_noticed(text):
    assert templates.stray_braces(text) == [text]
