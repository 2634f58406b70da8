"""Writes schemas/hms-syn-job.schema.json from the model of a job file; a test makes it again and compares.

.venv/bin/python docs/generate_schema.py
"""

# ruff: noqa: INP001 - a script of the documentation, not a package

from __future__ import annotations

import json
from pathlib import Path

from hms_syn.adapters import registry
from hms_syn.job_files import json_schema

PLACE = Path(__file__).resolve().parents[1] / "schemas" / json_schema.FILE_NAME


def text() -> str:
    """Return the file as it should be."""
    return json.dumps(json_schema.schema(registry.known_adapters()), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PLACE.parent.mkdir(exist_ok=True)
    PLACE.write_text(text(), encoding="utf-8")
