"""Starts the vendors that run on Node.js, and installs what they need the first time."""

from __future__ import annotations

import fcntl
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent


@contextmanager
def node_court(*, user: str | None = None, password: str | None = None) -> Iterator[str]:
    """Run a node-soap county court and yield its origin, such as ``http://127.0.0.1:41237``; SOAP is at ``/soap``."""
    install()
    command = ["node", "court.mjs", "--port", "0"]
    if user is not None:
        command += ["--user", user, "--password", password or ""]
    with subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            word, _, port = line.strip().partition(" ")
            if word != "listening":
                message = f"the court did not start: {line!r}"
                raise RuntimeError(message)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def install() -> None:
    """Install the npm packages once, also when several test processes start at the same time."""
    modules = HERE / "node_modules"
    modules.mkdir(exist_ok=True)
    with (modules / ".install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (modules / "soap").is_dir():
            subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund"], cwd=HERE, check=True)
