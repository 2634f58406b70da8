"""The board: one row a job, in pages, for those who may see it; and the switch."""

from __future__ import annotations

import pytest
from sqlalchemy import event
from tests.conftest import make_job

from hms_syn.domain.topic_event import new_event
from hms_syn.flow.publish import publish
from hms_syn.store import standing


def test_a_row_of_the_board_says_how_a_job_stands_as_the_command_line_does(console, town):
    [bank, court] = console.get("/jobs")["jobs"]
    assert (court["waiting"], court["in_doubt"], court["delivered"], court["dead_letters"]) == (2, 1, 1, 1)
    assert "q1 is in doubt" in court["why"]
    assert (court["last_ack_at"] is not None, bank["last_ack_at"]) == (True, None)
    assert (len(court["throughput"]), sum(court["throughput"]), court["throughput"][-1]) == (24, 1, 1)
    by_command = {row["job"]: row for row in town.store.status()}
    moving = {"throughput", "may_edit", "has_file", "oldest_s", "paused_s"}
    assert {key: court[key] for key in court.keys() - moving} == {
        key: by_command["court"][key] for key in by_command["court"].keys() - moving
    }


def test_a_board_shows_each_only_what_they_may_see(console, town):
    seen = {who: [row["job"] for row in console.get("/jobs", who)["jobs"]] for who in ("ada", "paula", "vera", "nora")}
    assert seen == {"ada": ["bank", "court"], "paula": ["bank", "court"], "vera": ["court"], "nora": []}
    assert [row["may_edit"] for row in console.get("/jobs", "paula")["jobs"]] == [False, True]


def test_a_board_is_read_in_pages_and_searched(console, sql_store):
    for number in range(5):
        sql_store.register(make_job(f"job{number}", name=f"Öffice {number}"))
    first = console.get("/jobs?limit=2")
    second = console.get(f"/jobs?limit=2&after={first['next']}")
    third = console.get(f"/jobs?limit=2&after={second['next']}")
    rows = [row["job"] for page in (first, second, third) for row in page["jobs"]]
    assert (rows, third["next"]) == ([f"job{number}" for number in range(5)], None)
    assert [row["job"] for row in console.get("/jobs?q=öFFICE 3")["jobs"]] == ["job3"]


def test_a_page_costs_the_same_few_statements_however_many_jobs_it_shows(console, sql_store):
    asked = []
    event.listen(sql_store.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    counts = []
    for upto in (2, 40):
        for number in range(upto):
            sql_store.register(make_job(f"job{number}"))
        console.get("/jobs")
        asked.clear()
        assert len(console.get("/jobs")["jobs"]) == upto
        counts.append(sum(not statement.startswith("BEGIN") for statement in asked))
    assert counts[0] == counts[1] <= 8


def test_counting_ends_where_nobody_cares_any_more(console, sql_store, monkeypatch):
    monkeypatch.setattr(standing, "MOST", 3)
    sql_store.register(make_job("court"))
    publish(sql_store, [new_event("hud.hearing.created", {"n": n}, agency="hud") for n in range(5)])
    [row] = console.get("/jobs")["jobs"]
    assert row["waiting"] == 3


def test_an_unknown_job_is_a_404_in_our_words(console):
    status, body = console.ask("ada", "GET", "/jobs/nowhere")
    assert (status, body["error"]) == (404, "unknown_job")


def test_one_job_is_for_those_who_may_see_it(console, town):
    assert console.get("/jobs/court", "vera")["job"] == "court"
    assert console.ask("vera", "GET", "/jobs/bank")[0] == 403


def test_a_pause_names_the_airflow_user_and_the_reason(console, town):
    told = console.post("/jobs/court/pause", {"reason": "the court moves", "until": "2h"}, "paula")
    assert (told["paused"], told["changed"]) == (True, True)
    [row] = [row for row in console.get("/jobs", "paula")["jobs"] if row["job"] == "court"]
    assert (row["paused"], row["paused_by"], row["paused_reason"]) == (True, "paula", "the court moves")
    assert row["paused_until"] is not None
    assert not console.post("/jobs/court/pause", {"reason": "again", "until": "2h"}, "paula")["changed"]
    assert console.post("/jobs/court/resume", {"reason": "it is back"}, "paula")["changed"]


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({}, 422, "invalid_request"),
        ({"reason": " "}, 422, "invalid_request"),
        ({"reason": "a\nb"}, 422, "invalid_request"),
        ({"reason": "soon", "until": "1970-01-01T00:00Z"}, 409, "act_refused"),
    ],
)
def test_a_pause_without_a_reason_or_with_a_past_end_is_refused(console, town, body, status, error):
    told = console.ask("ada", "POST", "/jobs/court/pause", json=body)
    assert (told[0], told[1]["error"]) == (status, error)


def test_those_who_may_only_look_may_not_switch(console, town):
    for act in ("pause", "resume"):
        assert console.ask("vera", "POST", f"/jobs/court/{act}", json={"reason": "x"})[0] == 403
        assert console.ask("paula", "POST", f"/jobs/bank/{act}", json={"reason": "x"})[0] == 403
    assert not town.store.is_paused("court")


def test_a_job_whose_file_is_gone_says_so_on_the_board_and_on_its_page(console, town, tmp_path):
    """A file that comes back is seen at the next look."""
    assert [row["has_file"] for row in console.get("/jobs")["jobs"]] == [None, None]
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "court.yaml").write_text("job: {}\n", encoding="utf-8")
    bank, court = console.get("/jobs")["jobs"]
    assert (bank["has_file"], court["has_file"]) == (False, True)
    assert bank["why"].startswith("no file in the jobs folder: 1 message waits")
    assert console.get("/jobs/bank")["why"] == bank["why"]
    (tmp_path / "jobs" / "bank.yaml").write_text("job: {}\n", encoding="utf-8")
    assert console.get("/jobs/bank")["has_file"] is True
