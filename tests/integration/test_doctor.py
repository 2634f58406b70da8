"""``hms-syn doctor`` at a real Airflow: what is well is found well, and what is taken away is missed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.integration.conftest import eventually

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(300)]
SCRIPT = str(Path(sys.executable).with_name("hms-syn"))
WELL = {
    *("airflow", "connection", "database", "clocks", "tables", "audit trail"),
    *("scheduler", "triggerer", "dag-processor", "heartbeat", "doorbells", "pings", "plugin", "extras"),
}


def doctor(place, *options, **changes):
    """Run it as an operator on Airflow's machine; return its exit code and what it printed."""
    done = subprocess.run(
        [SCRIPT, "doctor", *options],
        env={**place.airflow.environment, **changes},
        cwd=place.airflow.home,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout


def examined(place):
    """Return its findings by check."""
    return {finding["check"]: finding for finding in json.loads(doctor(place, "--json")[1])}


def test_a_deployment_that_runs_is_found_well(place):
    """Doorbells and pings may take a moment after the last job came."""
    place.job()
    eventually(lambda: examined(place)["doorbells"]["verdict"] == "ok", seconds=120)
    found = examined(place)
    assert {check: finding["text"] for check, finding in found.items() if finding["verdict"] != "ok"}.keys() <= {
        "rights",  # here the queue's user is Airflow's own
        "job files",  # the broken ones of other tests
        "DAGs",
    }
    assert found.keys() >= WELL
    assert found["rights"]["verdict"] == "warning"
    assert "init --sql" in found["rights"]["todo"]


def test_an_airflow_without_our_connection_is_no_deployment(place):
    """Airflow is asked, so that a connection in its own database counts too; here nobody has it."""
    code, said = doctor(place, AIRFLOW_CONN_HMS_SYN_DB="")
    assert code == 1
    [line] = [line for line in said.splitlines() if line.split()[1] == "connection"]
    assert line.startswith("problem  connection    there is no 'hms_syn_db'")
    assert "→ define" in line
