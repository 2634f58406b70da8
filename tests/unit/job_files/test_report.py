"""How problems are printed for people, programs and pull requests."""

from __future__ import annotations

import json

from hms_syn.domain.problem import Problem
from hms_syn.job_files import report

PROBLEM = Problem(file="jobs/a,b.yaml", line=6, column=3, key="job.x", text="is 100% wrong; take it out")


def test_text_is_one_line_an_editor_can_jump_to() -> None:
    """File, line and column come first."""
    assert report.as_text([PROBLEM]) == "jobs/a,b.yaml:6:3: error: job.x: is 100% wrong; take it out"


def test_json_has_every_field() -> None:
    """A program reads the same facts."""
    assert json.loads(report.as_json([PROBLEM])) == [
        {
            "file": "jobs/a,b.yaml",
            "line": 6,
            "column": 3,
            "key": "job.x",
            "text": "is 100% wrong; take it out",
            "severity": "error",
        }
    ]


def test_github_annotations_are_escaped() -> None:
    """A comma or percent sign does not break the workflow command."""
    assert report.as_github([PROBLEM]) == (
        "::error file=jobs/a%2Cb.yaml,line=6,col=3::job.x: is 100%25 wrong; take it out"
    )
