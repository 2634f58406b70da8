"""The quick way to canonical JSON and the library's are one."""

from __future__ import annotations

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from hms_syn.domain import canonical_json

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | TEXT
    | st.floats(allow_nan=False, allow_infinity=False, width=32),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
FLAT = st.dictionaries(st.text("abcdefghijklmnopqrstuvwxyz_", max_size=8), st.none() | st.booleans() | TEXT)


@given(VALUES)
def test_every_value_has_the_librarys_text(value):
    assert canonical_json.dumps(value) == rfc8785.dumps(value).decode()


@given(FLAT)
def test_a_flat_object_has_the_librarys_text(value):
    assert canonical_json.dumps_flat(value) == rfc8785.dumps(value).decode()


@pytest.mark.parametrize(
    "character", [chr(number) for number in [*range(0x20), 0x22, 0x2F, 0x5C, 0x7F, 0x2028, 0xFFFE]]
)
def test_every_awkward_character_has_the_librarys_text(character):
    for text in (character, f"a{character}b"):
        assert canonical_json.dumps({text: text}) == rfc8785.dumps({text: text}).decode()


@pytest.mark.parametrize("value", [2**53, float("nan"), {1: "a"}, {"a": object()}, [float("inf")]])
def test_what_json_cannot_hold_is_refused(value):
    with pytest.raises(rfc8785.CanonicalizationError):
        canonical_json.dumps(value)


def test_a_lone_surrogate_is_refused():
    with pytest.raises((UnicodeError, rfc8785.CanonicalizationError)):
        canonical_json.dumps({"a": "\ud800"})
