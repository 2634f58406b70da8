"""Takes the pictures of the console that docs/console.md shows, light and dark.

.venv/bin/python docs/take_screenshots.py [FOLDER]

Airflow's api-server alone is started, on a file of its own, with a day at an agency in its queue: the same that the
tests walk the pages with. Nothing is sent to anybody, and nothing is kept but the pictures.
"""

# ruff: noqa: INP001, T201 - a script of the documentation, not a package; it says what it has done

from __future__ import annotations

import shutil
import sys
import tempfile
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "plugins")]

from sqlalchemy import text  # noqa: E402 - the two folders must be known first
from tests.browser.scene import COURT, PAYMENTS, RECORDS, Scene  # noqa: E402 - as above
from tests.harness.chromium import chromium  # noqa: E402 - as above

from hms_syn.cli.local_airflow import LocalAirflow  # noqa: E402 - as above
from hms_syn.store.sql_store import SqlStore  # noqa: E402 - as above

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import BrowserContext

SIZE = {"width": 1180, "height": 640}
SYNC = "/plugin/sync/hms-syn"
JOB = """job:
  name: "{name}"
  push_adapter: "rest.json.v1"
  source_topic: "{topic}"
  target_endpoint: "{endpoint}"
heartbeat_interval: "30s"
"""
BROKEN = 'job:\n  name: "Permits → City"\n  push_adapter: "rest.json.v1"\n  source_topik: "hud.permit.given"\n'
SPREAD = """UPDATE hms_syn_settled SET settled_at = settled_at - 60000000 * ((id * id * 7) % 110)
             WHERE state = 'delivered'"""
"""A day does not happen in a second: deliveries are dated back over two hours. The audit trail stays as it is."""


def main() -> None:
    """Take every picture, light and dark."""
    folder = Path(sys.argv[1]) if sys.argv[1:] else ROOT / "docs" / "screenshots"
    folder.mkdir(exist_ok=True)
    with ExitStack() as stack:
        home = Path(tempfile.mkdtemp(prefix="hms-syn-pictures-"))
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        (home / "jobs").mkdir()
        airflow = LocalAirflow(home=home, jobs=home / "jobs")
        airflow.migrate()
        store = stack.enter_context(closing(SqlStore(airflow.database)))
        scene = Scene(store, retry=1.2).play()
        with store.engine.begin() as connection:
            connection.execute(text(SPREAD))
        for job in scene.jobs.values():
            words = JOB.format(name=job.name, topic=job.source_topics[0], endpoint=job.target_endpoint)
            (airflow.jobs / f"{job.id}.yaml").write_text(words, encoding="utf-8")
        airflow.command("dags", "reserialize")
        (airflow.jobs / "city_permits.yaml").write_text(BROKEN, encoding="utf-8")
        stack.callback(airflow.stop)
        airflow.start_one("api-server")
        airflow.wait_until("the api-server", lambda: bool(airflow.api("GET", "/api/v2/version")), seconds=180)
        browser = stack.enter_context(chromium())
        for theme in ("light", "dark"):
            context = browser.new_context(viewport=SIZE, color_scheme=theme, base_url=airflow.address)
            for name in photographed(context, airflow, scene, theme):
                clip = {"x": 0, "y": 0, **SIZE, "height": 250} if name == "home" else None
                context.pages[0].screenshot(path=folder / f"{name}-{theme}.png", clip=clip)
                print(f"{name}-{theme}.png")


def photographed(context: BrowserContext, airflow: LocalAirflow, scene: Scene, theme: str) -> Iterator[str]:
    """Go from page to page; yield the name of each when it is ready to be taken."""
    page = context.new_page()
    page.goto("/")
    page.get_by_label("Username").or_(page.locator("input[name=username]")).first.fill("admin")
    page.locator("input[name=password]").fill(airflow.password)
    page.locator("button[type=submit]").click()
    page.wait_for_url(lambda url: "/auth/login" not in url)
    page.evaluate("theme => localStorage.setItem('theme', theme)", theme)
    page.goto("/")
    page.get_by_text("1 offline").wait_for()
    yield "home"
    frame = page.frame_locator("iframe")
    live = frame.get_by_text("Live · times in")
    for name, path in {
        "board": "index.html",
        "message": f"message.html?id={scene.flight}",
        "messages": "messages.html",
        "audit": "audit.html",
        "job-files": f"jobs.html?job={COURT}",
    }.items():
        page.goto(f"{SYNC}/{path}")
        live.wait_for()
        if name == "audit":
            frame.get_by_role("button", name="Verify").click()
            frame.get_by_text("as they were written").wait_for()
        yield name
    page.goto(f"{SYNC}/set-aside.html?job={RECORDS}")
    live.wait_for()
    for box in frame.get_by_role("checkbox").all()[1:3]:
        box.check()
    yield "set-aside"
    frame.get_by_role("button", name="Replay").click()
    frame.get_by_text("This would do it").wait_for()
    frame.get_by_label("Reason").fill("the clerk has mended the register")
    yield "replay"
    page.goto(f"/dags/syn.{PAYMENTS}.push/plugin/hms-syn-job")
    live.wait_for()
    yield "dag"


if __name__ == "__main__":
    main()
