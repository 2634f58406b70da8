"""A package of a third party, really built and installed, in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "letterbox"


def installed(folder: Path) -> dict[str, str]:
    """Install the example package into this folder; return an environment in which Python finds it there."""
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--target", str(folder)]
    done = subprocess.run([*command, str(EXAMPLE)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = os.pathsep.join([str(folder), str(ROOT / "plugins"), str(ROOT)])
    return {**os.environ, "PYTHONPATH": found}
