"""Two files compared key by key: spelling, defaults and variables make no difference, another value does."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.job_files.test_explained import FULL

from hms_syn.domain.durations import per_second, rate_written
from hms_syn.job_files.explained import explained
from hms_syn.job_files.filled_in import changes, filled_in

ROOT = Path(__file__).resolve().parents[3]
SMALL = """
job:
  name: HUD
  push_adapter: in_memory.v1
  source_topic: hud.hearing.created
  target_endpoint: "https://court.example.gov"
"""


def written(folder: Path, text: str, name: str = "court.yaml") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


@pytest.mark.parametrize("text", [FULL, *(file.read_text() for file in sorted((ROOT / "jobs").glob("*.yaml")))])
def test_a_file_with_every_default_typed_is_the_same(text, tmp_path):
    file = written(tmp_path / "short", text)
    whole = written(tmp_path / "whole", explained(file))
    assert changes(filled_in(file), filled_in(whole)) == []


def test_a_variable_is_its_value(tmp_path, monkeypatch):
    monkeypatch.setenv("COURT", "https://court.example.gov")
    plain = written(tmp_path / "a", SMALL)
    variable = written(tmp_path / "b", SMALL.replace("https://court.example.gov", "${COURT}"))
    assert changes(filled_in(plain), filled_in(variable)) == []


def test_a_null_that_is_no_default_is_a_change(tmp_path):
    off = written(tmp_path / "b", SMALL + "  alerts: {remind: null}\n")
    [change] = changes(filled_in(written(tmp_path / "a", SMALL)), filled_in(off))
    assert (change.key, change.old, change.new) == ("job.alerts.remind", "4h", None)


def test_of_a_side_that_only_one_has_the_defaults_are_not_told(tmp_path):
    both = SMALL + "  pull_adapter: in_memory.v1\n  pull: {schedule: 1m}\n"
    found = changes(filled_in(written(tmp_path / "a", SMALL)), filled_in(written(tmp_path / "b", both)))
    assert [(change.key, change.new) for change in found] == [
        ("job.pull_adapter", "in_memory.v1"),
        ("job.pull.schedule", "1m"),
    ]


@pytest.mark.parametrize("rate", ["10/s", "1/s", "100/m", "7/m", "5/h", "1/h", "59/h"])
def test_a_rate_is_written_as_it_was_read(rate):
    assert rate_written(per_second(rate)) == rate
