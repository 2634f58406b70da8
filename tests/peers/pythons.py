"""Pythons of their own, for vendors that cannot live beside what Airflow wants."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.peers.listening import HERE, missing

if TYPE_CHECKING:
    from pathlib import Path


def python_with(requirements: str, *, folder: str) -> Path:
    """Return the interpreter of an environment below this folder, made once from a file of requirements."""
    place, wanted = HERE / folder, HERE / requirements
    python = place / "bin" / "python"
    with missing(place, wanted.read_text(encoding="utf-8")) as is_missing:
        if is_missing:
            uv = [sys.executable, "-m", "uv"]
            subprocess.run([*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(place)], check=True)
            packages = ["--python", str(python), *_index(), "-r", str(wanted)]
            subprocess.run([*uv, "pip", "install", "--quiet", *packages], check=True)
    return python


def _index() -> list[str]:
    """Return where packages come from, as the Makefile finds it: uv does not read pip's settings."""
    asked = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    found = (
        os.environ.get("UV_DEFAULT_INDEX")
        or os.environ.get("PIP_INDEX_URL")
        or subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    )
    return ["--default-index", found] if found else []
