"""The heartbeat of all vendors as one Airflow DAG."""

from __future__ import annotations

from hms_syn.factory.heartbeat_dag import heartbeat_dag

dag = heartbeat_dag()
