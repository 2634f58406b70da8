"""The heartbeat of all vendors as one Airflow DAG."""

from __future__ import annotations

from hms_syn.factory.heartbeat_dag import build_heartbeat

build_heartbeat(globals())
