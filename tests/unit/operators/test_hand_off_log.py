"""The line of a hand-off: a sentence for people, fields for machines, on the level of what is to be done."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import structlog
from tests.harness.cli import Cli

from hms_syn.domain.delivery import Outcome
from hms_syn.flow.hand_off import HandOff
from hms_syn.operators import hand_off_log
from hms_syn.sandbox.court_soap import serve

PAGE = (Path(__file__).parents[3] / "docs" / "traces.md").read_text(encoding="utf-8")
TOLD = {"message_id": "m1", "attempt": 2, "seconds": 0.214, "trace_id": "ab" * 16}
FACTS = {"job": "court", "message_id": "m1", "attempt": 2, "ms": 214, "trace_id": "ab" * 16}


@pytest.mark.parametrize(
    ("told", "level", "sentence", "facts"),
    [
        (
            {"outcome": Outcome.ACKED, "reference": "COURT-17\u202e"},
            "info",
            "m1 -> ack COURT-17\u202e (0.21 s, attempt 2)",
            {"outcome": "acked", "code": "", "receipt": "COURT-17\\u202e"},
        ),
        (
            {"outcome": Outcome.UNKNOWN, "code": "timeout", "note": "100% silence", "wait": 5.0},
            "warning",
            "m1 -> unknown timeout (0.21 s, attempt 2), next try in 5 seconds: 100% silence",
            {"outcome": "unknown", "code": "timeout", "receipt": ""},
        ),
        (
            {"outcome": Outcome.REFUSED, "code": "bad_date", "note": "no such day", "held": True},
            "error",
            "m1 -> refused bad_date (0.21 s, attempt 2), held: no such day",
            {"outcome": "refused", "code": "bad_date", "receipt": ""},
        ),
        (
            {"outcome": Outcome.STALE},
            "warning",
            "m1 -> stale  (0.21 s, attempt 2) ",
            {"outcome": "stale", "code": "", "receipt": ""},
        ),
    ],
)
def test_each_line_has_its_level_its_sentence_and_its_facts(told, level, sentence, facts):
    with structlog.testing.capture_logs() as lines:
        hand_off_log.write(structlog.get_logger("task"), "court", HandOff(**TOLD, **told))
    assert lines == [{"event": sentence, "log_level": level, **FACTS, **facts}]


def test_the_page_names_every_field_and_no_other():
    [table] = re.findall(r"\| field \| what it says \|\n.*?\n((?:\|.*\n)+)", PAGE)
    fields = HandOff(message_id="m1", attempt=1, outcome=Outcome.ACKED).fields("court")
    assert re.findall(r"^\| `(\w+)`", table, re.MULTILINE) == list(fields)


def test_run_prints_the_fields_alone(tmp_path):
    cli = Cli(tmp_path)
    with serve() as court:
        job = cli.listening(cli.job(f"{court}/soap"))
        topic = "hud.hearing.created"
        cli.publish(
            topic, {"case_id": "HUD-1", "date": "2024-09-02"}, {"case_id": "HUD-2", "date": "never"}, ids=["m1", "m2"]
        )
        done = cli("run", job, "--drain", "--json")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(line["message_id"], line["outcome"], line["receipt"]) for line in told] == [
        ("m1", "acked", "COURT-000001"),
        ("m2", "refused", ""),
    ]
    assert done.returncode == 1
    assert "Listening for" in done.stderr
