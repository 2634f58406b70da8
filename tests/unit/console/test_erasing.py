"""Erasing from the console: by those with the right on every job that has the message, once and for all of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from hms_syn.domain.topic_event import new_event
from hms_syn.flow.publish import publish
from hms_syn.ports import Act
from hms_syn.store.desk import Desk

WHY = {"reason": "request 2026-17"}


def erase(console, *ids, who="ada", **more):
    status, body = console.ask(who, "POST", "/messages/erase", json={"ids": list(ids), **WHY, **more})
    return status, [(row["message_id"], row["ok"], row.get("error")) for row in body.get("results", ())]


def bodies(town):
    with town.store.engine.connect() as connection:
        return dict(connection.execute(text("SELECT message_id, body FROM hms_syn_event")).all())


def test_a_payload_is_gone_and_the_record_says_who_and_why(console, town):
    told = console.post("/messages/erase", {"ids": ["d1"], **WHY}, "paula")
    assert told["results"] == [{"message_id": "d1", "ok": True, "jobs": ["court"]}]
    assert told["is_forgotten"]
    assert bodies(town)["d1"] == ""
    seen = console.get("/messages/d1", "vera")
    last = seen["hops"][-1]
    assert seen["erased_at"]
    assert (last["event"], last["actor"], last["detail"]) == ("erased", "paula", {"reason": "request 2026-17"})
    status, body = console.ask("paula", "GET", "/messages/d1/payload")
    assert (status, body["error"]) == (409, "erased")


def test_what_is_open_set_aside_or_erased_already_is_refused_each_with_its_reason(console, town):
    erase(console, "d1")
    rows = len(town.store.audit_rows())
    told = console.post("/messages/erase", {"ids": ["a1", "q1", "w1", "d1", "zz"], **WHY})["results"]
    assert [(row["ok"], row["error"]) for row in told] == [
        *[(False, "act_refused")] * 3,
        (False, "erased"),
        (False, "unknown_message"),
    ]
    assert "dead_letter at court; discard or resolve it first" in told[0]["detail"]
    assert told[3]["detail"] == "d1: its payload was erased already"
    assert len(town.store.audit_rows()) == rows


def test_a_preview_tells_the_same_and_erases_nothing(console, town):
    rows = len(town.store.audit_rows())
    assert erase(console, "d1", "a1", preview=True) == (200, [("d1", True, None), ("a1", False, "act_refused")])
    assert "HUD-22-109" in bodies(town)["d1"]
    assert len(town.store.audit_rows()) == rows


def test_it_needs_the_right_on_every_job_that_has_the_message(console, town):
    """The payload is one for all of them: who may act at one job does not take it from another."""
    town.store.register(replace(town.jobs["bank"], source_topics=("hud.bank.created", "hud.court.created")))
    town.publish("court", "c2")
    for job in ("bank", "court"):
        Desk(town.store).discard("c2", Act(actor="ada", reason="a test of rights"), job=job)
    assert not console.get("/messages/c2", "paula")["may_erase"]
    assert erase(console, "c2", who="paula") == (403, [])
    assert erase(console, "d1", "c2", who="paula") == (200, [("d1", True, None), ("c2", False, "forbidden")])
    assert bodies(town)["c2"] != ""
    assert erase(console, "c2") == (200, [("c2", True, None)])


def test_what_no_job_took_is_erased_by_those_with_the_right_on_all(console, town):
    publish(town.store, [new_event("hud.nobody.listens", {"name": "x"}, agency="hud", message_id="lost1")])
    assert console.get("/messages/lost1")["may_erase"]
    assert erase(console, "lost1", who="paula") == (403, [])
    assert erase(console, "lost1") == (200, [("lost1", True, None)])


def test_who_may_not_edit_erases_nothing_and_is_not_offered_it(console, town):
    assert not console.get("/messages/d1", "vera")["may_erase"]
    assert erase(console, "d1", who="vera")[0] == 403
    assert console.get("/messages/d1", "paula")["may_erase"]
    assert "HUD-22-109" in bodies(town)["d1"]


def test_the_queues_own_news_hold_no_payload_and_are_not_offered(console, town):
    news = next(one for one in bodies(town) if one.startswith("syn:"))
    assert not console.get(f"/messages/{news}")["may_erase"]
    assert erase(console, news) == (200, [(news, False, "act_refused")])


@pytest.fixture
def impatient(monkeypatch):
    """Connections that do not wait for a busy database."""
    monkeypatch.setattr("hms_syn.store.engine.BUSY_SECONDS", 0)


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_it_is_told_while_sqlites_log_is_kept_open_and_asked_again_it_is_cut(impatient, console, town):
    del impatient
    body = {"ids": ["d1"], **WHY}
    with town.store._reader.connect() as connection, connection.begin():
        connection.execute(text("SELECT * FROM hms_syn_event")).all()
        assert not console.post("/messages/erase", body)["is_forgotten"]
    assert console.post("/messages/erase", body)["is_forgotten"]


def test_another_site_erases_nothing(console, town):
    body = {"ids": ["d1"], **WHY}
    told = console.ask("ada", "POST", "/messages/erase", json=body, headers={"Sec-Fetch-Site": "cross-site"})
    assert (told[0], told[1]["error"]) == (403, "other_origin")
    assert bodies(town)["d1"] != ""
