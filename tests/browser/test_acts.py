"""Officers' acts by keyboard and mouse: asked for, previewed, with a reason, on the record under the login's name."""

from __future__ import annotations

import json

import pytest
from tests.browser.scene import COURT, PAYMENTS, RECORDS

from hms_syn.errors import VendorRefused
from hms_syn.ports import Act
from hms_syn.store.desk import Desk

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(300)]


def last_act(scene, event):
    row = [row for row in scene.store.audit_rows(limit=100_000) if row["event"] == event][-1]
    return row["actor"], json.loads(row["body"])["detail"].get("reason")


def test_a_job_is_paused_and_resumed_by_keyboard(visit, scene):
    """Tab, Enter, a reason, Enter; the focus comes back to the button, which now resumes."""
    page = visit("paula", "/hms-syn/")
    page.get_by_role("button", name="Pause Deeds").focus()
    page.keyboard.press("Enter")
    page.get_by_role("dialog", name="Pause Deeds").wait_for()
    page.keyboard.type("the office is closed")
    page.keyboard.press("Enter")
    button = page.get_by_role("button", name="Resume Deeds")
    button.wait_for()
    assert scene.store.is_paused(RECORDS)
    assert last_act(scene, "paused") == ("paula", "the office is closed")
    assert button.evaluate("it => it === document.activeElement")
    page.keyboard.press("Enter")
    page.keyboard.type("it is open again")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Pause Deeds").wait_for()
    assert not scene.store.is_paused(RECORDS)
    assert last_act(scene, "resumed") == ("paula", "it is open again")


def test_an_act_needs_a_reason_and_can_be_left(visit, scene):
    """Without one nothing is sent; Escape leaves it, and the focus goes back."""
    page = visit("paula", f"/hms-syn/job.html?job={COURT}")
    page.get_by_role("button", name="Pause HUD").click()
    page.get_by_role("dialog").get_by_role("button", name="Pause").click()
    assert page.get_by_role("dialog").is_visible()
    page.keyboard.press("Escape")
    assert page.get_by_role("button", name="Pause HUD").evaluate("it => it === document.activeElement")
    assert not scene.store.is_paused(COURT)


def test_chosen_dead_letters_are_replayed_and_each_result_is_shown(visit, scene):
    """The preview changes nothing; what somebody else has done meanwhile is refused by name."""
    one, other = scene.publish(RECORDS, 2)
    scene.drain(RECORDS, VendorRefused(code="http_409"), VendorRefused(code="http_409"))
    page = visit("paula", f"/hms-syn/set-aside.html?job={RECORDS}")
    for message_id in (one, other):
        page.get_by_role("checkbox", name=f"Choose {message_id}").check()
    page.get_by_role("region", name="Dead letters").get_by_role("button", name="Replay").click()
    dialog = page.get_by_role("dialog", name="Replay 2 messages")
    dialog.get_by_text("This would do it to 2 messages").wait_for()
    assert {state_of(scene, each) for each in (one, other)} == {"dead_letter"}
    Desk(scene.store).discard(other, Act(actor="somebody", reason="was quicker"))
    dialog.get_by_label("Reason").fill("they took it back")
    dialog.get_by_role("button", name="Replay").click()
    dialog.get_by_text("Done to 1 message; 1 refused").wait_for()
    assert "discarded at records_office" in dialog.inner_text()
    dialog.get_by_role("button", name="Close").click()
    assert (state_of(scene, one), state_of(scene, other)) == ("pending", "discarded")
    assert last_act(scene, "replayed") == ("paula", "they took it back")
    scene.drain(RECORDS)


def test_a_doubt_is_resolved_with_the_vendors_receipt(visit, scene):
    """From the message's own page; the receipt is on it at once."""
    page = visit("paula", f"/hms-syn/message.html?id={scene.doubtful}")
    page.get_by_role("button", name="Resolve").click()
    dialog = page.get_by_role("dialog", name="Resolve 1 message")
    dialog.get_by_label("The vendor", exact=True).select_option("delivered")
    dialog.get_by_label("The vendor's receipt").fill("PAY-7")
    dialog.get_by_label("Reason").fill("asked by phone")
    dialog.get_by_role("button", name="Resolve").click()
    dialog.get_by_role("button", name="Close").click()
    page.get_by_role("region", name=PAYMENTS).get_by_text("PAY-7").wait_for()
    assert state_of(scene, scene.doubtful) == "delivered"
    assert last_act(scene, "resolved") == ("paula", "asked by phone")


def test_a_payload_is_shown_when_asked_for_and_the_look_is_on_the_record(visit, scene):
    """Nothing of it is on the page before, and it is gone when it is hidden."""
    page = visit("paula", f"/hms-syn/message.html?id={scene.flight}")
    button = page.get_by_role("button", name="Show the payload")
    button.wait_for()
    assert "case_id" not in page.content()
    button.click()
    page.get_by_text('"case_id": "HUD-22-109"').wait_for()
    assert last_act(scene, "viewed")[0] == "paula"
    page.get_by_role("button", name="Hide the payload").click()
    page.get_by_text('"case_id"').wait_for(state="detached")


def test_a_payload_is_erased_once_its_message_is_closed_and_the_page_says_by_whom_and_why(visit, axe, scene):
    """An open message has no button, but says why; afterwards neither the button nor what was shown is there."""
    page = visit("paula", f"/hms-syn/message.html?id={scene.publish(RECORDS, 1)[0]}")
    part = page.get_by_role("region", name="Payload")
    part.get_by_text("It can be erased once it is delivered or discarded").wait_for()
    assert part.get_by_role("button", name="Erase").count() == 0
    scene.drain(RECORDS)
    part.get_by_role("button", name="Show the payload").click()
    page.get_by_text('"case_id"').wait_for()
    part.get_by_role("button", name="Erase").click()
    dialog = page.get_by_role("dialog", name="Erase 1 payload")
    dialog.get_by_text("This would do it to 1 message").wait_for()
    assert "cannot be undone" in dialog.inner_text()
    assert axe(page) == []
    dialog.get_by_label("Reason").fill("request 2026-17")
    dialog.get_by_role("button", name="Erase").click()
    dialog.get_by_text("Done to 1 message").wait_for()
    dialog.get_by_role("button", name="Close").click()
    part.get_by_text("Erased by paula on").wait_for()
    assert "“request 2026-17”" in part.inner_text()
    assert part.get_by_role("button").count() == 0
    assert "Personal data" not in part.inner_text()
    assert "case_id" not in page.content()
    assert part.evaluate("it => it === document.activeElement")
    assert last_act(scene, "erased") == ("paula", "request 2026-17")
    assert axe(page) == []


def test_the_audit_trail_is_verified_searched_and_taken_away(visit, scene):
    """It says that it is sound, finds a message's rows, and downloads every row."""
    page = visit("admin", "/hms-syn/audit.html")
    page.get_by_role("button", name="Verify").click()
    page.get_by_text("rows are as they were written").wait_for()
    page.get_by_label("Message", exact=True).fill(scene.flight)
    page.get_by_label("Event").select_option("replayed")
    page.get_by_text("1 shown").wait_for()
    assert page.locator(".audit tbody tr").count() == 1
    with page.expect_download() as download:
        page.get_by_role("link", name="Export").click()
    rows = [json.loads(line) for line in download.value.path().read_text(encoding="utf-8").splitlines()]
    assert scene.flight in {row["message_id"] for row in rows}


def state_of(scene, message_id):
    return scene.store.trace(message_id)[0]["deliveries"][0]["state"]
