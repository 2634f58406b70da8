"""A payload as it is typed, piped or posted."""

from __future__ import annotations

import pytest

from hms_syn.domain.json_objects import json_object
from hms_syn.errors import InvalidEvent


def test_an_object_is_read_as_it_stands() -> None:
    assert json_object('{"case_id": "HUD-22-110", "of": [1, null, {"a": true}]}') == {
        "case_id": "HUD-22-110",
        "of": [1, None, {"a": True}],
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"case": 1, "case": 2}', "a key appears twice"),
        ('{"a": {"case": 1, "case": 1}}', "a key appears twice"),
        ('{"n": NaN}', "NaN is not JSON"),
        ('{"n": Infinity}', "Infinity is not JSON"),
        ("[1]", "give a JSON object"),
        ('{"case": secret}', "line 1, column 10"),
    ],
)
def test_json_that_two_programs_could_read_differently_is_refused(text: str, said: str) -> None:
    with pytest.raises(InvalidEvent, match=said) as refused:
        json_object(text)
    assert "secret" not in str(refused.value)
