"""The DAG files that the bundle writes, as texts with gaps."""

from __future__ import annotations

STUB = '''"""An Airflow DAG file written from {name}; edit that file, not this one.

{text}
"""
from pathlib import Path

from hms_syn.factory import build
from hms_syn.hooks.job_as_it_runs import job_as_it_runs

for dag in build(job_as_it_runs(Path({path!r}), root=Path({root!r}), folder={folder!r})):
    globals()[dag.dag_id] = dag
'''
BROKEN = "_broken_"
BROKEN_STUB = '''"""What is wrong with {name}. The Airflow DAGs of its job go on as they last were."""
from pathlib import Path

from hms_syn.job_files import load_job

load_job(Path({path!r}), root=Path({root!r}))
'''
SECOND_STUB = '''"""No Airflow DAG: the id in {name} is another file's."""
from pathlib import Path

from hms_syn.hooks.job_as_it_runs import refuse

refuse(Path({path!r}), root=Path({root!r}), job_id={job_id!r}, first=Path({first!r}))
'''
NOT_SHOWN = "(Its text is not shown: it cannot be read as YAML, or holds what looks like a secret.)"
HEARTBEAT = "_hms_syn_heartbeat.py"
"""No job file's name: those begin with a letter."""
HEARTBEAT_STUB = '''"""The heartbeat of all vendors as an Airflow DAG."""
from hms_syn.factory.heartbeat_dag import heartbeat_dag

dag = heartbeat_dag()
'''
AUDIT_STUB = '''"""The sealing of the audit trail as an Airflow DAG."""
from hms_syn.factory.audit_dag import audit_dag

dag = audit_dag()
'''
OWN = {HEARTBEAT: HEARTBEAT_STUB, "_hms_syn_audit.py": AUDIT_STUB}
"""The DAG files that belong to no job."""


def quoted(text: str) -> str:
    """Return a text as it is written inside a docstring."""
    return text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
