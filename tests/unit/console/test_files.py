"""Job files in the console: what is broken, and the text of one job."""

from __future__ import annotations

import pytest

GOOD = """\
job:
  name: "HUD → Court"
  push_adapter: "in_memory.v1"
  source_topic: "hud.court.created"
  target_endpoint: "https://court.example.gov/"
"""


@pytest.fixture
def store_url(tmp_path):
    """One database will do: no statement is asked here that other tests do not ask on both."""
    return f"sqlite:///{tmp_path}/queue.db"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty jobs folder."""
    place = tmp_path / "jobs"
    place.mkdir()
    monkeypatch.setenv("AIRFLOW__HMS_SYN__JOBS_FOLDER", str(place))
    return place


def test_a_job_shows_its_text_and_no_path_of_the_server(console, town, folder):
    (folder / "court.yaml").write_text(GOOD, encoding="utf-8")
    seen = console.get("/jobs/court", "vera")
    assert (seen["file"], seen["yaml"], seen["problems"]) == ("court.yaml", GOOD, [])
    assert console.get("/files") == {"files": []}


def test_a_broken_file_is_told_with_line_and_reason_until_it_is_mended(console, town, folder):
    path = folder / "court.yaml"
    path.write_text(GOOD + "  heartbeat_intervall: 30s\n", encoding="utf-8")
    [problem] = console.get("/files")["files"]
    assert (problem["file"], problem["line"], problem["key"]) == ("court.yaml", 6, "job.heartbeat_intervall")
    assert "did you mean" in problem["reason"]
    assert console.get("/jobs/court")["problems"] == [problem]
    path.write_text(GOOD, encoding="utf-8")
    assert console.get("/files") == {"files": []}


@pytest.mark.parametrize("line", ["  password: hunter2\n", "  docs_md: [hunter2\n"])
def test_a_file_with_a_secret_or_that_is_no_yaml_is_not_shown(console, town, folder, line):
    (folder / "court.yaml").write_text(GOOD + line, encoding="utf-8")
    seen = console.get("/jobs/court")
    assert seen["yaml"] is None
    assert seen["problems"]
    assert "hunter2" not in str(seen)


def test_a_job_without_a_file_here_has_none(console, town, folder):
    assert console.get("/jobs/court")["file"] is None
