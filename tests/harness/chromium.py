"""The Chromium that walks the console's pages: Debian's own, installed where it is missing."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.peers.listening import missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--font-render-hinting=none"),
)
"""No sandbox, because tests often run as root; and nothing of its own over the network."""
WAYS = (
    ["apt-get", "update"],
    ["apt-get", "install", "-y", "--no-install-recommends", "chromium"],
    [sys.executable, "-m", "playwright", "install", "chromium"],
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start it, and end it after the block."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
        found = _found(own) or _installed(own)
        browser = playwright.chromium.launch(executable_path=found, args=list(QUIET))
        try:
            yield browser
        finally:
            browser.close()


def _found(own: str) -> str | None:
    return next(filter(None, map(shutil.which, (*NAMES, own))), None)


def _installed(own: str) -> str:
    """Install it by apt, else by Playwright, into the place ``own``; one process does, others wait."""
    said = ""
    with missing(Path(tempfile.gettempdir()) / "hms-syn-chromium", "once"):
        for command in WAYS:
            if found := _found(own):
                return found
            if shutil.which(command[0]):
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                said += f"\n$ {' '.join(command)}\n{done.stderr[-500:]}"
    return _found(own) or pytest.skip(f"No Chromium, and none can be installed: run apt-get install chromium.{said}")
