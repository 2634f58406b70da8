"""Messages: found, shown with every hop, looked into on the record, and acted on one by one."""

from __future__ import annotations

import json

from hms_syn.domain.topic_event import new_event
from hms_syn.errors import VendorRefused
from hms_syn.flow.publish import publish


def ids(page):
    return [row["message_id"] for row in page["messages"]]


def state_of(town, message_id):
    return town.store.trace(message_id)[0]["deliveries"][0]["state"]


def trail(town, message_id):
    return [(row["event"], row["actor"]) for row in town.store.audit_rows() if row["message_id"] == message_id]


def walk(console, query):
    found, after = [], ""
    while after is not None:
        page = console.get(f"/messages?{query}&after={after}")
        found += ids(page)
        after = page["next"]
    return found


def test_lists_go_by_job_state_and_page(console, town):
    assert ids(console.get("/messages?job=court&state=dead_letter")) == ["a1"]
    assert ids(console.get("/messages?state=in_doubt")) == ["q1"]
    assert walk(console, "job=court&limit=1") == ["q1", "w1", "a1", "d1"]
    assert walk(console, "limit=2") == ["q1", "w1", "b1", "a1", "d1"]
    assert walk(console, "state=delivered&limit=1") == ["d1"]


def test_a_word_finds_a_message_by_its_id_or_receipt(console, town):
    receipt = town.store.trace("d1")[0]["deliveries"][0]["reference"]
    assert ids(console.get(f"/messages?q={receipt}")) == ["d1"]
    assert ids(console.get("/messages?q=b1")) == ["b1"]
    assert ids(console.get("/messages?q=b1", "vera")) == []


def test_what_nobody_took_is_for_those_who_may_see_everything(console, town):
    publish(town.store, [new_event("hud.nobody.listens", {}, agency="hud", message_id="lost1")])
    assert ids(console.get("/messages?state=untaken")) == ["lost1"]
    assert console.ask("paula", "GET", "/messages?state=untaken")[0] == 403
    assert console.get("/messages/lost1")["deliveries"] == []
    assert console.ask("paula", "GET", "/messages/lost1")[0] == 403


def test_one_message_shows_every_hop_and_what_the_caller_may_do(console, town):
    seen = console.get("/messages/a1", "paula")
    assert [row["outcome"] for row in seen["attempts"]] == ["refused"]
    assert [hop["event"] for hop in seen["hops"]] == ["published", "queued", "attempt", "refused", "dead_letter"]
    assert (seen["deliveries"][0]["may_edit"], seen["may_see_payload"]) == (True, True)
    assert (console.get("/messages/a1", "vera")["may_see_payload"], "HUD-22-109" in json.dumps(seen)) == (False, False)


def test_of_a_message_with_many_jobs_each_sees_their_own(console, town):
    town.store.register(both := town.jobs["bank"].__class__(**{**_fields(town.jobs["bank"]), "id": "annex"}))
    town.jobs["annex"] = both
    town.publish("bank", "b2")
    assert {row["job"] for row in console.get("/messages/b2")["deliveries"]} == {"bank", "annex"}
    seen = console.get("/messages/b2", "paula")
    assert {row["job"] for row in seen["deliveries"]} == {"bank"}
    assert {hop["job"] for hop in seen["hops"]} == {None, "bank"}


def _fields(job):
    return {name: getattr(job, name) for name in job.__slots__}


def test_an_unknown_message_is_a_404_to_those_who_may_know(console, town):
    status, body = console.ask("ada", "GET", "/messages/nowhere")
    assert (status, body["error"]) == (404, "unknown_message")
    assert console.ask("paula", "GET", "/messages/nowhere")[0] == 403


def test_each_look_at_a_payload_is_on_the_record_before_it_is_shown(console, town):
    assert console.get("/messages/d1/payload", "paula")["payload"] == {"case_id": "HUD-22-109"}
    assert trail(town, "d1")[-1] == ("viewed", "paula")
    assert console.ask("vera", "GET", "/messages/d1/payload")[0] == 403
    assert trail(town, "d1")[-2:] != [("viewed", "paula"), ("viewed", "vera")]


def test_a_payload_is_not_shown_to_another_site(console, town):
    told = console.ask("ada", "GET", "/messages/d1/payload", headers={"Sec-Fetch-Site": "cross-site"})
    assert (told[0], told[1]["error"]) == (403, "other_origin")
    assert trail(town, "d1")[-1][0] == "delivered"


def test_an_act_tells_what_became_of_each(console, town):
    town.publish("bank", "b3")
    town.drain("bank", b3=VendorRefused(code="http_422"))
    told = console.post("/messages/replay", {"ids": ["a1", "d1", "b3", "zz"], "reason": "mended"}, "paula")
    assert [(row["message_id"], row["ok"], row.get("error")) for row in told["results"]] == [
        ("a1", True, None),
        ("d1", False, "act_refused"),
        ("b3", False, "forbidden"),
        ("zz", False, "unknown_message"),
    ]
    assert (state_of(town, "a1"), state_of(town, "b3")) == ("pending", "dead_letter")
    assert trail(town, "a1")[-1] == ("replayed", "paula")


def test_a_preview_tells_the_same_and_changes_nothing(console, town):
    before = len(town.store.audit_rows())
    told = console.post("/messages/discard", {"ids": ["a1", "d1"], "reason": "old", "preview": True})
    assert [row["ok"] for row in told["results"]] == [True, False]
    assert (state_of(town, "a1"), len(town.store.audit_rows())) == ("dead_letter", before)
    console.post("/messages/discard", {"ids": ["a1"], "reason": "old"})
    assert state_of(town, "a1") == "discarded"


def test_a_doubt_is_resolved_with_the_vendors_receipt(console, town):
    body = {"ids": ["q1"], "reason": "the clerk has it", "delivered": True, "reference": "CAL-7"}
    assert console.post("/messages/resolve", body)["results"][0]["ok"]
    [delivery] = town.store.trace("q1")[0]["deliveries"]
    assert (delivery["state"], delivery["reference"]) == ("delivered", "CAL-7")


def test_those_who_may_edit_nothing_act_on_nothing(console, town):
    for act in ("replay", "discard"):
        assert console.ask("vera", "POST", f"/messages/{act}", json={"ids": ["a1"], "reason": "x"})[0] == 403
    assert state_of(town, "a1") == "dead_letter"
