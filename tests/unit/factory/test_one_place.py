"""A DAG comes from the bundle or from a DAG file, never from both."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hms_syn.factory import build_dags
from hms_syn.factory.audit_dag import build_audit
from hms_syn.factory.heartbeat_dag import build_heartbeat
from hms_syn.factory.one_place import BUNDLE

JOBS = Path(__file__).parents[3] / "jobs"


def found_by_dag_files(monkeypatch, *bundles):
    """Build what both DAG files build where Airflow reads these bundles."""
    configured = [{"name": name, "classpath": classpath, "kwargs": {}} for name, classpath in bundles]
    monkeypatch.setenv("AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST", json.dumps(configured))
    found: dict[str, object] = {}
    build_dags(found, JOBS)
    build_heartbeat(found)
    build_audit(found)
    return set(found)


def test_the_dag_files_have_every_dag_where_there_is_no_bundle(monkeypatch):
    found = found_by_dag_files(monkeypatch, ("dags", "airflow.dag_processing.bundles.local.LocalDagBundle"))
    assert {"syn.heartbeat", "syn.audit", "syn.court_calendar_sync.push", "syn.state_payments_sync.pull"} <= found


@pytest.mark.parametrize("beside", [(), (("dags", "airflow.dag_processing.bundles.local.LocalDagBundle"),)])
def test_the_dag_files_have_none_where_the_bundle_has_them(monkeypatch, beside):
    assert found_by_dag_files(monkeypatch, *beside, ("jobs", BUNDLE)) == set()


def test_the_name_looked_for_is_the_bundles_own():
    from hms_syn.bundle import JobsDagBundle

    assert f"{JobsDagBundle.__module__}.{JobsDagBundle.__qualname__}" == BUNDLE
