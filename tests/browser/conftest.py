"""A browser, a day at the agency, and visitors who look at the console's pages with their own logins."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from tests.browser.scene import Scene
from tests.harness.chromium import chromium
from tests.peers.node import install

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, ConsoleMessage, Frame, Page, Request

    Visit = Callable[..., Page]

AXE = Path(__file__).parents[1] / "peers" / "node_modules" / "axe-core" / "axe.min.js"
THE_HOSTS = "can escape its sandboxing"
"""What Chromium says of the frame that Airflow makes for every plugin."""
SERIOUS = ("serious", "critical")
FAULTS_OF_AXE = """async () => (await axe.run(document)).violations.map(
    (rule) => [rule.impact, rule.id, rule.nodes.slice(0, 3).map((node) => node.html)])"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for a file: while Playwright runs, no other test of this process can have an event loop."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def scene(place) -> Scene:
    """Jobs and messages in every state."""
    return Scene(place.store).play()


@pytest.fixture
def visit(browser, place, scene) -> Iterator[Visit]:
    """Open a page as somebody; at the end nothing may have gone wrong on any, nor left this machine."""
    faults: list[str] = []
    with ExitStack() as stack:

        def open_page(role: str, path: str, **options: object) -> Page:
            given = {"viewport": {"width": 940, "height": 700}, "reduced_motion": "reduce", **options}
            context = browser.new_context(base_url=place.airflow.address, **given)
            stack.callback(context.close)
            context.add_cookies([{"name": "_token", "value": place.token(role), "url": place.airflow.address}])
            page = context.new_page()
            page.set_default_timeout(20_000)
            _watch(page, faults)
            page.goto(path)
            return page

        yield open_page
    assert faults == []


def _watch(page: Page, faults: list[str]) -> None:
    """Note whatever a page must not do."""

    def heard(message: ConsoleMessage) -> None:
        is_ours = "/hms-syn/" in message.location.get("url", "") and THE_HOSTS not in message.text
        if is_ours and message.type in ("error", "warning") and not getattr(page, "is_without_network", False):
            faults.append(f"console: {message.text}")

    def asked(request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws") and address.hostname != "127.0.0.1":
            faults.append(f"left this machine: {request.url}")

    page.on("console", heard)
    page.on("request", asked)
    page.on("pageerror", lambda error: faults.append(f"error: {error}"))
    page.on("dialog", lambda dialog: faults.append(f"dialog: {dialog.message}"))


@pytest.fixture(scope="session")
def axe() -> Callable[[Page | Frame], list]:
    """Say what axe-core finds wrong with a page, of what is serious."""
    install()
    source = AXE.read_text(encoding="utf-8")

    def faults_of(page: Page | Frame) -> list:
        page.evaluate(f"{source}; undefined")
        return [fault for fault in page.evaluate(FAULTS_OF_AXE) if fault[0] in SERIOUS]

    return faults_of
