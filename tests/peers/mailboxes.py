"""A mailbox that other people wrote: maildev takes what is sent by SMTP, and shows it over HTTP."""

from __future__ import annotations

import subprocess
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.peers.gateways import _call, _free_port, _says
from tests.peers.listening import HERE
from tests.peers.node import install

if TYPE_CHECKING:
    from collections.abc import Iterator


class Mailbox:
    """One mail server at one port, that can be stopped and started; it forgets its mails when it stops."""

    def __init__(self, log: Any) -> None:
        self.port, self._web = _free_port(), _free_port()
        self.known_as = f"mail_{uuid.uuid4().hex[:8]}"
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def connection(self) -> dict[str, Any]:
        """Return the Airflow Connection that leads here, as Airflow reads it from JSON."""
        extra = {"from_email": "hms-syn@example.gov", "timeout": 5, "retry_limit": 0}
        extra |= {"disable_ssl": True, "disable_tls": True}
        return {"conn_type": "smtp", "host": "127.0.0.1", "port": self.port, "extra": extra}

    def start(self) -> None:
        """Return when it takes mails."""
        self._log.seek(0)
        self._log.truncate()
        command = ["node", "node_modules/.bin/maildev", "--smtp", str(self.port), "--web", str(self._web)]
        command += ["--ip", "127.0.0.1", "--web-ip", "127.0.0.1"]
        self._process = subprocess.Popen(command, cwd=HERE, stdout=self._log, stderr=subprocess.STDOUT)
        if not _says(self._log, "Ctrl+C to stop", self._process):
            self._log.seek(0)
            raise RuntimeError(f"maildev did not start: {self._log.read()}")

    def stop(self) -> None:
        """End it; whoever sends a mail now finds nobody."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def mails(self) -> list[dict[str, Any]]:
        """Return the mails that arrived, oldest first."""
        found: list[dict[str, Any]] = _call("GET", f"http://127.0.0.1:{self._web}/api/email")
        return sorted(found, key=lambda mail: str(mail["time"]))


@contextmanager
def mailbox(log: Any) -> Iterator[Mailbox]:
    """Run a mail server, what it says going into an open file."""
    install()
    box = Mailbox(log)
    try:
        box.start()
        yield box
    finally:
        box.stop()
