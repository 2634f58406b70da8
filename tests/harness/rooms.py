"""A place for a database that gets full and has room again, for whoever may mount a file system and for others."""

from __future__ import annotations

import os
import resource
import subprocess
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.harness.cli import Process

LIMIT = 8192
"""Bytes a file may have where a process may write no more: less than one transaction."""


@contextmanager
def small_disk(folder: Path, *, size: str = "4m") -> Iterator[SmallDisk | Limited]:
    """Mount a small file system on a folder; where we may not, limit the length of files instead."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        with limited(folder) as room:
            yield room
        return
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def limited(folder: Path) -> Iterator[Limited]:
    """Limit the length of files on a folder's disk."""
    folder.mkdir(exist_ok=True)
    room = Limited(folder)
    try:
        yield room
    finally:
        room.free()


class SmallDisk:
    """A file system of its own, filled to the last byte by a file that nobody needs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self, _worker: Process) -> None:
        """Leave no room."""
        with (self.folder / "filler").open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(1024))

    def free(self) -> None:
        """Make room."""
        (self.folder / "filler").unlink()


class Limited:
    """The same for one worker and for all that is started meanwhile: no file may grow."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._pids: list[int] = []
        self._before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(self, worker: Process) -> None:
        """Let the worker, and what this process starts from now on, write no more."""
        self._pids = [worker.pid, os.getpid()]
        for pid in self._pids:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (LIMIT, self._before[1]))

    def free(self) -> None:
        """Let them write again."""
        for pid in self._pids:
            with suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, self._before)
        self._pids = []
