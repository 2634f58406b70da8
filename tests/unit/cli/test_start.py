"""``hms-syn start`` before Airflow has found the job."""

from __future__ import annotations

import os
import signal
import subprocess

from sqlalchemy import text
from tests.harness.cli import SCRIPT, Cli

JOB = """\
job:
  name: "HUD → Memory"
  push_adapter: "in_memory.v1"
  source_topic: "hud.hearing.created"
  target_endpoint: "https://court.example.gov"
"""


def test_ctrl_c_while_airflow_has_not_found_the_job_says_what_is_left_behind(tmp_path):
    cli = Cli(tmp_path)
    with cli.store() as store, store.engine.begin() as connection:
        connection.execute(text("CREATE TABLE dag (dag_id VARCHAR, is_paused BOOLEAN, is_stale BOOLEAN)"))
    (tmp_path / "court.yaml").write_text(JOB, encoding="utf-8")
    env = {**cli.environment, "AIRFLOW__HMS_SYN__JOBS_FOLDER": str(tmp_path / "jobs")}
    with subprocess.Popen(
        [SCRIPT, "start", "court.yaml"], cwd=tmp_path, env=env, stderr=subprocess.PIPE, text=True
    ) as started:
        try:
            assert started.stderr.readline() == "waiting up to 120 s for Airflow to find syn.court.push …\n"
            os.kill(started.pid, signal.SIGINT)
            said = started.stderr.read()
            assert started.wait(20) == 130
        finally:
            started.kill()
    place = tmp_path / "jobs" / "court.yaml"
    assert f"{place} stays in the jobs folder, and court may not be switched on" in said
    assert f"next: hms-syn start {place}" in said
