"""The pages are live: what changes is seen without a reload, and what a person holds on to stays where it is."""

from __future__ import annotations

import pytest
from tests.browser.pictures import share_of_red
from tests.browser.scene import COURT, PAYMENTS, RECORDS
from tests.conftest import make_job

from hms_syn.domain.job_spec import Alerts
from hms_syn.errors import VendorRefused

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(300)]
HIDE = """(hidden) => {
    Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
}"""


def test_the_badge_turns_red_while_the_vendor_is_offline(visit, scene, browser):
    """Word and colour, without a reload, and said aloud; the way back too."""
    page = visit("vera", "/hms-syn/?q=state_payments")
    badge = page.locator(f"tbody[data-key={PAYMENTS}] .badge .pill")
    badge.get_by_text("online").wait_for()
    assert share_of_red(browser, badge) == 0
    scene.vendor(PAYMENTS, is_up=False)
    badge.get_by_text("offline").wait_for()
    assert share_of_red(browser, badge) > 0.4
    assert "the vendor is offline" in page.locator("[role=status].unseen").inner_text()
    assert "2 offline" in page.get_by_role("region", name="Vendors offline").inner_text()
    scene.vendor(PAYMENTS, is_up=True)
    badge.get_by_text("online").wait_for()
    assert share_of_red(browser, badge) == 0


def test_focus_choice_and_place_stay_while_rows_come_and_go(visit, scene):
    """A poll that brings a new message moves neither the focus, the chosen box, nor the place one reads at."""
    page = visit("paula", "/hms-syn/set-aside.html", viewport={"width": 940, "height": 420})
    box = page.get_by_role("checkbox", name=f"Choose {scene.dead[0]}")
    box.check()
    box.focus()
    place = page.evaluate("scrollY")
    assert place > 0
    [fresh] = scene.publish(RECORDS, 1)
    scene.drain(RECORDS, VendorRefused(code="http_410"))
    page.get_by_text("http_410").wait_for()
    assert box.is_checked()
    assert box.evaluate("it => it === document.activeElement")
    assert page.get_by_text("1 message chosen").is_visible()
    assert page.get_by_role("checkbox", name=f"Choose {fresh}").count() == 1


def test_a_page_that_nobody_sees_asks_nothing(visit):
    """Hidden it stops; shown again it looks at once."""
    page = visit("vera", "/hms-syn/")
    page.get_by_text("Live · times in UTC").wait_for()
    asked = []
    page.evaluate(HIDE, True)
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(3500)
    assert asked == []
    with page.expect_request("**/api/v1/jobs*", timeout=1500):
        page.evaluate(HIDE, False)


def test_without_an_answer_it_says_so_tries_again_and_recovers(visit):
    """What was last seen stays, marked as old; when the network is back so is the page."""
    page = visit("vera", "/hms-syn/")
    page.get_by_text("Live · times in UTC").wait_for()
    page.is_without_network = True
    page.context.set_offline(True)
    page.get_by_text("Not live: Airflow does not answer").wait_for()
    assert "Trying again in" in page.locator("#live").inner_text()
    assert page.locator(f"tbody[data-key={COURT}]").is_visible()
    page.context.set_offline(False)
    page.get_by_text("Live · times in UTC").wait_for()


def test_an_alert_that_no_figure_shows_is_said(visit, place):
    """Silence is seen by nobody who looks at figures: none of them moves."""
    place.store.register(make_job("silent_office", name="Silent office", alerts=Alerts(silence=0.5)))
    page = visit("vera", "/hms-syn/?q=silent_office")
    page.locator(".why").get_by_text("nothing has come for too long").wait_for(timeout=60_000)
    page.goto("/hms-syn/job.html?job=silent_office")
    page.locator(".why").get_by_text("nothing has come for too long").wait_for()
