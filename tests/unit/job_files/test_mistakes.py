"""Every mistake in ``bad/`` is reported at its place, with what to do, and word for word as in ``bad/expected.txt``."""

from __future__ import annotations

from pathlib import Path

import pytest

from hms_syn import errors
from hms_syn.job_files import load_job

BAD = Path(__file__).parent / "bad"
EXPECTED = (BAD / "expected.txt").read_text(encoding="utf-8").splitlines()
ADAPTERS = ["oracle.soap.v1", "rest.json.v1"]


@pytest.mark.parametrize("name", sorted(path.name for path in BAD.glob("*.yaml")))
def test_a_mistaken_file_is_reported_word_for_word(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line names file, line, column, key, what is wrong and what to do."""
    monkeypatch.chdir(BAD)
    with pytest.raises(errors.JobFileInvalid) as caught:
        load_job(name, adapters=ADAPTERS)
    assert [str(problem) for problem in caught.value.problems] == [
        line for line in EXPECTED if line.startswith(f"{name}:")
    ]


def test_no_problem_repeats_a_secret() -> None:
    """What looks like a password is named by its key and never by its value."""
    assert not [line for line in EXPECTED if "hunter2" in line or "pa55word" in line or "eyJ" in line]
