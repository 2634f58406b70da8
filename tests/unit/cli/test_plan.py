"""``hms-syn plan``: what an edit of a job file would change, and that looking changes nothing."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing

import pytest
import yaml

from hms_syn.cli.main import main
from hms_syn.domain.topic_event import new_event
from hms_syn.flow.publish import publish
from hms_syn.job_files import load_job
from hms_syn.store.sql_store import SqlStore

TOPIC = "hud.eviction.ordered"
DAY = 86400
JOB = {
    "name": "HUD → Payments",
    "push_adapter": "rest.json.v1",
    "source_topic": TOPIC,
    "target_endpoint": "https://payments.example.gov/v1",
    "push": {
        "request": {"path": "/payments"},
        "mapping": {"caseNumber": "case_id", "amount": "amount"},
        "success": {"status": "OK"},
        "ack": {"reference": "id"},
    },
}


class Place:
    """A jobs folder with one job in it, a queue, and a folder for the file as it would be."""

    def __init__(self, home, capsys):
        self.home, self._capsys = home, capsys
        self.url = f"sqlite:///{home}/airflow.db"
        self.running = self.write("jobs/payments.yaml")

    def write(self, name, *, without=(), push=None, **changes):
        job = {key: value for key, value in {**JOB, **changes}.items() if key not in without}
        if push is not None:
            job["push"] = {**JOB["push"], **push}
        file = self.home / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(yaml.safe_dump({"job": job}, allow_unicode=True), encoding="utf-8")
        return file

    def edited(self, **changes):
        return str(self.write("edited/payments.yaml", **changes))

    def publish(self, *payloads, ago=0.0, topic=TOPIC):
        with closing(SqlStore(self.url, clock=lambda: time.time() - ago)) as store:
            store.create()
            store.register(load_job(self.running))
            publish(store, [new_event(topic, payload, agency="hud") for payload in payloads])

    def plan(self, *arguments, code=0):
        """Return the plan as a program reads it."""
        assert main(["plan", *arguments, "--json"]) == code
        return json.loads(self._capsys.readouterr().out)

    def text(self, *arguments, code=0):
        """Return the plan as a person reads it."""
        assert main(["plan", *arguments]) == code
        return self._capsys.readouterr().out


@pytest.fixture
def place(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return Place(tmp_path, capsys)


def keys(plan):
    return {one["key"]: (one["old"], one["new"]) for one in plan["fields"]}


def payment(number=1, **more):
    return {"case_id": f"HUD-{number}", "amount": number, **more}


def test_the_same_job_written_otherwise_changes_nothing(place):
    """A default that is typed, and one duration in two spellings."""
    edited = place.edited(retry={"initial_delay": "5000ms"}, push={"timeout": "30s", "breaker": {"open_for": "60s"}})
    place.publish(payment())
    plan = place.plan(edited, "--exit-code")
    assert (plan["changes"], plan["fields"], plan["dags"]) == (False, [], [])
    assert [one["verdict"] for one in plan["messages"]] == ["same"]
    assert "nothing would change" in place.text(edited)


def test_keys_that_differ_are_told_as_a_file_has_them(place):
    edited = place.edited(
        tags=["housing"],
        heartbeat=False,
        retry={"max_delay": "1h"},
        push={"rate_limit": "30/m", "mapping": {"caseNumber": "case_no", "payee": "name"}},
    )
    assert keys(place.plan(edited)) == {
        "job.tags": (None, ["housing"]),
        "job.heartbeat": (None, False),
        "job.push.mapping.caseNumber": ("case_id", "case_no"),
        "job.push.mapping.payee": (None, "name"),
        "job.push.mapping.amount": ("amount", None),
        "job.push.rate_limit": (None, "30/m"),
        "job.retry.max_delay": ("15m", "1h"),
    }
    assert '~ job.retry.max_delay: "15m" → "1h"' in place.text(edited)


def test_another_text_of_the_payloads_schema_is_a_change(place):
    for folder, rule in (("jobs", "string"), ("edited", "number")):
        place.write(f"{folder}/payments.yaml", push={"schema": "payment.json"})
        schema = {"type": "object", "properties": {"case_id": {"type": rule}}}
        (place.home / folder / "payment.json").write_text(json.dumps(schema), encoding="utf-8")
    assert list(keys(place.plan("edited/payments.yaml"))) == ["job.push.schema"]


@pytest.mark.parametrize(
    ("changes", "key", "words"),
    [
        (
            {"target_endpoint": "https://new.example.gov"},
            "job.target_endpoint",
            "endpoint_changed' sends it to the new",
        ),
        ({"push": {"ordering_key": "case_id"}}, "job.push.ordering_key", "Lines of the old rule are emptied first"),
        ({"id": "holds"}, "job.id", "payments goes on accepting, and nobody sends what it accepts; 2 wait now."),
        ({"heartbeat": False}, "job.heartbeat", "nobody is told when it is offline"),
        ({"enabled": False}, "job.enabled", "the queue goes on accepting; 2 wait now."),
        ({"push_adapter": "in_memory.v1"}, "job.push_adapter", "goes out in the new adapter's form"),
        ({"source_topic": "hud.other"}, "job.source_topic", "what waits goes out as before"),
    ],
)
def test_what_an_edit_means_is_said(place, changes, key, words):
    place.publish(payment(1), payment(2))
    plan = place.plan(place.edited(**changes), *(["--against", str(place.running)] if "id" in changes else []))
    [means] = [one["means"] for one in plan["fields"] if one["key"] == key]
    assert words in means


def test_another_address_names_each_message_that_would_wait_for_an_officer(place):
    place.publish(payment())
    text = place.text(place.edited(target_endpoint="https://new.example.gov/v1"))
    assert "1 waits now." in text
    assert "accepted for https://payments.example.gov/v1, and would wait for an officer" in text


def test_dags_are_told_as_airflow_will_see_them(place):
    pull = {"pull_adapter": "rest.json.v1", "pull": {"schedule": "7m", "request": {"path": "/p"}, "dedupe_key": "id"}}
    edited = place.edited(owner="court-team", push={**JOB["push"], "schedule": "*/5 * * * *"}, **pull)
    dags = {one["dag_id"]: one for one in place.plan(edited)["dags"]}
    assert dags["syn.payments.pull"]["old"] is None
    assert dags["syn.payments.pull"]["new"]["schedule"] == "every 7m"
    push = dags["syn.payments.push"]
    assert (push["old"]["schedule"], push["new"]["schedule"]) == ("syn.payments.queued", "*/5 * * * * UTC")
    assert (push["old"]["owner"], push["new"]["owner"]) == ("hms-syn", "court-team")
    assert push["new"]["retries"] == {"push": 5, "queued": 0}
    assert [one["new"] for one in place.plan(place.edited(enabled=False))["dags"]] == [None]


def test_the_next_messages_are_shown_in_their_order_under_both_files(place):
    """Those that differ as a difference; one that the new mapping refuses with the error that would set it aside."""
    place.publish(payment(1, payee="Ms Roe"), payment(2), *(payment(number) for number in (3, 4)))
    edited = place.edited(push={"mapping": {"caseNumber": "case_id", "amount": "amount", "payee": "payee"}})
    shown = place.plan(edited)["messages"]
    assert [one["verdict"] for one in shown] == ["differs", "refused", "refused"]
    assert shown[0]["old"]["text"] == '{"amount":1,"caseNumber":"HUD-1"}'
    assert shown[0]["new"]["text"] == '{"amount":1,"caseNumber":"HUD-1","payee":"Ms Roe"}'
    assert shown[1]["new"]["code"] == "unmappable_payload"
    assert len(place.plan(edited, "--next", "4")["messages"]) == 4
    text = place.text(edited)
    assert '+  "payee": "Ms Roe"' in text
    assert "unmappable_payload: Field 'payee'" in text


def test_a_request_without_a_body_differs_by_where_it_goes(place):
    """The declared headers count too."""
    gone = {"method": "DELETE", "path": "/payments/{caseNumber}", "headers": {"X-Case": "{caseNumber}"}}
    place.running = place.write("jobs/payments.yaml", push={"request": gone})
    place.publish(payment(1, other="B-1"))
    mapping = {"caseNumber": "other", "amount": "amount"}
    [shown] = place.plan(place.edited(push={"request": gone, "mapping": mapping}))["messages"]
    assert (shown["verdict"], shown["old"]["text"], shown["new"]["text"]) == ("differs", "", "")
    assert shown["new"]["where"] == "DELETE https://payments.example.gov/v1/payments/B-1\nX-Case: B-1"


def test_an_example_takes_the_place_of_what_waits(place, capsys):
    """It needs no queue, as in CI; --topic names a topic where the job has a pattern."""
    (place.home / "example.json").write_text('{"case_id": "HUD-9", "amount": 9}', encoding="utf-8")
    edited = place.edited(source_topic="hud.*", push={"mapping": {"caseNumber": "case_id"}})
    assert main(["plan", edited, "--payload", "example.json"]) == 1
    assert "--topic" in capsys.readouterr().err
    [shown] = place.plan(edited, "--payload", "example.json", "--topic", "hud.eviction.ordered")["messages"]
    assert (shown["old"]["text"], shown["new"]["text"]) == (
        '{"amount":9,"caseNumber":"HUD-9"}',
        '{"caseNumber":"HUD-9"}',
    )
    assert not (place.home / "airflow.db").exists()


def test_without_a_queue_the_files_are_compared_and_the_rest_is_said_to_be_unseen(place, capsys):
    edited = place.edited(tags=["a"])
    plan = place.plan(edited)
    assert (plan["messages"], list(keys(plan))) == (None, ["job.tags"])
    assert "airflow.db" in plan["unseen"]
    for wanted in (["--next", "1"], ["--since", "7d"]):
        assert main(["plan", edited, *wanted]) == 1
        assert "The queue's tables are not there yet in SQLite file" in capsys.readouterr().err
    assert not (place.home / "airflow.db").exists()


def test_looking_takes_no_lock_and_changes_nothing(place):
    """Another process is in the middle of a write; the whole database is the same before and after."""
    place.publish(payment(1), payment(2))
    edited = place.edited(push={"mapping": {"caseNumber": "case_id"}})
    with closing(sqlite3.connect(place.home / "airflow.db", isolation_level=None)) as other:
        before = list(other.iterdump())
        other.execute("BEGIN IMMEDIATE")
        assert len(place.plan(edited, "--since", "1d")["messages"]) == 2
        other.execute("ROLLBACK")
        assert list(other.iterdump()) == before


def test_a_past_window_is_run_through_both_mappings(place):
    """More than a page of it; what is older, or was published on another topic, is no part of it."""
    place.publish(*(payment(number) for number in range(60)), ago=10 * DAY)
    place.publish(*(payment(number, payee="x") for number in range(70)), ago=3 * DAY)
    place.publish({"case_id": "no amount", "payee": "x"}, payment(7), payment(8))
    place.publish(payment(9), topic="hud.other")
    edited = place.edited(push={"mapping": {"caseNumber": "case_id", "amount": "amount", "payee": "payee || `null`"}})
    simulation = place.plan(edited, "--since", "7d", "--next", "0")["simulation"]
    assert {key: simulation[key] for key in ("events", "same", "differs", "refused")} == {
        "events": 73,
        "same": 3,
        "differs": 70,
        "refused": 0,
    }
    assert len(simulation["first"]) == 3
    edited = place.edited(push={"mapping": {"payee": "payee"}})
    simulation = place.plan(edited, "--since", "7d")["simulation"]
    assert (simulation["differs"], simulation["refused"], simulation["accepted"]) == (70, 2, 1)
    assert "2 would be refused" in place.text(edited, "--since", "7d")


def test_a_simulation_knows_topics_and_schemas(place):
    """An event on two patterns counts once; one that the new schema refuses would not be published."""
    place.publish(payment(1), payment(2), payment("three"))
    place.publish(payment(4), topic="hud.other")
    edited = place.edited(source_topic=["hud.*", "hud.other"], push={"schema": "payment.json"})
    schema = {"type": "object", "properties": {"amount": {"type": "number"}}}
    (place.home / "edited" / "payment.json").write_text(json.dumps(schema), encoding="utf-8")
    simulation = place.plan(edited, "--since", "1h")["simulation"]
    assert {key: simulation[key] for key in ("events", "same", "refused", "taken")} == {
        "events": 4,
        "same": 2,
        "refused": 1,
        "taken": 1,
    }


def test_a_secret_of_the_connection_is_masked_wherever_it_stands(place, monkeypatch):
    """No adapter shows one by itself; a file that repeats the password by chance must not either."""
    monkeypatch.setenv("AIRFLOW_CONN_PAYMENTS", json.dumps({"login": "hud", "password": 'h"nter22<', "extra": "{}"}))
    place.publish(payment(1))
    mapping = {"caseNumber": "case_id", "note": "'h\"nter22<'"}
    edited = place.edited(connection_id="payments", push={"mapping": mapping})
    [shown] = place.plan(edited)["messages"]
    assert shown["new"]["text"] == '{"caseNumber":"HUD-1","note":"***"}'


def test_exit_codes_tell_a_change_from_a_problem(place, capsys):
    """0 nothing, 3 a change where that is asked for, 1 a problem in the file, 2 wrong usage."""
    edited = place.edited(tags=["a"])
    assert main(["plan", edited]) == 0
    assert main(["plan", edited, "--exit-code"]) == 3
    assert main(["plan", str(place.running), "--exit-code"]) == 0
    assert "is the job as it runs" in capsys.readouterr().err
    assert main(["plan", edited, "--since", "soon"]) == 2
    assert main(["plan", edited, "--next", "-1"]) == 2
    assert main(["plan", place.edited(tagz=["a"])]) == 1
    assert "did you mean 'tags'" in capsys.readouterr().err


def test_a_job_that_fits_no_message_is_a_problem(place, capsys):
    place.publish(payment(1))
    text = place.text(place.edited(push={"ack": {}}), code=1)
    assert "cannot be shown" in text
    assert "push.ack" in text


def test_a_new_job_is_all_new(place, capsys):
    place.publish(payment(1))
    file = str(place.write("edited/holds.yaml", push={"mapping": {"caseNumber": "case_id"}}))
    plan = place.plan(file, "--since", "1h")
    assert plan["against"] is None
    assert keys(plan)["job.push.mapping.caseNumber"] == (None, "case_id")
    assert "job.retry.max_delay" not in keys(plan)
    assert plan["messages"] == []
    assert plan["simulation"]["taken"] == 1
    assert "a new job" in place.text(file)


def test_a_running_job_whose_file_turned_bad_is_not_guessed_at(place, capsys):
    edited = place.edited(tags=["a"])
    place.write("jobs/payments.yaml", tagz=["b"])
    assert main(["plan", edited]) == 1
    assert "--against" in capsys.readouterr().err
