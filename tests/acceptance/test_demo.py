"""The README's first command, as a newcomer runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(400)]
HMS_SYN = Path(sys.executable).with_name("hms-syn")


def hms_syn(folder, *words, timeout=60):
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "COURT"))}
    return subprocess.run(
        [HMS_SYN, *words], cwd=folder, env=env, capture_output=True, text=True, timeout=timeout, check=False
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The folder in which the demo has run, and what it printed."""
    folder = tmp_path_factory.mktemp("demo")
    return folder, hms_syn(folder, "demo", "--once", timeout=380)


def test_it_ends_by_itself_with_everything_delivered(demo):
    """Three hearings published, delivered, confirmed; exit code 0; nothing left running."""
    folder, done = demo
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(" delivered COURT-") == 3
    assert done.stdout.count("is CONFIRMED") == 3
    assert "has been stopped" in done.stderr
    left = subprocess.run(["pgrep", "-f", str(folder)], capture_output=True, text=True, check=False).stdout.split()
    assert left == []


def test_the_receipt_is_in_the_trace(demo):
    """The case number finds the message, with every hop and the court's receipt."""
    folder, _ = demo
    done = hms_syn(folder, "trace", "HUD-22-109", "--json")
    assert done.returncode == 0
    [message] = json.loads(done.stdout)
    [delivery] = message["deliveries"]
    assert delivery["state"] == "delivered"
    receipt = delivery["reference"]
    journal = (folder / ".hms-syn" / "demo" / "court.jsonl").read_text()
    assert "HUD-22-109" in journal
    assert receipt in journal


def test_the_audit_trail_verifies(demo):
    """Nobody changed a row, and the command says how many there are."""
    folder, _ = demo
    done = hms_syn(folder, "audit", "verify")
    assert done.returncode == 0
    assert "The audit trail is whole" in done.stdout


def test_the_status_has_nothing_waiting(demo):
    """The board shows three delivered and an empty queue."""
    folder, _ = demo
    [row] = json.loads(hms_syn(folder, "status", "--json").stdout)
    assert (row["waiting"], row["delivered"], row["why"]) == (0, 3, "nothing waits")


def test_no_payload_and_no_password_is_in_any_log(demo):
    """Case numbers live in the queue; Airflow's logs and XCom hold ids only."""
    folder, _ = demo
    logs = "".join(path.read_text(errors="replace") for path in folder.glob(".hms-syn/demo/logs/**/*.log"))
    assert "COURT-00000" in logs
    assert "HUD-22-109" not in logs
