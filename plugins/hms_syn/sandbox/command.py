"""The pretend vendors as commands: the options they share, and serving until told to end."""

from __future__ import annotations

import argparse
import errno
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def parser(module: str, description: str, *, modes: Mapping[str, str], port: int) -> argparse.ArgumentParser:
    """Return a parser with the options every pretend vendor has."""
    listed = "\n".join(f"  {name:20}{means}" for name, means in {"ok": "behaves well", **modes}.items())
    made = argparse.ArgumentParser(
        prog=f"python -m hms_syn.sandbox.{module}",
        description=description,
        epilog=f'modes of --behave, also by POST /behave {{"mode": …, "times": N or null}}:\n{listed}',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1, this machine only)")
    add("--port", type=int, default=port, help=f"port to listen on; 0 takes a free one (default: {port})")
    add("--state", type=Path, metavar="FILE", help="keep everything in this file, so that it is known after a restart")
    add("--behave", choices=("ok", *modes), default="ok", metavar="MODE", help="how to behave at first (default: ok)")
    add("--delay", type=float, default=5.0, metavar="S", help="seconds a slow answer takes (default: 5)")
    return made


def wait_at(name: str, url: str) -> None:
    """Say where the vendor listens and return when this process is told to end."""
    end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: end.set())
    print(f"{name} listening on {url}", flush=True)
    end.wait()


def cannot_open(name: str, error: Exception) -> int:
    """Say why the vendor cannot begin, and return the exit code."""
    is_taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
    todo = "; choose another port with --port, or 0 for a free one" if is_taken else ""
    print(f"{name}: cannot open: {error}{todo}", file=sys.stderr)
    return 1
