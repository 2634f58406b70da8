"""Prometheus' own tool, ``promtool``: Debian's, unpacked into a folder of its own where it is not installed."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.peers.listening import missing

if TYPE_CHECKING:
    from collections.abc import Sequence

PLACE = Path(tempfile.gettempdir()) / "hms-syn-prometheus"
WAYS = (
    ["apt-get", "download", "prometheus"],
    ["apt-get", "update"],
    ["apt-get", "download", "prometheus"],
)


def promtool(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run it in a folder; both outputs are in ``stdout``."""
    command: Sequence[str] = [_found() or _unpacked(), *arguments]
    return subprocess.run(
        command, cwd=cwd, text=True, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60
    )


def _found() -> str | None:
    return shutil.which("promtool") or shutil.which(PLACE / "usr" / "bin" / "promtool")


def _unpacked() -> str:
    """Fetch it by apt, as whoever may not install packages can too; one process does, others wait."""
    said = ""
    with missing(PLACE, "once"):
        for command in WAYS:
            if found := _found():
                return found
            if shutil.which(command[0]) and shutil.which("dpkg"):
                done = subprocess.run(command, cwd=PLACE, capture_output=True, text=True, check=False)
                said += f"\n$ {' '.join(command)}\n{done.stderr[-500:]}"
                for package in PLACE.glob("prometheus_*.deb"):
                    subprocess.run(["dpkg", "-x", package.name, "."], cwd=PLACE, check=True)
    return _found() or pytest.skip(f"No promtool, and none can be fetched: run apt-get install prometheus.{said}")
