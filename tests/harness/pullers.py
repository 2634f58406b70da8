"""Pulls that die: a program with everything loaded, which starts a pull in a process of its own when it is told to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.harness.cli import Cli

PROGRAM = """
import os, sys
from contextlib import closing
from pathlib import Path
import hms_syn.adapters.soap.oracle_soap_v1
from hms_syn import job_files, wiring
from hms_syn.flow.pull import pull

job = job_files.load_job(Path(sys.argv[1]))
store = wiring.open_store()
with closing(wiring.pull_adapter(job, store)) as adapter:
    pull(job, store, adapter)  # reads the contract, which every child then has already
store.close()
print("ready", flush=True)
for _ in sys.stdin:
    child = os.fork()
    if child == 0:
        with closing(wiring.pull_adapter(job, store)) as adapter:
            while True:
                pull(job, store, adapter)
    print(child, flush=True)
    print(os.waitpid(child, 0)[1], flush=True)
"""


class Pullers:
    """Starts one pull after the other, without end each, and kills them as a power cut would."""

    def __init__(self, cli: Cli, job: Path) -> None:
        self._program = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(job)],
            cwd=cli.home,
            env=cli.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._child = 0
        self.out = self.err = ""
        assert self._program.stdout.readline() == "ready\n"

    def start(self) -> None:
        """Begin to pull, again and again."""
        print(file=self._program.stdin, flush=True)
        self._child = int(self._program.stdout.readline())

    @property
    def returncode(self) -> int | None:
        """Return the status the program has ended with, None while it runs."""
        return self._program.poll()

    def kill(self) -> None:
        """End the pull now; it must not have ended by itself."""
        os.kill(self._child, signal.SIGKILL)
        status = int(self._program.stdout.readline())
        assert status == signal.SIGKILL, f"the pull had ended by itself with status {status}"

    def close(self) -> None:
        """End the program."""
        self._program.stdin.close()
        self._program.kill()
        self._program.wait(10)
        self._program.stdout.close()


@contextmanager
def nobody_can_store(url: str) -> Iterator[None]:
    """Hold up whoever wants to put an event on the bus, for as long as the context lasts."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("LOCK TABLE hms_syn_event IN SHARE MODE"))
                yield
                connection.rollback()
                return
            raw = connection.connection.dbapi_connection
            raw.isolation_level = None
            raw.execute("PRAGMA busy_timeout = 10000")
            raw.execute("BEGIN IMMEDIATE")
            yield
            raw.execute("ROLLBACK")
    finally:
        engine.dispose()
