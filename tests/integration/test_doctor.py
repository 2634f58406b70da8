"""``hms-syn doctor`` at a real Airflow: what is well is found well, and what is taken away is missed."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from tests.integration.conftest import eventually

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(300)]
ADDRESS = "AIRFLOW__CORE__EXECUTION_API_SERVER_URL"
SCRIPT = str(Path(sys.executable).with_name("hms-syn"))
WELL = {
    *("airflow", "connection", "database", "pooler", "clocks", "tables", "audit trail", "tasks", "scheduler"),
    *("triggerer", "dag-processor", "heartbeat", "audit DAG", "doorbells", "pings", "plugin", "extras"),
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
    """Other tests leave jobs that are not; doorbells and pings may take a moment after the last job came."""
    known = f"court_{uuid.uuid4().hex[:8]}"
    login = {"connection_id": known, "conn_type": "hms_soap", "login": "hud", "password": "pa55word"}
    assert place.airflow.api("POST", "/api/v2/connections", login)  # Airflow warns of such a type when it reads it
    job, _ = place.job(more=f"  connection_id: {known}\n")
    eventually(lambda: examined(place)["doorbells"]["verdict"] == "ok", seconds=120)
    found = examined(place)
    assert {check: found[check]["text"] for check in WELL if found[check]["verdict"] != "ok"} == {}
    assert job not in found["job files"]["text"] + found["DAGs"]["text"]
    assert known not in found["connections"]["text"]
    assert (found["rights"]["verdict"], "init --sql" in found["rights"]["todo"]) == ("warning", True)  # it is Airflow's
    assert "pa55word" not in str(found)


def test_another_secret_for_tokens_is_told_before_any_task_fails(place):
    """Everything looks alive then, and tasks fail without a log; so does a door at another address."""
    key = "AIRFLOW__API_AUTH__JWT_SECRET"
    for change, word in (({key: "x" * 64}, "refuses tokens"), ({ADDRESS: "http://127.0.0.1:9/execution/"}, "nobody")):
        code, said = doctor(place, **change)
        [line] = [line for line in said.splitlines() if line.split()[1] == "tasks"]
        assert (code, line.split()[0], word in line) == (1, "problem", True)
        assert "x" * 64 not in said


def test_an_airflow_without_our_connection_is_no_deployment(place):
    """Airflow is asked, so that a connection in its own database counts too; here nobody has it."""
    code, said = doctor(place, AIRFLOW_CONN_HMS_SYN_DB="")
    assert code == 1
    [line] = [line for line in said.splitlines() if line.split()[1] == "connection"]
    assert line.startswith("problem  connection    there is no 'hms_syn_db'")
    assert "→ define" in line
