"""Starts the vendors that run on Node.js, and installs what they need the first time."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.peers.listening import HERE, listening, missing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager


@contextmanager
def node_court(*, user: str | None = None, password: str | None = None) -> Iterator[str]:
    """Run a node-soap county court and yield its origin, such as ``http://127.0.0.1:41237``; SOAP is at ``/soap``."""
    install()
    login = [] if user is None else ["--user", user, "--password", password or ""]
    with _node("court.mjs", *login) as origin:
        yield origin


@contextmanager
def node_payments() -> Iterator[str]:
    """Run a payment gateway on Node.js alone and yield its origin."""
    with _node("payments.mjs") as origin:
        yield origin


@contextmanager
def medplum_hospital() -> Iterator[str]:
    """Run a hospital on Medplum's FHIR router, in memory, and yield its service root."""
    install()
    with _node("hospital.mjs") as origin:
        yield f"{origin}/fhir/R4"


def _node(script: str, *options: str) -> AbstractContextManager[str]:
    return listening(["node", script, "--port", "0", *options])


def install() -> None:
    """Install the npm packages once, also when several test processes start at the same time."""
    wanted = (HERE / "package.json").read_text(encoding="utf-8")
    with missing(HERE / "node_modules", wanted) as is_missing:
        if is_missing:
            subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund"], cwd=HERE, check=True)
