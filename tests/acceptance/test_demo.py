"""The README's first command, as a newcomer runs it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(400)]
HMS_SYN = Path(sys.executable).with_name("hms-syn")
RECEIPTS = {
    "court_eviction_sync": "COURT-000001",
    "state_payments_sync": "HOLD-000001",
    "hospital_records_sync": "Task/1",
}
FILES = {
    "court_eviction_sync": "court.jsonl",
    "state_payments_sync": "payments.jsonl",
    "hospital_records_sync": "hospital.jsonl",
}
"""What each vendor has written down for itself."""


def hms_syn(folder, *words, timeout=60):
    env = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AIRFLOW", "COURT", "PAYMENTS", "HOSPITAL"))
    }
    return subprocess.run(
        [HMS_SYN, *words], cwd=folder, env=env, capture_output=True, text=True, timeout=timeout, check=False
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The folder in which the demo has run, and what it printed."""
    folder = tmp_path_factory.mktemp("demo")
    return folder, hms_syn(folder, "demo", "--once", timeout=380)


def test_it_ends_by_itself_with_three_receipts(demo):
    """One order published, three deliveries, each vendor's last status back; exit code 0; nothing left running."""
    folder, done = demo
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(" published hud.eviction.ordered ") == 1
    assert [len(re.findall(rf" delivered {receipt} ", done.stdout)) for receipt in RECEIPTS.values()] == [1, 1, 1]
    assert (done.stdout.count("is CONFIRMED"), done.stdout.count("is completed")) == (4, 2)
    assert "has been stopped" in done.stderr
    left = subprocess.run(["pgrep", "-f", str(folder)], capture_output=True, text=True, check=False).stdout.split()
    assert left == []


def test_the_receipts_are_in_the_trace_and_in_each_vendors_own_file(demo):
    """The case number finds the message; each vendor has it once, under our key and the receipt it gave us."""
    folder, _ = demo
    done = hms_syn(folder, "trace", "HUD-22-109", "--json")
    assert done.returncode == 0
    [message] = [found for found in json.loads(done.stdout) if found["topic"] == "hud.eviction.ordered"]
    deliveries = {delivery["job"]: delivery for delivery in message["deliveries"]}
    assert {job: delivery["reference"] for job, delivery in deliveries.items()} == RECEIPTS
    for job, own in FILES.items():
        rows = [
            row for line in (folder / ".hms-syn" / "demo" / own).read_text().splitlines() for row in json.loads(line)
        ]
        key = deliveries[job]["idempotency_key"]
        arrived = [row for row in rows if row["kind"] == "arrival" and key in json.dumps(row)]
        assert len(arrived) == 1
        assert "HUD-22-109" in json.dumps(rows)


def test_the_audit_trail_verifies(demo):
    """Nobody changed a row, and the command says how many there are."""
    folder, _ = demo
    done = hms_syn(folder, "audit", "verify")
    assert done.returncode == 0
    assert "The audit trail is whole" in done.stdout


def test_the_status_has_nothing_waiting(demo):
    """The board shows one delivered for each of the three jobs, none for the fourth, and no queue."""
    folder, _ = demo
    rows = json.loads(hms_syn(folder, "status", "--json").stdout)
    assert {row["job"]: (row["waiting"], row["delivered"]) for row in rows} == {
        **dict.fromkeys(RECEIPTS, (0, 1)),
        "court_calendar_sync": (0, 0),
    }


def test_no_payload_and_no_password_is_in_any_log(demo):
    """Case numbers live in the queue; Airflow's logs and XCom hold ids only."""
    folder, _ = demo
    logs = "".join(path.read_text(errors="replace") for path in folder.glob(".hms-syn/demo/logs/**/*.log"))
    assert all(receipt in logs for receipt in RECEIPTS.values())
    assert "HUD-22-109" not in logs
    assert "Mill Lane" not in logs
