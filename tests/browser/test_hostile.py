"""Thirty texts that would be code elsewhere: from vendors, officers and files they are words here."""

from __future__ import annotations

import pytest
from tests.browser.scene import RECORDS

from hms_syn.domain.ack import printable
from hms_syn.domain.topic_event import new_event
from hms_syn.flow import switch
from hms_syn.flow.publish import publish
from hms_syn.ports import Act

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(300)]
HOSTILE = (
    "<script>globalThis.hit = 1</script>",
    "<img src=x onerror='globalThis.hit = 1'>",
    "<svg onload=globalThis.hit=1>",
    "</textarea><script>globalThis.hit = 1</script>",
    '"><script>globalThis.hit = 1</script>',
    "' onmouseover='globalThis.hit = 1",
    "javascript:globalThis.hit=1",
    "data:text/html,<script>globalThis.hit=1</script>",
    "<a href='javascript:globalThis.hit=1'>receipt</a>",
    "<iframe srcdoc='<script>parent.hit=1</script>'></iframe>",
    "<style>body{display:none}</style>",
    "<link rel=stylesheet href=//example.org/x.css>",
    "<meta http-equiv=refresh content=0;url=//example.org>",
    "<base href=//example.org/>",
    "<form action=//example.org><button>ok</button></form>",
    "<body onload=globalThis.hit=1>",
    "<math><mtext><script>globalThis.hit=1</script></mtext></math>",
    "<details open ontoggle=globalThis.hit=1>",
    "<video><source onerror=globalThis.hit=1></video>",
    "<!--><script>globalThis.hit=1</script>-->",
    "]]><script>globalThis.hit=1</script>",
    "${globalThis.hit=1}",
    "{{constructor.constructor('globalThis.hit=1')()}}",
    "\\u003cscript\\u003eglobalThis.hit=1\\u003c/script\\u003e",
    "&lt;script&gt;globalThis.hit=1&lt;/script&gt;",
    "<scr\u200bipt>globalThis.hit=1</scr\u200bipt>",
    "\u202egnp.exe<script>globalThis.hit=1</script>",
    "%3Cscript%3EglobalThis.hit=1%3C/script%3E",
    "__proto__",
    "../../../logout?next=//example.org#<script>",
)


@pytest.fixture(scope="module")
def said(scene):
    """Have a vendor answer each as its receipt, officers write each as a reason, a publisher use each as a key."""
    [topic] = scene.jobs[RECORDS].source_topics
    sent = []
    for text in HOSTILE:
        key = text if text.isascii() else None
        event = new_event(topic, {"case_id": text}, agency="hud", ordering_key=key)
        publish(scene.store, [event])
        scene.drain(RECORDS, receipt=text.replace("{", "{{").replace("}", "}}"))
        sent.append(event.message_id)
    for text in HOSTILE:
        if text.isprintable():
            for act in (switch.pause, switch.resume):
                act(scene.store, RECORDS, Act(actor=text[:60], reason=text))
    return sent


def test_there_are_thirty():
    assert len(set(HOSTILE)) == 30


@pytest.mark.parametrize(
    "path", ["messages.html?job=records_office", "job.html?job=records_office", "audit.html?job=records_office"]
)
def test_hostile_texts_are_shown_as_they_are_written(visit, said, path):
    """Each is on the page as text, and not one has run, loaded, or moved anything."""
    page = visit("paula", f"/hms-syn/{path}", viewport={"width": 940, "height": 3000})
    page.get_by_text("__proto__").first.wait_for()
    while (more := page.get_by_role("button", name="More")).count() and more.is_enabled():
        shown = page.locator("tbody tr").count()
        more.click()
        page.wait_for_function("n => document.querySelectorAll('tbody tr').length > n", arg=shown)
    words = page.get_by_role("main").inner_text()
    kept = {"messages": HOSTILE, "job": HOSTILE[-10:], "audit": [*filter(str.isprintable, HOSTILE)]}[path.split(".")[0]]
    assert [text for text in kept if printable(text) not in words and text not in words] == []
    untouched(page, path)


def test_a_message_shows_a_hostile_receipt_and_payload_as_text(visit, said):
    """Also where it stands alone: the flight recorder and the payload."""
    page = visit("paula", f"/hms-syn/message.html?id={said[0]}")
    page.get_by_role("button", name="Show the payload").click()
    page.locator("pre", has_text="globalThis").wait_for()
    assert page.get_by_text(HOSTILE[0], exact=True).count() >= 2
    untouched(page, "message.html")


def test_a_hostile_search_is_only_a_search(visit):
    """What comes by the address is text too."""
    page = visit("paula", "/hms-syn/?q=%3Cimg%20src=x%20onerror=globalThis.hit=1%3E")
    page.get_by_text("No job has “<img src=x onerror=globalThis.hit=1>”").wait_for()
    untouched(page, "/hms-syn/")


def untouched(page, path):
    assert page.evaluate("globalThis.hit") is None
    assert path.partition("?")[0] in page.url
    kinds = page.evaluate("[...document.querySelectorAll('main *')].map((it) => it.localName)")
    assert {"script", "img", "iframe", "style", "link", "meta", "base", "video", "math"} & set(kinds) == set()
