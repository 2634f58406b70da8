"""The pretend hospital, asked over real connections; what it answers is read by a FHIR library that is not ours."""

from __future__ import annotations

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhir.resources.R4B.flag import Flag
from fhir.resources.R4B.operationoutcome import OperationOutcome
from fhir.resources.R4B.task import Task
from tests.harness.vendor_clock import VendorClock

from hms_syn.sandbox import hospital_rules
from hms_syn.sandbox.hospital_fhir import Hospital, manners, serve
from hms_syn.sandbox.hospital_http import OWN
from hms_syn.sandbox.json_manners import AFTER, INSTEAD

KEY = "5c2d1c4e-0000-4000-8000-000000000001"
TASK = {
    "resourceType": "Task",
    "status": "requested",
    "intent": "order",
    "code": {"text": "tag property as unsafe"},
    "focus": {"type": "Location", "display": "12 Mill Lane"},
}
FHIR = {"Content-Type": "application/fhir+json"}


def task(key=KEY, **more):
    return {**TASK, "identifier": [{"system": "urn:hms-syn", "value": key}], **more}


def once(key=KEY):
    return {"If-None-Exist": f"identifier=urn:hms-syn|{key}"}


@pytest.fixture
def clock():
    return VendorClock()


@pytest.fixture
def client(clock):
    with serve(Hospital(clock=clock)) as url, httpx.Client(base_url=url, headers=FHIR) as http:
        yield http


@pytest.fixture
def rude():
    """Start hospitals in a mode."""
    started = []

    def start(mode, *, delay=0.01):
        context = serve(manners=manners(mode, delay=delay))
        started.append(context)
        return httpx.Client(base_url=context.__enter__(), timeout=2, headers=FHIR)

    yield start
    for context in started:
        context.__exit__(None, None, None)


def create(client, resource=None, **headers):
    resource = resource or task()
    return client.post(f"/fhir/{resource['resourceType']}", json=resource, headers={**FHIR, **headers})


def search(client, kind="Task", **query):
    answer = client.get(f"/fhir/{kind}", params=query)
    assert answer.status_code == 200, answer.text
    return Bundle.model_validate(answer.json())


def received(client):
    return client.get("/received").json()


def issue(answer):
    """Give the status, code and expression of an OperationOutcome."""
    found = OperationOutcome.model_validate(answer.json()).issue[0]
    return answer.status_code, found.code, (found.expression or [None])[0]


# Creating


def test_a_task_is_created_with_an_id_a_version_and_a_place(client):
    answer = create(client, **once())
    made = Task.model_validate(answer.json())
    assert (answer.status_code, made.id, made.meta.versionId, made.identifier[0].value) == (201, "1", "1", KEY)
    assert answer.headers["ETag"] == 'W/"1"'
    assert answer.headers["Location"].endswith("/fhir/Task/1/_history/1")
    assert client.get(answer.headers["Location"]).json() == answer.json()


def test_a_repeat_is_one_task(client):
    """If-None-Exist finds the first, which comes back as 200."""
    first, second = create(client, **once()), create(client, **once())
    assert (first.status_code, second.status_code, first.json()) == (201, 200, second.json())
    assert search(client).total == 1


def test_repeats_at_the_same_moment_are_one_task(client):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: create(client, **once()), range(8)))
    assert sorted(answer.status_code for answer in answers) == [*[200] * 7, 201]


def test_without_a_condition_a_create_is_always_new_and_an_ambiguous_one_is_refused(client):
    assert [create(client).json()["id"] for _ in range(2)] == ["1", "2"]
    assert issue(create(client, **once())) == (412, "multiple-matches", None)


def test_who_wants_no_body_gets_none(client):
    answer = create(client, **once(), Prefer="return=minimal")
    assert (answer.status_code, answer.content) == (201, b"")
    assert answer.headers["Location"].endswith("/fhir/Task/1/_history/1")


@pytest.mark.parametrize(
    ("resource", "status", "code", "expression"),
    [
        ({"resourceType": "Task"}, 422, "required", "Task.status"),
        (task(status="done"), 422, "value", "Task.status"),
        (task(intent=""), 422, "required", "Task.intent"),
        (task(colour="red"), 400, "structure", "Task.colour"),
        (task(identifier={"value": "x"}), 400, "structure", "Task.identifier"),
        ({"resourceType": "Flag", "status": "active", "code": {"text": "x"}}, 422, "required", "Flag.subject"),
        (
            {"resourceType": "Appointment", "status": "booked", "participant": []},
            422,
            "required",
            "Appointment.participant",
        ),
        ({"resourceType": "Spaceship"}, 404, "not-supported", "Spaceship"),
    ],
)  # fmt: skip
def test_what_is_not_a_whole_resource_is_refused_by_rule_and_place(client, resource, status, code, expression):
    assert issue(create(client, resource)) == (status, code, expression)
    assert received(client)["resources"] == []
    assert received(client)["arrivals"][0]["outcome"].startswith("refused: ")


@pytest.mark.parametrize("place", ["", "/Task/1/_history", "/Task/1/$everything", "/Task/1/_history/1/x", "/Task/none"])
def test_what_is_asked_for_in_vain_is_logged_once(client, place):
    assert client.get(f"/fhir{place}").status_code == 404
    assert len(received(client)["arrivals"]) == 1


def test_another_type_than_the_address_says_is_refused(client):
    answer = client.post("/fhir/Flag", json=task())
    assert issue(answer) == (400, "invalid", "resourceType")


@pytest.mark.parametrize(
    ("body", "headers", "status"), [(b"<Task/>", {"Content-Type": "application/fhir+xml"}, 415), (b"{", FHIR, 400)]
)
def test_what_is_not_fhir_json_is_refused_and_logged(client, body, headers, status):
    answer = client.post("/fhir/Task", content=body, headers=headers)
    assert (answer.status_code, len(received(client)["arrivals"])) == (status, 1)


def test_the_hospital_knows_of_no_element_that_the_library_does_not(client):
    """Its short list of elements and required ones is that of the published definitions."""
    for name, kind in hospital_rules.KINDS.items():
        module = __import__(f"fhir.resources.R4B.{name.lower()}", fromlist=[name])
        model = getattr(module, name)
        theirs = {field.alias or key for key, field in model.model_fields.items()}
        assert kind.elements <= theirs
        base = {"resource_type", "resourceType", "id", "meta", "implicitRules", "language", "text", "contained"}
        more = (
            {one for one in theirs if not one.startswith("_")} - base - {"extension", "modifierExtension", "identifier"}
        )
        assert kind.elements == more - {"fhir_comments"}


# Updating


def test_an_update_makes_a_version_and_the_old_one_stays(client):
    create(client, **once())
    answer = client.put("/fhir/Task/1", json=task(id="1", status="cancelled"), headers={"If-Match": 'W/"1"'})
    assert (answer.status_code, answer.json()["meta"]["versionId"]) == (200, "2")
    assert client.get("/fhir/Task/1").json()["status"] == "cancelled"
    assert client.get("/fhir/Task/1/_history/1").json()["status"] == "requested"
    late = client.put("/fhir/Task/1", json=task(id="1"), headers={"If-Match": 'W/"1"'})
    assert issue(late) == (412, "conflict", "If-Match")


def test_a_conditional_update_creates_once_and_then_replaces(client):
    query = {"identifier": f"urn:hms-syn|{KEY}"}
    answers = [client.put("/fhir/Task", params=query, json=task(description=text)) for text in ("one", "two")]
    assert [(one.status_code, one.json()["id"]) for one in answers] == [(201, "1"), (200, "1")]
    assert client.get("/fhir/Task/1").json()["description"] == "two"


def test_a_client_may_choose_the_id(client):
    assert client.put("/fhir/Flag/f7", json=flag("f7")).status_code == 201
    assert issue(client.put("/fhir/Flag/f8", json=flag("f7"))) == (400, "invalid", "Flag.id")


def flag(id_):
    return {"resourceType": "Flag", "id": id_, "status": "active", "code": {"text": "x"}, "subject": {"display": "y"}}


def test_a_transaction_is_written_as_a_whole_or_not_at_all(client):
    entries = [
        {"resource": task(), "request": {"method": "POST", "url": "Task", "ifNoneExist": once()["If-None-Exist"]}},
        {"resource": {**flag("x"), "id": None}, "request": {"method": "POST", "url": "Flag"}},
    ]
    del entries[1]["resource"]["id"]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    answer = Bundle.model_validate(client.post("/fhir", json=bundle).json())
    assert [entry.response.status for entry in answer.entry] == ["201 Created", "201 Created"]
    again = Bundle.model_validate(client.post("/fhir", json=bundle).json())
    assert [entry.response.status for entry in again.entry] == ["200 OK", "201 Created"]
    entries[1]["resource"]["status"] = "odd"
    before = received(client)["resources"]
    assert issue(client.post("/fhir", json=bundle)) == (422, "value", "Flag.status")
    assert received(client)["resources"] == before


def transaction(client, *requests):
    entries = [{"resource": resource, "request": {"method": method, "url": url}} for method, url, resource in requests]
    return client.post("/fhir", json={"resourceType": "Bundle", "type": "transaction", "entry": entries})


def test_a_transaction_gives_no_id_twice_also_where_a_client_has_chosen_one(client):
    client.put("/fhir/Flag/2", json=flag("2"))
    new = {name: value for name, value in flag("").items() if name != "id"}
    answer = Bundle.model_validate(transaction(client, *[("POST", "Flag", new)] * 3).json())
    assert len({entry.response.location for entry in answer.entry}) == 3
    assert len(received(client)["resources"]) == 4


def test_a_transaction_that_writes_one_resource_twice_is_refused(client):
    answer = transaction(client, ("PUT", "Flag/f7", flag("f7")), ("PUT", "Flag/f7", flag("f7")))
    assert issue(answer) == (400, "invalid", "Flag.id")
    assert received(client)["resources"] == []


# Searching


def test_a_task_is_found_by_its_identifier(client):
    create(client, **once())
    create(client, task("other"))
    found = search(client, identifier=f"urn:hms-syn|{KEY}")
    assert (found.total, found.entry[0].resource.id, found.entry[0].search.mode) == (1, "1", "match")
    assert search(client, identifier="urn:else|other").total == 0
    assert search(client, identifier=f"{KEY},other").total == 2


def test_pages_hold_every_resource_that_has_changed_while_others_change(client, clock):
    """What changes during the reading comes again later, as its newer version; nothing is left out."""
    for number in range(5):
        create(client, task(str(number)))
    seen, address = [], "/fhir/Task?_lastUpdated=ge2024-08-01&_sort=_lastUpdated&_count=2"
    while address:
        page = Bundle.model_validate(client.get(address).json())
        seen += [(entry.resource.id, entry.resource.meta.versionId) for entry in page.entry or ()]
        address = next((link.url for link in page.link if link.relation == "next"), None)
        clock.move(1.5)
    assert {id_ for id_, _ in seen} == {"1", "2", "3", "4", "5"}
    assert len(seen) == len(set(seen))


def test_last_updated_includes_the_moment_and_can_go_backwards(client, clock):
    create(client)
    clock.move(2)
    create(client, task("later", status="draft"))
    assert [e.resource.id for e in search(client, _lastUpdated="ge2024-08-01T09:00:02Z").entry] == ["1", "2"]
    assert [e.resource.id for e in search(client, _sort="-_lastUpdated").entry] == ["2", "1"]
    assert search(client, _lastUpdated="gt2024-08-01T09:00:02Z").total == 0
    assert search(client, status="accepted").total == 1


@pytest.mark.parametrize("query", ["_sort=status", "_count=0", "colour=red", "_lastUpdated=yesterday"])
def test_a_question_it_does_not_understand_is_refused(client, query):
    assert client.get(f"/fhir/Task?{query}").status_code == 400


# Moving on


def test_a_task_is_accepted_and_completed_by_itself_and_places_a_flag(client, clock):
    """The flag says what the task said, about what the task was about."""
    create(client, **once())
    clock.move(2)
    assert client.get("/fhir/Task/1").json()["status"] == "accepted"
    clock.move(3)
    done = Task.model_validate(client.get("/fhir/Task/1").json())
    assert (done.status, done.meta.versionId) == ("completed", "3")
    placed = Flag.model_validate(client.get(f"/fhir/{done.output[0].valueReference.reference}").json())
    assert (placed.status, placed.code.text, placed.subject.display) == (
        "active", "tag property as unsafe", "12 Mill Lane",
    )  # fmt: skip


def test_a_cancelled_task_stays_cancelled(client, clock):
    create(client)
    client.put("/fhir/Task/1", json=task(id="1", status="cancelled"))
    clock.move(60)
    assert client.get("/fhir/Task/1").json()["status"] == "cancelled"
    assert search(client, "Flag").total == 0


# The contract, who may come in, misbehaviour


def test_the_capability_statement_is_one(client):
    told = CapabilityStatement.model_validate(client.get("/fhir/metadata").json())
    assert (told.fhirVersion, {one.type for one in told.rest[0].resource}) == ("4.0.1", {"Task", "Flag", "Appointment"})


def test_with_a_token_only_who_has_it_comes_in():
    with serve(token="s3cret") as url, httpx.Client(base_url=url, headers=FHIR) as client:
        assert issue(create(client))[:2] == (401, "login")
        assert create(client, Authorization="Bearer s3cret").status_code == 201
        assert "s3cret" not in client.get("/").text + client.get("/received").text


@pytest.mark.parametrize(
    ("mode", "status", "holds"),
    [
        ("refuse", 422, "business-rule"),
        ("outcome_200", 200, "OperationOutcome"),
        ("stranger", 201, "urn:somebody-else"),
        ("missing_id", 201, '"intent"'),
        ("http_429", 429, "too many"),
        ("http_503", 503, "busy"),
        ("html_200", 200, "<html>"),
        ("empty_200", 200, ""),
        ("redirect", 302, ""),
    ],
)
def test_a_mode_answers_as_it_says_and_records_nothing(rude, mode, status, holds):
    client = rude(mode)
    answer = create(client, **once())
    assert answer.status_code == status
    assert holds in answer.text
    assert received(client)["resources"] == []
    assert [(row["outcome"], row["key"]) for row in received(client)["arrivals"]] == [
        (f"{mode}: nothing recorded", KEY)
    ]


@pytest.mark.parametrize(("mode", "status"), [("slow", 201), ("drip", 201), ("http_500_after", 500)])
def test_a_mode_that_does_what_it_is_asked_and_answers_badly(rude, mode, status):
    client = rude(mode)
    assert create(client, **once()).status_code == status
    assert len(received(client)["resources"]) == 1


def test_a_forgetful_hospital_ignores_if_none_exist(rude):
    client = rude("forgetful")
    assert [create(client, **once()).json()["id"] for _ in range(2)] == ["1", "2"]


def test_no_mode_is_of_two_kinds():
    assert not (set(INSTEAD) | set(OWN)) & set(AFTER)


# What people see, and what outlives it


def test_the_page_shows_text_never_markup(client):
    create(client, task("<img src=x>", code={"text": "<script>alert(1)</script>"}))
    page = client.get("/").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "Task/1" in page
    assert "<script" not in page
    assert "<img" not in page


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/health", 200),
        ("HEAD", "/fhir/metadata", 200),
        ("GET", "/fhir/Task/9", 404),
        ("GET", "/fhir/Task/9/_history", 404),
        ("GET", "/fhir", 404),
        ("GET", "/nothing", 404),
        ("PUT", "/nothing", 404),
        ("PUT", "/fhir/Task", 405),
        ("DELETE", "/fhir/Task/1", 501),
    ],
)
def test_addresses(client, method, path, status):
    body = {"json": task()} if method == "PUT" else {}
    assert client.request(method, path, **body).status_code == status


def test_a_restarted_hospital_knows_everything(tmp_path, clock):
    state = tmp_path / "hospital.jsonl"
    with serve(Hospital(clock=clock, state=state)) as url, httpx.Client(base_url=url, headers=FHIR) as client:
        create(client, **once())
        clock.move(3)
        before = received(client)
    with serve(Hospital(clock=clock, state=state)) as url, httpx.Client(base_url=url, headers=FHIR) as client:
        assert received(client) == before
        assert create(client, **once()).status_code == 200
        clock.move(60)
        assert [row["status"] for row in received(client)["resources"]] == ["active", "completed"]
    with serve(Hospital(clock=clock, state=state)) as url, httpx.Client(base_url=url, headers=FHIR) as client:
        assert [row["version"] for row in received(client)["versions"]] == ["1", "2", "1", "3"]


def test_the_command_serves_until_it_is_told_to_end():
    command = [sys.executable, "-m", "hms_syn.sandbox.hospital_fhir", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        url = process.stdout.readline().split()[-1]
        try:
            status = httpx.get(f"{url}/fhir/metadata").status_code
        finally:
            process.send_signal(signal.SIGTERM)
    assert (status, process.returncode) == (200, 0)
