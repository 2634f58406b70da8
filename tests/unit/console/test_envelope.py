"""Every answer is sealed: headers, errors in our words, and acts from our own pages only."""

from __future__ import annotations

import json
import logging

import pytest

from hms_syn.console import envelope


@pytest.fixture
def store_url(tmp_path):
    """One database will do: no statement is asked here that other tests do not ask on both."""
    return f"sqlite:///{tmp_path}/queue.db"


def test_every_answer_has_the_headers_and_is_not_kept(console, town):
    for path in ("/api/v1/jobs", "/api/v1/nowhere", "/nowhere.js"):
        answer = console.client.get(path)
        assert {name: answer.headers[name] for name in envelope.HEADERS} == envelope.HEADERS
    assert console.client.get("/api/v1/jobs").headers["cache-control"] == "no-store"


def test_nobody_gets_in_without_a_login(console):
    console.app.dependency_overrides.clear()
    for path in ("/", "/api/v1/jobs", "/api/v1/nowhere", "/api/v1/openapi.json"):
        answer = console.client.get(path)
        assert (answer.status_code, answer.json()["error"]) == (401, "not_authenticated")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
    ],
)
def test_an_act_is_json_from_our_own_pages(console, town, headers, status):
    given = {"Content-Type": "application/json", **headers}
    told = console.ask("ada", "POST", "/jobs/court/pause", content='{"reason": "x"}', headers=given)
    assert told[0] == status, told


def test_a_database_that_is_away_is_a_503_in_our_words(console, town):
    from hms_syn.console import store
    from hms_syn.store.sql_store import SqlStore

    console.app.dependency_overrides[store.opened] = lambda: SqlStore("sqlite:////nowhere/at/all.db")
    status, told = console.ask("ada", "GET", "/jobs")
    assert (status, told["error"]) == (503, "store_unavailable")


def test_what_nobody_foresaw_tells_no_values(console, town, caplog):
    from hms_syn.console import store

    def broken():
        raise ValueError("HUD-22-109 and its secret")

    console.app.dependency_overrides[store.opened] = broken
    with caplog.at_level(logging.ERROR):
        status, told = console.ask("ada", "GET", "/jobs")
    assert (status, told) == (500, envelope.UNFORESEEN)
    assert "ValueError at " in caplog.text
    assert "HUD-22-109" not in caplog.text


def test_no_odd_character_reaches_the_database_or_breaks_the_answer(console, town):
    odd = ("%00", "%E2%80%AE", "%0A", "%ED%A0%80", "a" * 300)
    for one in odd:
        for path in (f"/jobs/{one}", f"/messages/{one}", f"/messages?job={one}", f"/audit?message_id={one}"):
            assert console.ask("ada", "GET", path)[0] in (404, 422), path
        assert console.ask("ada", "GET", f"/messages?q={one}")[0] in (200, 422)
    for bad in ("\x00", "\ud800", "a" * 300):
        body, headers = json.dumps({"ids": [bad], "reason": "x"}), {"Content-Type": "application/json"}
        assert console.ask("ada", "POST", "/messages/replay", content=body, headers=headers)[0] == 422


def test_an_act_larger_than_any_payload_is_not_read(console, town):
    told = console.ask("ada", "POST", "/topics/hud.court.created/messages", json={"payload": {"a": "x" * 3_000_000}})
    assert (told[0], told[1]["error"]) == (413, "too_large")
