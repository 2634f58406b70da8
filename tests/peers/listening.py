"""Starting a vendor that says where it listens, and installing what it needs the first time."""

from __future__ import annotations

import fcntl
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

HERE = Path(__file__).parent


@contextmanager
def listening(command: Sequence[str], *, environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """Run a program of this folder, and yield its origin once it has said ``listening`` and its port."""
    with subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            word, _, port = line.strip().partition(" ")
            if word != "listening":
                message = f"{' '.join(command)} did not start: {line!r}"
                raise RuntimeError(message)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


@contextmanager
def missing(place: Path, wanted: str) -> Iterator[bool]:
    """Yield whether ``wanted`` is still to be installed at a place; after the block it is.

    Others wait meanwhile, also when several test processes start at the same time.
    """
    place.mkdir(exist_ok=True)
    stamp = place / ".installed"
    with place.with_name(f"{place.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        is_missing = not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted
        yield is_missing
        if is_missing:
            stamp.write_text(wanted, encoding="utf-8")
