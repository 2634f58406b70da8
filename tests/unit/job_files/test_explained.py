"""A file with every default filled in is a job file itself, and means the same job."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from hms_syn.job_files import load_job, new_job
from hms_syn.job_files.explained import explained

ROOT = Path(__file__).resolve().parents[3]
FULL = """
job:
  name: "HUD → \\"County\\": court"
  description: |
    Two lines,
    both kept.
  tags: [court, "1998"]
  push_adapter: rest.json.v1
  pull_adapter: rest.json.v1
  source_topic: [hud.hearing.*, "hud.case.closed"]
  target_endpoint: "${COURT_ENDPOINT:-https://court.example.gov/v1}"
  allow_private: ["10.0.0.0/8"]
  push:
    schedule: "*/5 * * * *"
    ordering_key: case_id
    concurrency: 4
    rate_limit: 30/m
    max_response_bytes: 512KiB
    request: {path: "/cases/{caseId}", headers: {X-Agency: hud, X-Number: "0123"}, query: {urgent: true, n: 3}}
    mapping: {caseId: case_id, court: {county: venue.county}, "PID-3.1": "'x'"}
    success: {status: [OK, DONE], id: present}
    ack: {reference: id}
    find: {request: {path: "/by-key/{key}"}, match: "@"}
  pull:
    cursor: {field: changedAt, parameter: since, overlap: 0}
    request: {path: /changes}
  retry: {max_attempts: 20, multiplier: 1.5}
  alerts: {remind: null, notifiers: [{type: smtp, connection_id: mail, options: {to: ops@example.gov}}]}
  maintenance: [{from: "Sun 02:00", to: "Sun 04:00", timezone: America/New_York}]
heartbeat_interval: 1m
"""


def again(file: Path, tmp_path: Path, *, root: Path | None = None):
    """Load what was explained as a file of the same name elsewhere; return both jobs, their place left out."""
    other = tmp_path / "explained" / file.name
    other.parent.mkdir()
    other.write_text(explained(file, root=root), encoding="utf-8")
    jobs = load_job(file, root=root), load_job(other)
    return [dataclasses.replace(job, file="") for job in jobs]


@pytest.mark.parametrize("file", sorted((ROOT / "jobs").glob("*.yaml")), ids=lambda file: file.name)
def test_a_sample_means_the_same_job(file, tmp_path):
    before, after = again(file, tmp_path)
    assert before == after


def test_a_file_that_says_everything_means_the_same_job(tmp_path):
    (tmp_path / "court.yaml").write_text(FULL, encoding="utf-8")
    before, after = again(tmp_path / "court.yaml", tmp_path)
    assert before == after


@pytest.mark.parametrize("adapter", new_job.SIDES)
def test_a_new_job_means_the_same_job(adapter, tmp_path):
    (tmp_path / "court.yaml").write_text(new_job.text("court", adapter), encoding="utf-8")
    before, after = again(tmp_path / "court.yaml", tmp_path)
    assert before == after


def test_each_line_says_where_it_comes_from(tmp_path, monkeypatch):
    """What stands in the file has no remark; the rest names the default or the file and line it was taken from."""
    monkeypatch.chdir(tmp_path)
    Path("defaults.yaml").write_text("job:\n  owner: court-team\n  retry: {max_delay: 1h}\n", encoding="utf-8")
    Path("court.yaml").write_text(new_job.text("court", "oracle.soap.v1"), encoding="utf-8")
    lines = {line.split("#")[0].strip(): line.partition(" # ")[2] for line in explained("court.yaml").splitlines()}
    assert lines['push_adapter: "oracle.soap.v1"'] == ""
    assert lines["owner: court-team"] == "defaults.yaml:2"
    assert lines["max_delay: 1h"] == "defaults.yaml:3"
    assert lines['sweep: "1m"'] == "default"
    assert lines['id: "court"'] == "the file's name"
    assert lines['publish_topic: "syn.court.pulled"'] == "default: made of the id"


def test_a_variable_stays_a_variable(tmp_path, monkeypatch):
    """What the environment holds is nobody's to print."""
    monkeypatch.setenv("COURT_ENDPOINT", "https://inside.example.gov/v1")
    (tmp_path / "court.yaml").write_text(FULL, encoding="utf-8")
    text = explained(tmp_path / "court.yaml")
    assert "${COURT_ENDPOINT:-" in text
    assert "inside.example.gov" not in text
