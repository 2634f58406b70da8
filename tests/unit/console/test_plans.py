"""What an edit would change, in the console: for whom, on the record, and nothing sent or written otherwise."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from hms_syn import bundle
from hms_syn.console import pages, running
from hms_syn.domain.topic_event import new_event
from hms_syn.flow.publish import publish
from hms_syn.flow.side_by_side import Verdict
from hms_syn.job_files import load_job, stubs

JOB = {
    "name": "HUD → Court",
    "push_adapter": "rest.json.v1",
    "source_topic": "hud.court.created",
    "target_endpoint": "https://court.example.gov/v1",
    "push": {
        "request": {"path": "/hearings"},
        "mapping": {"caseNumber": "case_id"},
        "success": {"status": "OK"},
        "ack": {"reference": "id"},
    },
}
PLAN, LOOK = "/jobs/court/plan", "/jobs/court/plan/messages"


@pytest.fixture
def store_url(tmp_path):
    """One database will do: no statement is asked here that other tests do not ask on both."""
    return f"sqlite:///{tmp_path}/queue.db"


class Desk:
    """A job with one message, its file, and what Airflow keeps of it as it runs."""

    def __init__(self, folder, store):
        self.file, self.store, self.runs = folder / "court.yaml", store, None
        self.runs = self.write()
        store.register(load_job(self.file))
        publish(
            store, [new_event("hud.court.created", {"case_id": "HUD-1", "name": "Roe"}, agency="hud", message_id="m1")]
        )

    def write(self, *, push=None, **changes):
        job = {**JOB, **changes, "push": {**JOB["push"], **(push or {})}}
        text = yaml.safe_dump({"job": job}, allow_unicode=True)
        self.file.write_text(text, encoding="utf-8")
        return text

    def viewed(self):
        rows = [row for row in self.store.audit_rows() if row["event"] == "viewed"]
        return [(row["actor"], row["message_id"]) for row in rows]


@pytest.fixture
def here(console, sql_store, tmp_path):
    (tmp_path / "jobs").mkdir()
    desk = Desk(tmp_path / "jobs", sql_store)
    console.app.dependency_overrides[running.reader] = lambda: lambda _job: desk.runs
    return desk


def test_a_file_that_is_the_running_job_changes_nothing(console, here):
    plan = console.get(PLAN)
    assert (plan["state"], plan["file"], plan["fields"], plan["dags"]) == ("same", "court.yaml", [], [])
    assert "yaml" not in plan or plan["yaml"] is None


def test_keys_dags_and_their_meaning_are_told_as_the_command_tells_them(console, here):
    here.write(tags=["housing"], target_endpoint="https://new.example.gov/v1")
    plan = console.get(PLAN, "vera")
    fields = {one["key"]: one for one in plan["fields"]}
    assert (plan["state"], fields["job.tags"]["new"]) == ("changed", ["housing"])
    assert "1 waits now" in fields["job.target_endpoint"]["means"]
    assert [one["dag_id"] for one in plan["dags"]] == ["syn.court.push"]


def test_a_broken_file_tells_its_problems_and_the_job_is_shown_as_it_runs(console, here):
    here.file.write_text(here.runs + "  tagz: [a]\n", encoding="utf-8")
    plan = console.get(PLAN)
    [problem] = plan["problems"]
    assert (plan["state"], problem["file"], problem["line"]) == ("broken", "court.yaml", here.runs.count("\n") + 1)
    assert "did you mean 'tags'" in problem["reason"]
    [row] = console.get(LOOK)["messages"]
    assert (row["verdict"], row["lines"][0]) == ("same", "POST https://court.example.gov/v1/hearings")


@pytest.mark.parametrize("text", [None, "job: [", "job:\n  id: other\n  name: x\n"])
def test_where_airflow_keeps_no_text_it_says_so_and_shows_what_leaves_next(console, here, text):
    here.runs = text
    assert console.get(PLAN)["state"] == "unseen"
    assert [row["verdict"] for row in console.get(LOOK)["messages"]] == ["same"]


def test_a_file_that_is_gone_is_told(console, here):
    here.file.unlink()
    assert console.get(PLAN)["state"] == "no_file"
    assert console.get(LOOK)["messages"] == []


def test_what_the_vendor_would_get_is_shown_to_those_who_may_see_payloads_and_is_on_record(console, here):
    """The record comes first, and nothing else is written."""
    here.write(push={"mapping": {"caseNumber": "case_id", "payee": "name"}})
    before = len(here.store.audit_rows())
    assert console.ask("vera", "GET", LOOK)[0] == 403
    assert (console.get(PLAN, "vera")["may_see_payload"], console.get(PLAN, "paula")["may_see_payload"]) == (
        False,
        True,
    )
    assert here.viewed() == []
    [row] = console.get(LOOK, "paula")["messages"]
    assert row["verdict"] == "differs"
    assert '+  "payee": "Roe"' in row["lines"]
    assert here.viewed() == [("paula", "m1")]
    assert len(here.store.audit_rows()) == before + 1
    [stands] = here.store.status()
    assert (stands["waiting"], stands["in_flight"]) == (1, 0)


def test_a_look_is_taken_from_the_consoles_own_pages(console, here):
    assert console.ask("ada", "GET", LOOK, headers={"Sec-Fetch-Site": "cross-site"})[0] == 403
    assert here.viewed() == []


def test_a_secret_of_the_connection_is_masked(console, here, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_COURT", json.dumps({"conn_type": "hms_rest", "password": "hunter22"}))
    here.write(connection_id="court", push={"mapping": {"note": "'hunter22'"}})
    [row] = console.get(LOOK)["messages"]
    assert "hunter22" not in json.dumps(row)
    assert any("***" in line for line in row["lines"])


def test_no_vendor_is_asked_for_its_contract(console, here):
    """A WSDL that is not pinned is not fetched from here."""
    here.write(push_adapter="oracle.soap.v1", push={"request": {}, "success": {}, "ack": {}})
    [row] = console.get(LOOK)["messages"]
    assert row["verdict"] == "unknown"
    assert "not pinned yet" in row["lines"][0]


def test_an_unknown_job_and_one_that_may_not_be_read_are_refused(console, here):
    assert console.ask("nora", "GET", PLAN)[0] == 403
    assert console.ask("ada", "GET", "/jobs/nowhere/plan")[0] == 404


@pytest.mark.parametrize("text", ['job:\n  a: "\\\\x"\n', 'job:\n  a: \'"""\'\n\n\n  b: Straße\n', "job: {a: '{b}'}"])
def test_the_text_of_a_dag_file_is_the_text_of_the_job_file(tmp_path, text):
    """What the bundle writes is what is read back."""
    (tmp_path / "jobs").mkdir()
    file = tmp_path / "jobs" / "court.yaml"
    file.write_text(text, encoding="utf-8")
    made = bundle.JobsDagBundle(name="syn-jobs", jobs_folder=str(tmp_path / "jobs"))
    assert running.text_in(made._stub(stubs.STUB, file, text=made._shown(file))) == text.removesuffix("\n") + (
        "\n" if text.endswith("\n") else ""
    )
    assert running.text_in('"""Another DAG file."""') is None
    assert running.text_in("job: [") is None


def test_the_page_has_words_for_every_verdict():
    text = (pages.STATIC / "plan.js").read_text(encoding="utf-8")
    listed = re.search(r"VERDICTS = \{(.*?)\};", text, re.DOTALL)
    assert set(re.findall(r"(\w+): \[", listed[1])) == {verdict.value for verdict in Verdict}
