"""A night at the court, as an officer sees it: a red badge, one mail, one event, and no click to make it good again."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.browser.pictures import share_of_red
from tests.harness.courts import court
from tests.integration.conftest import eventually

from hms_syn.domain.topic_event import new_event
from hms_syn.flow.publish import publish

pytestmark = [pytest.mark.airflow, pytest.mark.peers, pytest.mark.timeout(600)]
CASES = [f"HUD-22-{number}" for number in range(5)]


def hearing(topic, case):
    return new_event(topic, {"case_id": case, "date": "2024-09-02"}, agency="hud")


def test_a_court_that_closes_at_night_is_seen_and_what_waited_flows_when_it_opens(visit, place, box, browser, tmp_path):
    """Three pings, then red, one mail and one event; afterwards green, one all-clear, and the messages in order."""
    mail = f"[{{type: smtp, connection_id: {box.known_as}, options: {{to: ops@example.gov}}}}]"
    alerts = f"{{when: [vendor_offline, vendor_online], notifiers: {mail}}}"
    with court(tmp_path) as building:
        more = f"  heartbeat: {{interval: 1s}}\n  alerts: {alerts}\n"
        job, topic = place.job(building.endpoint, more=more)
        badge = visit("paula", f"/hms-syn/?q={job}").locator(f"tbody[data-key={job}] .badge .pill")
        expect(badge).to_have_text("online", timeout=90_000)
        assert share_of_red(browser, badge) == 0
        building.stop()
        expect(badge).to_have_text("offline", timeout=60_000)
        assert share_of_red(browser, badge) > 0.4
        eventually(box.mails, seconds=120, what="the mail")
        publish(place.store, [hearing(topic, case) for case in CASES])
        building.start()
        expect(badge).to_have_text("online", timeout=60_000)
        assert share_of_red(browser, badge) == 0
        eventually(lambda: building.cases() == CASES, what="the messages, in order")
        eventually(lambda: len(box.mails()) == 2, seconds=120, what="the all-clear")
    events = place.store.read("syn.vendor.*", after=0, limit=1000)
    told = [event["topic"] for event in events if event["payload"]["endpoint"] == building.endpoint]
    assert told == ["syn.vendor.offline", "syn.vendor.online"]
    assert ["all clear" in mail["subject"] for mail in box.mails()] == [False, True]
