"""Every job file in the jobs folder as Airflow DAGs (asset-scheduled pushes, timed pulls)."""

from __future__ import annotations

from hms_syn.factory import build_dags

build_dags(globals())
