"""The sealing of the audit trail as one Airflow DAG."""

from __future__ import annotations

from hms_syn.factory.audit_dag import build_audit

build_audit(globals())
