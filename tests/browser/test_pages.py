"""Every page, for those who may only look and for those who act: shown, sound, and without a fault axe-core knows."""

from __future__ import annotations

import pytest
from tests.browser.scene import COURT, HOSPITAL, PAYMENTS

from hms_syn.flow.seal import seal
from hms_syn.store.tree import Tree

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(300)]
PAGES = {
    "index": ("", "HUD → CountyCourtCalendar"),
    "messages": ("messages.html", "HUD-22-109"),
    "set-aside": ("set-aside.html", "http_422"),
    "message": ("message.html?id={flight}", "Attempt 1: no byte left (connect_timeout)"),
    "audit": ("audit.html", "connect_refused"),
    "jobs": (f"jobs.html?job={COURT}", "HUD → CountyCourtCalendar"),
    "plan": (f"plan.html?job={COURT}", "The file is gone"),
    "job": (f"job.html?dag_id=syn.{COURT}.push", "Newest messages"),
}
ACTS = ("Pause", "Resume", "Replay", "Discard", "Resolve", "Erase")
PHONE = {"width": 390, "height": 844}


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("who", "theme"), [("vera", "light"), ("paula", "dark")])
def test_a_page_is_shown_live_and_sound(visit, axe, scene, name, who, theme):
    """Its content is there, it says that it is live, and neither contrast, names nor order have a serious fault."""
    path, words = PAGES[name]
    page = visit(who, f"/hms-syn/{path.format(flight=scene.flight)}", color_scheme=theme)
    page.get_by_text(words).first.wait_for()
    page.get_by_text("Live · times in UTC").wait_for()
    assert axe(page) == []
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the frame"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_a_phone(visit, scene, name):
    """It is no wider than the screen: a table that is scrolls by itself, and its first column can be read."""
    path, words = PAGES[name]
    page = visit("paula", f"/hms-syn/{path.format(flight=scene.flight)}", viewport=PHONE)
    page.get_by_text(words).first.wait_for()
    page.get_by_text("Live · times in UTC").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the phone"
    assert [cell for cell in page.locator("tbody th").all() if cell.bounding_box()["width"] < 160] == []


def test_the_audit_page_says_how_far_the_trail_is_sealed(visit, place):
    """A viewer of the whole trail may take it away; only those who may have it verified are offered that."""
    seal(Tree(place.store), sign=lambda head: head.text("test"))
    page = visit("vera", "/hms-syn/audit.html")
    page.get_by_text(f"{Tree(place.store).head().size} rows are sealed, last at ").wait_for()
    assert page.get_by_role("link", name="Export").is_visible()
    assert page.get_by_role("button", name="Verify").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the frame"


@pytest.mark.parametrize("name", ["index", "set-aside", "message", "job"])
def test_who_may_only_look_is_offered_no_act(visit, scene, name):
    """A viewer sees the same facts, no button that would be refused, and no payload."""
    path, words = PAGES[name]
    page = visit("vera", f"/hms-syn/{path.format(flight=scene.flight)}")
    page.get_by_text(words).first.wait_for()
    page.get_by_text("Live · times in UTC").wait_for()
    offered = page.get_by_role("button").all_inner_texts()
    assert [word for word in offered if word.startswith((*ACTS, "Show the payload"))] == []


def test_the_board_says_how_each_job_stands(visit, scene):
    """Word and colour of the vendor, what waits, what an officer must decide, and why nothing moves."""
    scene.doubt()
    page = visit("vera", "/hms-syn/")
    court, payments, hospital = (page.locator(f"tbody[data-key={job}]") for job in (COURT, PAYMENTS, HOSPITAL))
    court.get_by_text("offline", exact=True).wait_for()
    assert court.locator(".why").inner_text().strip()
    assert int(payments.locator(".pill.warn").inner_text()) >= 1
    assert "paused" in hospital.inner_text()
    assert court.get_by_role("img").get_attribute("aria-label").startswith("9 messages delivered")
    page.get_by_role("searchbox", name="Find a job").fill("hospital")
    court.wait_for(state="detached")
    assert hospital.is_visible()
    assert page.url.endswith("?q=hospital")


def test_a_message_shows_its_whole_flight(visit, scene):
    """From the publisher to the status that came back: each attempt with its end, the officer with the reason."""
    page = visit("vera", f"/hms-syn/message.html?id={scene.flight}")
    page.get_by_role("heading", name="Flight recorder").wait_for()
    assert page.locator(".timeline strong").all_inner_texts()[:10] == [
        *("Published on the bus", "Queued", "Attempt 1: no byte left (connect_timeout)"),
        *("Attempt 2: no clear answer (http_503)", "Attempt 3: the vendor said no (http_422)", "Set aside", "Replayed"),
        *("Attempt 4: the vendor said yes", "Delivered", "The vendor speaks of it"),
    ]
    assert "“the clerk has mended the court's calendar”" in page.locator(".timeline").inner_text()


def test_what_is_not_there_says_so_and_where_to_go(visit):
    """An unknown message, an empty search and a DAG of somebody else each have a sentence and a way on."""
    page = visit("admin", "/hms-syn/messages.html?q=nobody-has-this")
    page.get_by_role("heading", name="No such message").wait_for()
    page.get_by_label("Job").fill("County Court")
    page.wait_for_function("document.querySelector('input[name=job]:invalid')?.title.startsWith('The id of a job')")
    page.goto("/hms-syn/message.html")
    page.get_by_role("heading", name="Which message?").wait_for()
    page.goto("/hms-syn/job.html?dag_id=somebody_elses")
    page.get_by_role("heading", name="This is no job of the Synchronizer").wait_for()
    page.is_without_network = True  # the 404 is what is wanted here; Chromium writes it to the console
    page.goto("/hms-syn/message.html?id=nobody-has-this")
    page.get_by_role("heading", name="The message cannot be shown").wait_for()
    assert "No message has the id" in page.get_by_role("main").inner_text()


def test_why_nothing_moves_leads_to_what_to_do(visit, axe, scene):
    """The runbook is there without the documentation, at the section of the cause, and as sound as the others."""
    page = visit("vera", "/hms-syn/")
    why = page.locator(f"tbody[data-key={COURT}] .why")
    why.get_by_role("link", name="What to do").last.click()
    page.get_by_role("heading", name="Runbook").wait_for()
    section = page.locator(f"[id='{page.url.partition('#')[2]}']")
    assert section.inner_text().startswith("Nothing moves: ")
    assert 0 <= section.bounding_box()["y"] < 700
    assert axe(page) == []
