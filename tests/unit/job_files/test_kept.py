"""A job that is kept as text is the same job again."""

from __future__ import annotations

import dataclasses
import json
from typing import get_args, get_type_hints

from hms_syn.domain import job_spec, maintenance
from hms_syn.job_files import kept, load_job

WHOLE = """
job:
  name: "HUD → Court"
  push_adapter: rest.json.v1
  pull_adapter: rest.json.v1
  source_topic: [a.b, a.c]
  target_endpoint: "${COURT:-https://court.example.gov}/api"
  tags: [housing]
  allow_private: ["127.0.0.0/8"]
  heartbeat: {interval: 10s, request: {path: /health}}
  push:
    schema: hearing.json
    request: {path: /cases, headers: {x-court: "7"}}
    mapping: {caseId: case_id}
    success: {status: [LODGED, ALREADY-LODGED]}
    find: {request: {path: "/cases/{key}"}, match: "items[0]", success: {status: present}}
    breaker: {after: 2}
  pull: {dedupe_key: id, cursor: {field: at, parameter: since, overlap: 2m}}
  alerts: {notifiers: [{type: smtp, options: {to: ops@example.gov}}]}
  maintenance: [{from: "Sun 02:00", to: "Sun 04:00"}]
"""


def test_a_job_is_the_same_after_it_was_kept(tmp_path, monkeypatch):
    """Also when a variable, or the schema beside it, has gone meanwhile."""
    file, schema = tmp_path / "court.yaml", tmp_path / "hearing.json"
    file.write_text(WHOLE, encoding="utf-8")
    schema.write_text('{"type": "object", "required": ["case_id"]}', encoding="utf-8")
    monkeypatch.setenv("COURT", "https://other.example.gov")
    job = load_job(file)
    text = kept.written(job)
    schema.unlink()
    monkeypatch.delenv("COURT")
    assert kept.read(text, file=file) == job
    assert job.target_endpoint == "https://other.example.gov/api"


def test_every_part_of_a_job_that_has_parts_is_known():
    """A part that a later release adds cannot come back as a plain map."""
    hints = {"Window": maintenance.Window, "Mapping": dict, **vars(job_spec)}
    made = [kind for kind in vars(job_spec).values() if dataclasses.is_dataclass(kind)]
    nested = {
        (kind, name)
        for kind in made
        for name, hint in get_type_hints(kind, hints).items()
        if any(map(dataclasses.is_dataclass, [hint, *get_args(hint)]))
    }
    assert nested == kept.PARTS.keys()


def test_what_another_release_has_kept_is_no_job(tmp_path):
    file = tmp_path / "court.yaml"
    file.write_text(WHOLE.replace("    schema: hearing.json\n", ""), encoding="utf-8")
    told = json.loads(kept.written(load_job(file)))
    assert kept.read(json.dumps({**told, "colour": "red"}), file=file) is None
    assert kept.read("{", file=file) is None
