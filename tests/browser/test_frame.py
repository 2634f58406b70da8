"""In Airflow itself: the place in the navigation, the tab on a DAG, the theme, the line on Home."""

from __future__ import annotations

import pytest
from tests.browser.scene import COURT

from hms_syn.domain.topic_event import new_event
from hms_syn.flow.publish import publish

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(300)]
HOSTS_BACKGROUND = "getComputedStyle(document.documentElement).getPropertyValue('--chakra-colors-bg').trim()"
WIDE = {"viewport": {"width": 1280, "height": 800}}


@pytest.fixture(scope="module")
def real(place):
    """A job with a file, which Airflow has made DAGs of: its id and topic."""
    return place.job()


def frame_of(page):
    return page.frame_locator("iframe")


def test_the_console_is_a_page_of_airflow_and_follows_its_theme(visit, axe):
    """Sync in the navigation shows the board; its pages change inside; a change of theme is followed at once."""
    page = visit("paula", "/plugin/sync", **WIDE)
    frame = frame_of(page)
    frame.get_by_text("HUD → CountyCourtCalendar").first.wait_for()
    frame.get_by_role("link", name="Set aside").first.click()
    frame.get_by_role("heading", name="Dead letters").wait_for()
    page.wait_for_url("**/plugin/sync/hms-syn/set-aside.html*")
    root = frame.locator("html")
    seen = {}
    for theme, label in (("dark", "Dark Mode"), ("light", "Light Mode")):
        page.get_by_role("button", name="User").click()
        page.get_by_role("menuitem", name="Appearance").click()
        page.get_by_role("menuitem", name=label).or_(page.get_by_role("menuitemradio", name=label)).first.click()
        frame.locator(f"html[data-theme={theme}]").wait_for()
        page.keyboard.press("Escape")
        seen[theme] = root.evaluate("it => getComputedStyle(it).getPropertyValue('--bg')")
        assert seen[theme] == page.evaluate(HOSTS_BACKGROUND)
    assert seen["dark"] != seen["light"]


def test_a_dags_tab_shows_its_job(visit, place, real):
    """The tab on a job's DAG has the job's card and its newest messages."""
    job, topic = real
    event = new_event(topic, {"case_id": "HUD-22-777", "date": "2024-09-02"}, agency="hud")
    publish(place.store, [event])
    page = visit("vera", f"/dags/syn.{job}.push/plugin/hms-syn-job", **WIDE)
    frame = frame_of(page)
    frame.get_by_role("heading", name=f"HUD → {job}").wait_for(timeout=60_000)  # Airflow's own page is long in coming
    row = frame.locator("tr", has_text=event.message_id)
    row.get_by_text("delivered").wait_for(timeout=60_000)
    assert place.store.trace(event.message_id)[0]["deliveries"][0]["reference"] in row.inner_text()


def test_home_has_a_red_line_while_a_vendor_is_offline_and_none_after(visit, scene):
    """It names the vendor and leads to the board; it goes away by itself when the vendor answers."""
    page = visit("vera", "/", **WIDE)
    line = page.get_by_role("status").filter(has_text="1 offline")
    line.wait_for()
    assert "court.example.gov" in line.inner_text()
    assert line.get_by_role("link", name="Open Sync").get_attribute("href").endswith("/plugin/sync")
    scene.vendor(COURT, is_up=True)
    try:
        line.wait_for(state="detached")
    finally:
        scene.vendor(COURT, is_up=False)


def test_a_jobs_file_is_shown_and_a_broken_one_is_named(visit, place, real):
    """The YAML as it runs, with line numbers; above it the file that cannot be read, its line and the reason."""
    job, topic = real
    broken = place.drop("broken", 'job:\n  name: "Permits"\n  source_topik: "hud.permit.given"\n')
    try:
        page = visit("vera", f"/hms-syn/jobs.html?job={job}")
        page.locator(".yaml li", has_text=topic).wait_for()
        told = page.get_by_role("region", name="Broken files")
        told.get_by_text("did you mean 'source_topic'?").wait_for()
        assert "broken.yaml:3:3" in told.inner_text()
        assert "1 broken" in told.inner_text()
    finally:
        broken.unlink()
    told.wait_for(state="detached")
