"""Job files whose vendor is an interface engine that speaks MLLP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hms_syn import errors, job_files

if TYPE_CHECKING:
    from pathlib import Path

ENDPOINT = "mllps://engine.example.org:6661"
SOUND = f"""
job:
  name: "HUD → Hospital"
  push_adapter: "hl7.mllp.v1"
  source_topic: "hud.eviction.ordered"
  target_endpoint: "{ENDPOINT}"
  push:
    request: {{message_type: ADT, trigger_event: A31}}
    mapping: {{PID-3.1: case_id}}
"""


def loaded(folder: Path, text: str) -> str:
    """Load a job; return its endpoint, or what is wrong with it."""
    file = folder / "hospital.yaml"
    file.write_text(text, encoding="utf-8")
    try:
        return job_files.load_job(file).target_endpoint
    except errors.JobFileInvalid as error:
        return str(error).replace(str(file), "hospital.yaml")


@pytest.mark.parametrize("endpoint", [ENDPOINT, "mllp://engine.example.org", "MLLP://[2606:4700::1111]:2575"])
def test_an_engine_is_an_endpoint(tmp_path: Path, endpoint: str) -> None:
    """It is kept as it is written: a change of it is a change."""
    assert loaded(tmp_path, SOUND.replace(ENDPOINT, endpoint)) == endpoint


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        ("https://engine.example.org", "is not an MLLP address; hl7.mllp.v1 needs one, such as 'mllps://host:port'"),
        ("mllp://hud:pa55word@engine.example.org", "holds a user name or password"),
        ("mllp://engine.example.org/adt", "names more than a host and a port"),
        ("mllp://engine.example.org:0", "is not the address of a host"),
        ("mllp://engine.example.org:66661", "is not the address of a host"),
        ("mllp:engine.example.org", "is not the address of an engine"),
        ("mllp://engine example", "is not the address of a host"),
        ("mllp://127.0.0.1:2575", "127.0.0.1 is this machine"),
        ("mllp://0x7f000001:2575", "unusual spelling"),
    ],
)
def test_what_is_wrong_with_it_is_said_at_its_line_without_a_secret(tmp_path: Path, endpoint: str, said: str) -> None:
    """The reason comes with file, line and column."""
    found = loaded(tmp_path, SOUND.replace(ENDPOINT, endpoint))
    assert found.startswith("hospital.yaml:6:20: error: job.target_endpoint: ")
    assert said in found
    assert "pa55word" not in found


def test_what_an_adapter_finds_is_told_at_its_line_though_the_name_has_dots(tmp_path: Path) -> None:
    """A place such as PID-3.1 is one key."""
    file = tmp_path / "hospital.yaml"
    file.write_text(SOUND, encoding="utf-8")
    job = job_files.load_job(file)
    keys = ["job.push.mapping.PID-3.1", "job.push.mapping.PID-9.9", "job.push.request.version"]
    found = [
        (problem.line, problem.column, problem.key) for problem in job_files.located(job, [(k, "?") for k in keys])
    ]
    assert found == [(8, 5, keys[2]), (9, 5, keys[1]), (9, 24, keys[0])]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('push_adapter: "hl7.mllp.v1"', 'push_adapter: "rest.json.v1"', "is an MLLP address; rest.json.v1 does not"),
        ("  source_topic", '  pull_adapter: "hl7.mllp.v1"\n  source_topic', "hl7.mllp.v1 only pushes"),
        ("    mapping", '    find: {request: {}, match: "@"}\n    mapping', "hl7.mllp.v1 cannot ask for a message"),
        (", trigger_event: A31", "", "job.push.request.trigger_event: is missing"),
        ("trigger_event", "triger_event", "did you mean 'trigger_event'?"),
    ],
)
def test_what_it_cannot_do_is_said_in_a_sentence(tmp_path: Path, old: str, new: str, said: str) -> None:
    """No job that can never work is accepted."""
    assert said in loaded(tmp_path, SOUND.replace(old, new, 1))
