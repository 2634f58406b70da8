"""Job files whose vendor is a folder of an SFTP server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hms_syn import errors, job_files

if TYPE_CHECKING:
    from pathlib import Path

SOUND = """
job:
  name: "HUD → County"
  push_adapter: "sftp.csv.v1"
  pull_adapter: "sftp.csv.v1"
  source_topic: "hud.hearing.created"
  target_endpoint: "sftp://files.county.example.gov/hud"
  push:
    request: {folder: in, file_name: "{key}.csv"}
  pull:
    request: {folder: out, pattern: "*.csv"}
    cursor: {overlap: 15m}
"""


def loaded(folder: Path, text: str) -> str:
    """Load a job; return its endpoint, or what is wrong with it."""
    file = folder / "county.yaml"
    file.write_text(text, encoding="utf-8")
    try:
        return job_files.load_job(file).target_endpoint
    except errors.JobFileInvalid as error:
        return str(error).replace(str(file), "county.yaml")


@pytest.mark.parametrize("place", ["files.county.example.gov/hud", "files.county.example.gov:2222", "[2001:4860::1]/"])
def test_a_folder_is_an_endpoint_and_its_cursor_needs_neither_field_nor_parameter(tmp_path: Path, place: str) -> None:
    """The endpoint is kept as it is written."""
    text = SOUND.replace("files.county.example.gov/hud", place)
    assert loaded(tmp_path, text) == f"sftp://{place}"


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        ("https://county.example.gov/hud", "is not an SFTP server; sftp.csv.v1 needs one"),
        ("sftp://clerk:pa55word@county.example.gov/hud", "holds a user name or password"),
        ("sftp://county.example.gov/hud/../etc", "by its whole path"),
        ("sftp://county.example.gov/hud?x=1", "by its whole path"),
        ("sftp://127.0.0.1/hud", "127.0.0.1 is this machine"),
        ("sftp://county.example.gov:0/hud", "is not a URL of a host"),
        ("sftp:/county.example.gov", "is not the address of an SFTP server"),
    ],
)
def test_what_is_wrong_with_it_is_said_at_its_line_without_a_secret(tmp_path: Path, endpoint: str, said: str) -> None:
    """The reason comes with file, line and column."""
    found = loaded(tmp_path, SOUND.replace("sftp://files.county.example.gov/hud", endpoint))
    assert found.startswith("county.yaml:7:20: error: job.target_endpoint: ")
    assert said in found
    assert "pa55word" not in found


def test_other_adapters_do_not_speak_to_it(tmp_path: Path) -> None:
    """A wrong key is named."""
    text = SOUND.replace('push_adapter: "sftp.csv.v1"', 'push_adapter: "rest.json.v1"')
    assert "is an SFTP server; rest.json.v1 does not speak to one" in loaded(tmp_path, text)
    assert "did you mean 'pattern'" in loaded(tmp_path, SOUND.replace("pattern:", "patern:"))
