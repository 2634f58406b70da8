"""Environments to install HMS-SYN into: everything that is installed here, but HMS-SYN."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = ("hms_syn", "_hms_syn", "_editable_impl_hms_syn", "__editable__")


def environment_without_us(place: Path) -> Path:
    """Make a virtual environment of links, and return its Python."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    python = place / "bin" / "python"
    theirs = Path(sysconfig.get_path("purelib"))
    asked = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    ours = Path(subprocess.check_output(asked, text=True).strip())
    for entry in theirs.iterdir():
        if not entry.name.startswith(OURS):
            (ours / entry.name).symlink_to(entry)
    return python


def install_wheel(python: Path, folder: Path) -> None:
    """Build the wheel of this checkout into a folder, and install it."""
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "build", "--quiet", "--wheel", "--out-dir", folder, ROOT], check=True)
    [wheel] = folder.glob("hms_syn-*.whl")
    subprocess.run([*uv, "pip", "install", "--quiet", "--no-deps", "--python", python, wheel], check=True)
