"""PgBouncer, Debian's own, in front of the private PostgreSQL; installed where it is missing."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.engine import make_url
from tests.peers.listening import missing

from hms_syn.cli.local_airflow import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

WAYS = (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", "pgbouncer"])
SETTINGS = """[databases]
* = host={host} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
logfile = {folder}/pgbouncer.log
pidfile = {folder}/pgbouncer.pid
"""


@contextmanager
def pgbouncer(url: str, *, mode: str) -> Iterator[str]:
    """Run it in front of a database; yield the URL by which that is reached through it."""
    program = _found() or _installed()
    parsed, port = make_url(url), free_port()
    folder = Path(tempfile.mkdtemp(prefix="hms-syn-bouncer-"))
    file = folder / "pgbouncer.ini"
    file.write_text(SETTINGS.format(host=parsed.query["host"], port=port, mode=mode, folder=folder), encoding="utf-8")
    user = Path(str(parsed.query["host"])).owner()  # of the server's socket; PgBouncer refuses to run as root
    for path in (folder, file):
        shutil.chown(path, user)
    with subprocess.Popen([program, "-q", "-u", user, str(file)], stdout=subprocess.DEVNULL) as process:
        try:
            _wait(folder / "pgbouncer.pid", process)
            yield f"postgresql+psycopg2://postgres:x@127.0.0.1:{port}/{parsed.database}"
        finally:
            process.kill()
            process.wait()
            shutil.rmtree(folder, ignore_errors=True)


def _wait(file: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while not file.is_file():
        assert process.poll() is None, "PgBouncer did not start"
        assert time.monotonic() < deadline, "PgBouncer did not start in 20 s"
        time.sleep(0.02)
    time.sleep(0.2)


def _found() -> str | None:
    return shutil.which("pgbouncer") or shutil.which("/usr/sbin/pgbouncer")


def _installed() -> str:
    """Install it by apt; one process does, others wait."""
    with missing(Path(tempfile.gettempdir()) / "hms-syn-pgbouncer", "once"):
        for command in WAYS:
            if not _found() and shutil.which(command[0]):
                subprocess.run(command, capture_output=True, check=False)
    return _found() or pytest.skip("No PgBouncer, and none can be installed: run apt-get install pgbouncer")
