"""A connection that nobody here knows is told by ``lint``, at the line that names it."""

from __future__ import annotations

import json

import pytest
from tests.harness.cli import Cli

from hms_syn.store.sql_store import SqlStore

JOB = """\
job:
  name: "HUD → Payments"
  push_adapter: "rest.json.v1"
  source_topic: "hud.hold.placed"
  target_endpoint: "https://payments.example.gov"
  connection_id: payments
  push:
    request: {method: POST, path: /holds}
    mapping: {case: case_id}
    ack: {reference: id}
    success: {state: [PLACED]}
  alerts:
    when: [dead_letter]
    notifiers:
      - {type: smtp, connection_id: mailbox, options: {to: ops@example.gov}}
"""
TOLD = """\
jobs/payments.yaml:6:18: warning: job.connection_id: no connection 'payments' is known here; add it in Airflow under \
Admin, or set AIRFLOW_CONN_PAYMENTS where tasks run
jobs/payments.yaml:15:37: warning: job.alerts.notifiers.0.connection_id: no connection 'mailbox' is known here; add it \
in Airflow under Admin, or set AIRFLOW_CONN_MAILBOX where tasks run
"""


@pytest.fixture
def lint(tmp_path):
    """Lint the job in a folder, with these settings more in the environment; return what was printed."""
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "payments.yaml").write_text(JOB, encoding="utf-8")

    def run(*words, **more):
        cli = Cli(tmp_path)
        cli.environment.update(more)
        return cli("lint", *words, "jobs")

    return run


def test_what_nobody_knows_is_a_warning_at_its_line(lint, tmp_path):
    told = lint()
    assert (told.returncode, told.stdout) == (0, TOLD)
    assert lint("--strict").returncode == 1
    assert not list(tmp_path.rglob("airflow.db"))


def test_what_the_environment_or_airflow_knows_is_not_told(lint, tmp_path):
    SqlStore(f"sqlite:///{tmp_path}/airflow.db").create()
    kept = tmp_path / "connections.json"
    kept.write_text(json.dumps({"mailbox": {"conn_type": "smtp"}}), encoding="utf-8")
    told = lint(
        AIRFLOW_CONN_PAYMENTS='{"conn_type": "hms_rest"}',
        AIRFLOW__SECRETS__BACKEND="airflow.secrets.local_filesystem.LocalFilesystemBackend",
        AIRFLOW__SECRETS__BACKEND_KWARGS=json.dumps({"connections_file_path": str(kept)}),
    )
    assert (told.returncode, told.stdout) == (0, "")


def test_whoever_asks_no_vendor_asks_no_airflow(lint):
    """``--offline`` is what runs before each commit, where nobody has the agency's connections."""
    assert lint("--offline", "--strict").returncode == 0
