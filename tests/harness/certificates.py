"""Two authorities, each with a certificate for localhost of its own: one that is trusted, and one that is not."""

from __future__ import annotations

import ssl
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

OURS, STRANGERS = "ours", "strangers"


def make(place: Path) -> Path:
    """Write ``ours.pem`` and ``ours.key``, ``strangers.pem`` and ``strangers.key`` into a folder, and return it."""
    for name in (OURS, STRANGERS):
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        command += ["-days", "2", "-subj", f"/O={name}/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
        openssl([*command, "-keyout", f"{name}.key", "-out", f"{name}.pem"], place)
    return place


def openssl(command: Sequence[str], place: Path) -> None:
    subprocess.run(command, cwd=place, check=True, capture_output=True)


@cache
def made() -> tuple[Path, object]:
    """Return the folder that this process shares, and what keeps it until the process ends."""
    kept = tempfile.TemporaryDirectory()
    return make(Path(kept.name)), kept


def demanding(place: Path, *, whose: str = OURS) -> ssl.SSLContext:
    """Return the context of a vendor that shows our own authority's certificate, and lets in who shows ``whose``."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(place / "ours.pem", place / "ours.key")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(place / f"{whose}.pem")
    return context
