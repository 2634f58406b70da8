"""Airflow knows a DAG from one place: from our bundle, or else from the DAG files of the zero-setting way."""

from __future__ import annotations

from airflow.sdk import conf

BUNDLE = "hms_syn.bundle.JobsDagBundle"


def bundle_has_the_jobs() -> bool:
    """Return True where Airflow is set to read the jobs folder by our bundle, beside whatever else it reads."""
    return BUNDLE in conf.get("dag_processor", "dag_bundle_config_list", fallback="")
