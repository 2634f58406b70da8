"""Stories in a real Airflow: scheduler with LocalExecutor, triggerer, dag-processor and api-server on PostgreSQL."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
from tests.integration.conftest import JOB, eventually
from tests.integration.hand_offs import HEARING, all_runs_ended, arrivals, log_of, put, workers_of, xcoms_of
from tests.peers.node import node_court

from hms_a2a import Bus
from hms_syn import wiring
from hms_syn.flow import switch
from hms_syn.ports import Act
from hms_syn.sandbox.court_soap import Court, Login, serve
from hms_syn.store import audit_trail

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(300)]


def test_a_published_event_reaches_the_court_and_its_ack_is_in_xcom(place):
    """The bell starts a run in a blocked task process; the receipt is in the queue and in XCom, the payload is not."""
    job, topic = place.job()
    message_id = put(place, topic)
    eventually(lambda: place.state_of(message_id) == "delivered")
    receipt = place.store.trace(message_id)[0]["deliveries"][0]["reference"]
    eventually(lambda: f"'receipt': '{receipt}'" in xcoms_of(place, job))
    assert "HUD-22-109" not in xcoms_of(place, job)
    assert arrivals(place, message_id) == 1


def test_a_task_is_forked_from_a_scheduler_that_has_what_it_needs(place):
    """The libraries of the queue's database and of SOAP are in the scheduler's memory; its tasks share them."""
    maps = Path(f"/proc/{place.airflow.processes['scheduler'].pid}/maps").read_text(encoding="utf-8")
    assert "psycopg_binary" in maps
    assert "lxml" in maps


def test_a_warm_job_delivers_without_a_new_run(place):
    """While a run lingers, further messages go out in it at once."""
    _job, topic = place.job()
    first = put(place, topic)
    eventually(lambda: place.state_of(first) == "delivered")
    took = []
    for _ in range(5):
        started = time.monotonic()
        message_id = put(place, topic)
        while place.state_of(message_id) != "delivered":
            assert time.monotonic() - started < 30
            time.sleep(0.005)
        took.append(time.monotonic() - started)
    print(f"warm: publish to delivered {sorted(took)[2] * 1000:.0f} ms")
    assert workers_of(place, message_id) == workers_of(place, first)


def test_a_job_that_began_paused_is_served_when_it_is_resumed(place):
    """Airflow has parsed its file while it was off, and would not listen for its bell before it parses it again."""
    job, topic = place.job(more="  start_paused: true\n")
    message_id = put(place, topic)
    eventually(lambda: place.airflow.api("GET", f"/api/v2/dags/syn.{job}.push")["is_paused"])
    assert place.runs(job) == []
    switch.resume(place.store, job, Act(actor="paula", reason="the court is open"))
    eventually(lambda: place.state_of(message_id) == "delivered")


def test_an_offline_court_shows_as_up_for_retry_and_is_served_when_it_is_back(place):
    """The task shows up for retry with the reason; every attempt is on record; then the message arrives."""
    job, topic = place.job()
    place.manners.choose("http_503")
    message_id = put(place, topic)

    def is_up_for_retry():
        runs = place.runs(job)
        return any(place.task(job, run["dag_run_id"]).get("state") == "up_for_retry" for run in runs)

    eventually(is_up_for_retry)
    assert place.state_of(message_id) == "pending"
    place.manners.choose("ok")
    eventually(lambda: place.state_of(message_id) == "delivered")
    attempts = place.store.trace(message_id)[0]["attempts"]
    assert [row["outcome"] for row in attempts][-1] == "acked"
    assert "http_503" in [row["code"] for row in attempts]
    eventually(lambda: all_runs_ended(place, job))
    assert "failed" not in [run["state"] for run in place.runs(job)]


def test_a_message_that_cannot_be_mapped_is_set_aside_and_the_next_one_goes_through(place):
    """A payload that does not fit the vendor's contract does not block the queue."""
    _, topic = place.job()
    refused, accepted = put(place, topic, date="the second of September"), put(place, topic)
    eventually(lambda: place.state_of(accepted) == "delivered")
    assert place.state_of(refused) == "dead_letter"


def test_a_message_the_court_refuses_is_set_aside(place):
    """A clear no is no ack."""
    _, topic = place.job()
    place.manners.choose("refuse")
    message_id = put(place, topic)
    eventually(lambda: place.state_of(message_id) == "dead_letter")


def test_statuses_come_back_once_each(place):
    """The pull DAG brings every change of the court onto the bus, each once however often it runs."""
    job, topic = place.job()
    message_id = put(place, topic, case_id=f"CASE-{job}")
    eventually(lambda: place.state_of(message_id) == "delivered")

    def statuses():
        events = place.store.read(f"syn.{job}.pulled", after=0, limit=1000)
        return [event["payload"]["status"] for event in events if event["payload"]["caseId"] == f"CASE-{job}"]

    def all_back():
        place.airflow.trigger(f"syn.{job}.pull")
        time.sleep(2)
        return len(statuses()) >= 2

    eventually(all_back)
    place.airflow.trigger(f"syn.{job}.pull")
    time.sleep(3)
    assert statuses() == ["SCHEDULED", "CONFIRMED"]


def test_a_dropped_bad_file_shows_its_own_error_and_stops_no_other(place):
    """A broken job file is an import error with file, line and reason; a job beside it goes on; the fix clears it."""
    good, topic = place.job()
    text_of_job = JOB.format(name="bad", topic="hud.bad", endpoint=f"{place.url}/soap")
    path = place.drop("bad_one", text_of_job.replace("source_topic", "sorce_topic"))

    def errors():
        found = place.airflow.api("GET", "/api/v2/importErrors").get("import_errors", [])
        return [error["stack_trace"] for error in found if "bad_one" in error["filename"]]

    eventually(errors, what="the import error")
    assert "bad_one.yaml:6:3: error: job.sorce_topic: unknown key; did you mean 'source_topic'?" in errors()[0]
    message_id = put(place, topic)
    eventually(lambda: place.state_of(message_id) == "delivered")
    path.write_text(text_of_job, encoding="utf-8")
    eventually(lambda: not errors() and place.airflow.knows("syn.bad_one.push"))
    assert good


def test_a_job_whose_file_turns_bad_goes_on_as_it_last_was(place):
    """A bad edit stops nothing: what is published is delivered, and Airflow, the console and lint say what is wrong."""
    job, topic = place.job()
    path = place.airflow.jobs / f"{job}.yaml"
    sound = path.read_text(encoding="utf-8")
    path.write_text(sound.replace("source_topic", "sorce_topic"), encoding="utf-8")

    def errors():
        found = place.airflow.api("GET", "/api/v2/importErrors").get("import_errors", [])
        return [error["stack_trace"] for error in found if job in error["filename"]]

    eventually(errors, what="the import error")
    wrong = f"{job}.yaml:6:3: error: job.sorce_topic: unknown key; did you mean 'source_topic'?"
    assert [wrong in error for error in errors()] == [True]
    message_id = put(place, topic)
    eventually(lambda: place.state_of(message_id) == "delivered")
    assert not place.airflow.api("GET", f"/api/v2/dags/syn.{job}.push")["is_stale"]
    status, _, told = place.ask("GET", "/hms-syn/api/v1/files", token=place.token("admin"))
    lines = [row["line"] for row in json.loads(told)["files"] if job in row["file"]]
    assert (status, 6 in lines) == (200, True)
    linted = subprocess.run(
        [Path(sys.executable).with_name("hms-syn"), "lint", path],
        env=place.airflow.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (linted.returncode, wrong in linted.stdout) == (1, True)
    path.write_text(sound, encoding="utf-8")
    eventually(lambda: not errors())


def test_a_job_removed_from_the_folder_leaves_airflow(place):
    """F34: a job file that is gone takes its DAGs out of the active list."""
    job, _ = place.job()
    (place.airflow.jobs / f"{job}.yaml").unlink()
    eventually(lambda: place.airflow.api("GET", f"/api/v2/dags/syn.{job}.push").get("is_stale", True), seconds=90)


def test_a_run_started_by_hand_publishes_what_it_was_given(place):
    """The Trigger form's payloads are published and sent; the run is green with their acks."""
    job, _ = place.job()
    run = place.airflow.trigger(f"syn.{job}.push", {"publish": [HEARING]})
    eventually(lambda: place.task(job, run).get("state") == "success")
    [event] = place.store.read(f"syn.{job}.delivered", after=0, limit=10)
    assert place.state_of(event["payload"]["message_id"]) == "delivered"


def test_a_run_that_delivers_nothing_wakes_nobody(place):
    """The asset of deliveries is updated by a delivery, and by nothing else."""
    job, topic = place.job()

    def bells():
        events = place.airflow.api("GET", f"/api/v2/assets/events?source_dag_id=syn.{job}.push")
        return events["total_entries"]

    place.manners.choose("refuse")
    refused = put(place, topic)
    eventually(lambda: place.state_of(refused) == "dead_letter")
    eventually(lambda: all_runs_ended(place, job))
    assert bells() == 0
    place.manners.choose("ok")
    delivered = put(place, topic)
    eventually(lambda: place.state_of(delivered) == "delivered")
    eventually(lambda: bells() == 2)  # one with the message's id as partition key, one without


def test_start_places_a_job_and_follows_its_hand_offs(place, tmp_path):
    """``hms-syn start FILE`` lints, copies, switches on and prints each hand-off; Ctrl-C leaves the job running."""
    job = f"job_{uuid.uuid4().hex[:8]}"
    topic = f"hud.{job}.hearing.created"
    file = tmp_path / f"{job}.yaml"
    file.write_text(JOB.format(name=job, topic=topic, endpoint=f"{place.url}/soap"))
    with subprocess.Popen(
        [Path(sys.executable).with_name("hms-syn"), "start", file],
        env=place.airflow.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as started:
        try:
            assert started.stdout.readline() == f"⏳  Listening for {topic} …\n"
            message_id = put(place, topic)
            line = started.stdout.readline()
            assert line.startswith("✓")
            assert f"{message_id} delivered COURT-" in line
            started.send_signal(signal.SIGINT)
            assert started.wait(20) == 0
        finally:
            started.kill()
    assert (place.airflow.jobs / file.name).read_text() == file.read_text()


def test_a_dry_run_sends_nothing(place):
    """With dry_run the payloads are only checked against the vendor's contract."""
    job, topic = place.job()
    run = place.airflow.trigger(f"syn.{job}.push", {"publish": [HEARING], "dry_run": True})
    eventually(lambda: place.task(job, run).get("state") == "success")
    assert place.store.read(topic, after=0, limit=10) == []


def test_a_court_of_another_make_is_served_by_the_same_eight_lines(place):
    """node-soap with its own WSDL gets the hearing in its own words."""
    with node_court() as url:
        _, topic = place.job(f"{url}/soap")
        message_id = put(place, topic)
        eventually(lambda: place.state_of(message_id) == "delivered")


def test_a_password_is_corrected_in_the_connection_while_fifty_messages_wait(place):
    """F32: while it is wrong one message tries each minute; then all arrive, nothing was restarted, no log shows it."""
    connection, court = f"court_{uuid.uuid4().hex[:8]}", Court()
    login = {"connection_id": connection, "conn_type": "hms_soap", "login": "clerk", "password": "wrong-s3cret"}
    assert place.airflow.api("POST", "/api/v2/connections", login)
    with serve(court, login=Login("clerk", "right-s3cret")) as url:
        job, topic = place.job(f"{url}/soap", more=f"  connection_id: {connection}\n")
        published, sent = time.monotonic(), [put(place, topic, case_id=f"HUD-{number}") for number in range(50)]
        eventually(lambda: court.received()["arrivals"])
        time.sleep(2)
        assert {place.state_of(message_id) for message_id in sent} == {"pending"}
        corrected = place.airflow.api(
            "PATCH", f"/api/v2/connections/{connection}", {**login, "password": "right-s3cret"}
        )
        assert corrected["connection_id"] == connection
        eventually(lambda: {place.state_of(message_id) for message_id in sent} == {"delivered"}, seconds=120)
        minutes = (time.monotonic() - published) / 60
        known = court.received()
    assert [row["case_id"] for row in known["hearings"]] == [f"HUD-{number}" for number in range(50)]
    assert 1 <= sum("not authenticated" in row["outcome"] for row in known["arrivals"]) <= 1 + minutes
    assert "-s3cret" not in log_of(place, job)
    assert "-s3cret" not in str([place.store.trace(message_id) for message_id in sent])


def test_the_plugin_is_registered_once_without_errors(place):
    """Airflow's own pages show one plugin and no import error of it."""
    plugins = place.airflow.api("GET", "/api/v2/plugins")["plugins"]
    assert [plugin["name"] for plugin in plugins].count("hms_syn") == 1
    assert place.airflow.api("GET", "/api/v2/plugins/importErrors")["import_errors"] == []


def test_a_program_publishes_with_three_lines(place, monkeypatch):
    """Bus finds the queue through the connection in the environment."""
    _, topic = place.job()
    monkeypatch.setenv("AIRFLOW_CONN_HMS_SYN_DB", place.airflow.environment["AIRFLOW_CONN_HMS_SYN_DB"])
    message_id = Bus("hud").publish_topic(topic, HEARING)
    eventually(lambda: place.state_of(message_id) == "delivered")
    wiring.open_store(place.airflow.database).close()


def test_the_audit_trail_of_all_this_verifies(place):
    """After every story above the chain is whole."""
    assert audit_trail.verify(place.store.audit_rows(limit=100_000)) > 0


def test_the_task_log_reads_like_a_hand_off(place):
    """An officer finds one line per message, with the receipt; no payload and no traceback."""
    job, topic = place.job()
    message_id = put(place, topic)
    eventually(lambda: place.state_of(message_id) == "delivered")
    eventually(lambda: all_runs_ended(place, job))
    log = log_of(place, job)
    assert f"{message_id} -> ack COURT-" in log
    assert "HUD-22-109" not in log
    assert "Traceback" not in log
