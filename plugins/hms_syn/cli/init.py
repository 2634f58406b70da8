"""``hms-syn init``."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from hms_syn.adapters import registry
from hms_syn.cli import samples
from hms_syn.cli.output import next_step, remark
from hms_syn.job_files import json_schema
from hms_syn.store import grants
from hms_syn.store.keyring import SETTING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

DEFAULTS = """# What all jobs of this folder share; a job's own file wins, maps merge.
job:
  owner: hms-syn
  alerts: {when: [vendor_offline, vendor_online, dead_letter, in_doubt]}
"""
KEYS_FILE = "~/.hms-syn/payload.keys"
"""Outside the project, which goes into version control."""
SETTINGS = """
Airflow's settings, for every shell and process:
  export AIRFLOW_HOME=${{AIRFLOW_HOME:-{here}/.airflow}}
  export AIRFLOW__CORE__DAGS_FOLDER={here}/dags
  export AIRFLOW__HMS_SYN__JOBS_FOLDER={here}/jobs
  export AIRFLOW_CONN_HMS_SYN_DB='{{"conn_type": "generic", "extra": {{"url": "sqlite:///'"$AIRFLOW_HOME"'/airflow.db"}}}}'
  airflow db migrate

The connection hms_syn_db is where the queue lives: on PostgreSQL, the address of Airflow's database.
So that the Code tab shows the YAML, and a broken job is an import error of its own, in place of the DAG files:
  export AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST='[{{"name": "syn-jobs", \
    "classpath": "hms_syn.bundle.JobsDagBundle", "kwargs": {{"refresh_interval": 5}}}}]'"""
PRE_COMMIT = """repos:
  - repo: local
    hooks:
      - id: hms-syn-lint
        name: HMS-SYN job files
        entry: hms-syn lint --offline jobs
        language: system
        pass_filenames: false
        files: ^jobs/
"""


def run(arguments: argparse.Namespace) -> int:
    """Write what a project needs, leave what is there, and print the settings Airflow needs; or print the grants."""
    if arguments.sql:
        return _print_grants(arguments.role)
    root = Path(arguments.folder)
    for name, text in files().items():
        place = root / name
        if place.exists():
            print(f"kept     {place}")
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
        print(f"written  {place}")
    print(SETTINGS.format(here=root.absolute()))
    print("\nSo that payloads are sealed in the database, with a key of which you keep a copy elsewhere:")
    print(f"  hms-syn keys new --file {KEYS_FILE}\n  export AIRFLOW__HMS_SYN__{SETTING.upper()}={KEYS_FILE}")
    next_step(f"hms-syn new ID --adapter NAME; adapters are {', '.join(registry.known_adapters())}")
    return 0


def _print_grants(role: str) -> int:
    if re.fullmatch(grants.ROLE_NAME, role) is None:
        remark(f"hms-syn init: {role!r}: a role's name here is letters, digits, _ and -, and begins with a letter")
        return 2
    print(grants.script(role), end="")
    next_step("psql -v ON_ERROR_STOP=1 with this, as the owner of the tables; then hms-syn doctor")
    return 0


def files() -> Mapping[str, str]:
    """Return each file of a new project, by its path."""
    schema = json.dumps(json_schema.schema(registry.known_adapters()), indent=2, ensure_ascii=False)
    editor = {"yaml.schemas": {f"./schemas/{json_schema.FILE_NAME}": ["jobs/**/*.yaml", "jobs/**/*.yml"]}}
    return {
        **{f"dags/{dag.name}": dag.read_text(encoding="utf-8") for dag in sorted(samples.folder("dags").glob("*.py"))},
        "jobs/defaults.yaml": DEFAULTS,
        f"schemas/{json_schema.FILE_NAME}": schema + "\n",
        ".vscode/settings.json": json.dumps(editor, indent=2) + "\n",
        ".pre-commit-config.yaml": PRE_COMMIT,
    }
