"""A wall clock for whole processes, that jumps when told to. How long a second is stays as it is."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.harness.cli import Cli

HOUR, DAY = 3600, 86400


class Clock:
    """The clock of whatever is started in an installation once it has been given to it."""

    def __init__(self, folder: Path, ahead: int = 0) -> None:
        self._file = folder / f"clock{ahead:+d}"
        self.jump(ahead)

    def jump(self, ahead: int) -> None:
        """Show so many seconds more than the real time from now on."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{ahead:+d}\n", encoding="ascii")
        fresh.replace(self._file)

    def give(self, cli: Cli) -> Cli:
        """Let all that this installation starts from now on look at this clock."""
        found = find_spec("libfaketime")
        if found is None or found.origin is None:
            raise RuntimeError("the package libfaketime is missing; 'make test' installs it")
        [library] = Path(found.origin).parent.rglob("libfaketime.so.1")
        cli.environment |= {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        return cli
