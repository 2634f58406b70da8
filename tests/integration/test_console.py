"""The console behind a real Airflow's login: every route, for everybody."""

from __future__ import annotations

import json
import time
import uuid
from urllib.parse import quote

import pytest
from tests.conftest import make_job
from tests.integration.conftest import USERS, eventually

from hms_syn.adapters.in_memory_v1 import InMemoryV1
from hms_syn.console.envelope import HEADERS
from hms_syn.domain.topic_event import new_event
from hms_syn.errors import VendorRefused
from hms_syn.flow import switch
from hms_syn.flow.publish import publish
from hms_syn.flow.push import Drain
from hms_syn.flow.retire import retire
from hms_syn.ports import Act
from hms_syn.store.desk import Desk

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(300)]
CONSOLE = "/hms-syn"
API = f"{CONSOLE}/api/v1"
WHY = {"reason": "a test of rights"}
MANY = {"ids": ["{message}"], **WHY}
READ, EDIT = (401, 200, 200, 200), (401, 403, 200, 200)
CREATED = (401, 403, 201, 201)
ROUTES = {
    ("GET", "/jobs"): (READ, None),
    ("GET", "/jobs/{job}"): (READ, None),
    ("GET", "/jobs/{job}/plan"): (READ, None),
    ("GET", "/jobs/{job}/plan/messages"): (EDIT, None),
    ("GET", "/files"): (READ, None),
    ("GET", "/messages"): (READ, None),
    ("GET", "/messages/{message_id}"): (READ, None),
    ("GET", "/audit"): (READ, None),
    ("GET", "/audit/export"): (READ, None),
    ("GET", "/audit/head"): (READ, None),
    ("GET", "/vendors"): (READ, None),
    ("GET", "/incidents"): (READ, None),
    ("GET", "/messages/{message_id}/payload"): (EDIT, None),
    ("POST", "/jobs/{job}/pause"): (EDIT, WHY),
    ("POST", "/jobs/{job}/resume"): (EDIT, WHY),
    ("POST", "/messages/replay"): (EDIT, MANY),
    ("POST", "/messages/resolve"): (EDIT, {**MANY, "delivered": True}),
    ("POST", "/messages/discard"): (EDIT, {**MANY, "preview": True}),
    ("POST", "/messages/erase"): (EDIT, {**MANY, "preview": True}),
    ("POST", "/audit/verify"): (EDIT, {"after": 0}),
    ("POST", "/topics/{topic}/messages"): (CREATED, {"payload": {"case_id": "HUD-22-109"}}),
}
"""What each route answers to nobody, a viewer, an operator and an admin, and what is sent to it."""


class Refusing(InMemoryV1):
    """A vendor that refuses everything for good."""

    def send(self, message):
        del message
        raise VendorRefused(code="http_422")


@pytest.fixture(scope="module")
def here(place):
    """A job of its own with a message that was set aside, and everybody's token."""
    job = make_job(f"walk_{uuid.uuid4().hex[:8]}", source_topics=(topic := f"hud.{uuid.uuid4().hex[:8]}.created",))
    place.store.register(job)
    event = new_event(topic, {"case_id": "HUD-22-109"}, agency="hud")
    publish(place.store, [event])
    vendor = Refusing(job, None, place.store)
    Drain(job=job, store=place.store, adapter=vendor, owner="w").run()
    tokens = {"nobody": "", **{user: place.token(user) for user in (*USERS, "admin")}}
    return {"job": job.id, "topic": topic, "message": event.message_id, "message_id": event.message_id}, tokens


def filled(text, facts):
    for name, value in facts.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def test_every_route_is_in_the_table_of_rights(place, here):
    _, tokens = here
    _, _, text = place.ask("GET", f"{API}/openapi.json", token=tokens["admin"])
    known = {
        (method.upper(), path.removeprefix("/api/v1"))
        for path, methods in json.loads(text)["paths"].items()
        for method in methods
    }
    assert known == set(ROUTES)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_answers_each_as_their_role_allows(place, here, method, path):
    facts, tokens = here
    wanted, body = ROUTES[method, path]
    sent = None if body is None else json.loads(filled(json.dumps(body), facts))
    found = []
    for who in ("nobody", "vera", "paula", "admin"):
        status, headers, text = place.ask(method, filled(API + path, facts), token=tokens[who], body=sent)
        found.append(status)
        assert {name: headers.get(name) for name in HEADERS} == HEADERS
        assert status < 400 or set(json.loads(text)) == {"error", "detail"}
    assert tuple(found) == wanted


def test_a_browsers_cookie_does_as_well_but_not_for_another_site(place, here):
    facts, tokens = here
    cookie = {"Cookie": f"_token={tokens['paula']}"}
    path = f"{API}/jobs/{facts['job']}/pause"
    assert place.ask("POST", path, body=WHY, headers={**cookie, "Sec-Fetch-Site": "cross-site"})[0] == 403
    assert place.ask("POST", path, body=WHY, headers={**cookie, "Origin": "http://evil.example"})[0] == 403
    ours = {**cookie, "Sec-Fetch-Site": "same-origin", "Origin": place.airflow.address}
    assert place.ask("POST", path, body=WHY, headers=ours)[0] == 200
    [row] = place.store.status([facts["job"]])
    assert (row["paused"], row["paused_by"]) == (True, "paula")


def test_the_pages_are_for_those_who_are_logged_in(place, here):
    _, tokens = here
    assert place.ask("GET", f"{CONSOLE}/")[0] == 401
    for path in (f"{CONSOLE}/../../plugin.py", f"{CONSOLE}/%2e%2e/app.py", f"{CONSOLE}/nowhere.js"):
        assert place.ask("GET", path, token=tokens["admin"])[0] == 404


def test_airflow_shows_the_console_where_officers_look(place, here):
    _, tokens = here
    _, _, text = place.ask("GET", "/api/v2/plugins", token=tokens["admin"])
    [plugin] = [one for one in json.loads(text)["plugins"] if one["name"] == "hms_syn"]
    places = {(view["destination"], view["href"]) for view in plugin["external_views"]}
    assert {destination for destination, _ in places} == {"nav", "dag"}
    assert all(href.startswith("/hms-syn/") for _, href in places)
    assert [app["destination"] for app in plugin["react_apps"]] == ["dashboard"]
    _, _, text = place.ask("GET", "/api/v2/plugins/importErrors", token=tokens["admin"])
    assert json.loads(text)["import_errors"] == []


def test_a_task_leads_to_the_message_that_it_was_about(place, here):
    """A button in Airflow's own page; where a run had many messages, or none, it leads to those of the job."""
    _, tokens = here
    job, topic = place.job()
    event = new_event(topic, {"case_id": "HUD-22-109", "date": "2024-09-02"}, agency="hud")
    publish(place.store, [event])
    eventually(lambda: place.state_of(event.message_id) == "delivered")
    wanted = f"/hms-syn/message.html?id={event.message_id}"

    def links():
        for run in place.runs(job):
            path = f"/api/v2/dags/syn.{job}.push/dagRuns/{quote(run['dag_run_id'])}/taskInstances/push/links"
            status, _, text = place.ask("GET", path, token=tokens["vera"])
            yield json.loads(text)["extra_links"]["Messages"] if status == 200 else None

    eventually(lambda: wanted in links(), what="the link of the task that sent it")
    assert place.ask("GET", wanted, token=tokens["vera"])[0] == 200


def test_a_plan_holds_a_file_against_the_job_as_airflow_last_parsed_it(place, here):
    """A file that turns bad leaves the job as it was; one that is removed is told with what waits, and is retired."""
    _, tokens = here
    job, topic = place.job()
    first = new_event(topic, {"case_id": "HUD-22-108", "date": "2024-09-02"}, agency="hud")
    publish(place.store, [first])
    eventually(lambda: place.state_of(first.message_id) == "delivered")  # which pins the court's WSDL
    switch.pause(place.store, job, Act(actor="paula", reason="a test of plans"))
    time.sleep(2)  # a warm drain sees the switch within a second
    publish(place.store, [new_event(topic, {"case_id": "HUD-22-109", "date": "2024-09-02"}, agency="hud")])
    file = place.airflow.jobs / f"{job}.yaml"
    text = file.read_text(encoding="utf-8")

    def plan():
        status, _, answer = place.ask("GET", f"{API}/jobs/{job}/plan", token=tokens["admin"])
        assert status == 200, answer
        return json.loads(answer)

    assert (plan()["state"], plan()["fields"]) == ("same", [])
    file.write_text(text + "  tagz: [a]\n", encoding="utf-8")
    assert (plan()["state"], len(plan()["problems"])) == ("broken", 1)
    status, _, answer = place.ask("GET", f"{API}/jobs/{job}/plan/messages", token=tokens["paula"])
    assert (status, [row["verdict"] for row in json.loads(answer)["messages"]]) == (200, ["same"])
    assert "HUD-22-109" in answer
    file.unlink()
    assert plan()["state"] == "no_file"
    row = {}

    def is_told():
        row.update(json.loads(place.ask("GET", f"{API}/jobs/{job}", token=tokens["admin"])[2]))
        return row["has_file"] is False

    eventually(is_told, what="that Airflow has seen that the file is gone")
    assert row["why"].startswith("no file in the jobs folder")
    assert retire(Desk(place.store), job, Act(actor="paula", reason="a test of plans"), discard=True)["discarded"] == 1
    assert place.ask("GET", f"{API}/jobs/{job}", token=tokens["admin"])[0] == 404
