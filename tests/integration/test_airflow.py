"""Stories in a real Airflow: scheduler with LocalExecutor, triggerer, dag-processor and api-server on PostgreSQL."""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from tests.integration.conftest import JOB, eventually
from tests.integration.waiting_stories import *  # noqa: F403 - one Airflow for all stories
from tests.peers.node import node_court

from hms_a2a import Bus
from hms_syn import wiring
from hms_syn.domain.topic_event import new_event
from hms_syn.flow import switch
from hms_syn.flow.publish import publish
from hms_syn.job_files import load_job
from hms_syn.ports import Act
from hms_syn.sandbox.court_soap import Court, Login, Manners, serve
from hms_syn.store import audit_trail
from hms_syn.store.sql_store import SqlStore

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(300)]
HEARING = {"case_id": "HUD-22-109", "date": "2024-09-02"}


def put(place, topic, **payload):
    """Publish one hearing; return its message id."""
    event = new_event(topic, {**HEARING, **payload}, agency="hud")
    publish(place.store, [event])
    return event.message_id


def arrivals(place, message_id):
    """Return how often the court saw a message, by its idempotency key."""
    key = place.store.trace(message_id)[0]["deliveries"][0]["idempotency_key"]
    return sum(key in arrival["message_id"] for arrival in place.court.received()["arrivals"])


def log_of(place, job):
    """Return all that the push tasks of a job have logged."""
    files = (place.airflow.home / "logs").glob(f"dag_id=syn.{job}.push/**/*.log")
    return "".join(path.read_text() for path in files)


def xcoms_of(place, job):
    """Return all XComs of a job's push runs, as text."""
    path = f"/api/v2/dags/syn.{job}.push/dagRuns/{{run}}/taskInstances/push/xcomEntries/return_value"
    runs = [run["dag_run_id"] for run in place.runs(job)]
    return str([place.airflow.api("GET", path.format(run=run)) for run in runs])


def workers_of(place, message_id):
    """Return the runs that have worked on a message."""
    events = ("attempt", "delivered")
    return {hop["actor"] for hop in place.store.trace(message_id)[0]["hops"] if hop["event"] in events}


def all_runs_ended(place, job):
    """Return True when no push run of a job is queued or running."""
    return all(run["state"] in ("success", "failed") for run in place.runs(job))


def test_a_published_event_reaches_the_court_and_its_ack_is_in_xcom(place):
    """The bell starts a run in a blocked task process; the receipt is in the queue and in XCom, the payload is not."""
    job, topic = place.job()
    message_id = put(place, topic)
    eventually(lambda: place.state_of(message_id) == "delivered")
    receipt = place.store.trace(message_id)[0]["deliveries"][0]["reference"]
    eventually(lambda: f"'receipt': '{receipt}'" in xcoms_of(place, job))
    assert "HUD-22-109" not in xcoms_of(place, job)
    assert arrivals(place, message_id) == 1


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


def test_a_killed_worker_is_taken_over(place):
    """F15: kill -9 of the task and its supervisor in mid-send: delivered after the lease, one more arrival at most."""
    _, topic = place.job()
    place.manners.choose("silent")
    message_id = put(place, topic)
    eventually(lambda: place.store.trace(message_id)[0]["attempts"])
    eventually(lambda: arrivals(place, message_id) == 1)
    victims = _running_tasks(place.airflow.processes["scheduler"].pid)
    assert victims
    for pid in victims:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    place.manners.choose("ok")
    eventually(lambda: place.state_of(message_id) == "delivered")
    assert arrivals(place, message_id) == 2
    outcomes = [row["outcome"] for row in place.store.trace(message_id)[0]["attempts"]]
    assert outcomes == ["unknown", "acked"]


def test_a_killed_triggerer_delays_a_message_and_loses_none(place):
    """F13: while nobody listens a run by hand still sends; what was published meanwhile goes out after the restart."""
    (by_hand, one), (by_bell, other) = place.job(), place.job()
    place.airflow.kill("triggerer")
    try:
        sent, waits = put(place, one), put(place, other)
        place.airflow.trigger(f"syn.{by_hand}.push")
        eventually(lambda: place.state_of(sent) == "delivered")
        assert (place.state_of(waits), place.runs(by_bell)) == ("pending", [])
    finally:
        place.airflow.start_one("triggerer")
    eventually(lambda: place.state_of(waits) == "delivered")
    eventually(lambda: place.airflow.is_healthy() and all_runs_ended(place, by_bell))
    assert (arrivals(place, sent), arrivals(place, waits)) == (1, 1)


def test_a_killed_scheduler_is_succeeded(place):
    """F14: kill -9 of the scheduler and all it runs, in mid-send: after its restart another run sends again, once."""
    _, topic = place.job()
    place.manners.choose("silent")
    message_id = put(place, topic)
    eventually(lambda: place.state_of(message_id) == "in_flight" and arrivals(place, message_id) == 1)
    place.airflow.kill("scheduler")
    place.manners.choose("ok")
    place.airflow.start_one("scheduler")
    eventually(lambda: place.state_of(message_id) == "delivered", seconds=90)
    assert arrivals(place, message_id) == 2
    assert [row["outcome"] for row in place.store.trace(message_id)[0]["attempts"]] == ["unknown", "acked"]
    eventually(place.airflow.is_healthy)


def backfill_pulls(place, job):
    """Have Airflow run the last quarter of an hour of a job's pulls again, and wait for its end."""
    now = datetime.now(timezone.utc)
    days = {"from_date": (now - timedelta(minutes=16)).isoformat(), "to_date": (now - timedelta(minutes=1)).isoformat()}
    begun = place.airflow.api("POST", "/api/v2/backfills", {"dag_id": f"syn.{job}.pull", "dag_run_conf": {}, **days})
    eventually(lambda: place.airflow.api("GET", f"/api/v2/backfills/{begun['id']}").get("completed_at"))
    runs = place.airflow.api("GET", f"/api/v2/dags/syn.{job}.pull/dagRuns?run_type=backfill")["dag_runs"]
    assert [run["state"] for run in runs] == ["success"] * len(runs) != []


def test_no_button_of_airflow_moves_a_message(place):
    """F37: a cleared push sends nothing again, a backfilled pull doubles nothing, a run marked green is no delivery."""
    job, topic = place.job()
    dag = f"/api/v2/dags/syn.{job}.push"
    done = put(place, topic)
    eventually(lambda: place.state_of(done) == "delivered" and all_runs_ended(place, job))
    run = place.runs(job)[-1]["dag_run_id"]
    assert place.airflow.api("POST", f"{dag}/dagRuns/{run}/clear", {"dry_run": False})
    eventually(lambda: place.task(job, run).get("try_number") == 2 and all_runs_ended(place, job))
    backfill_pulls(place, job)
    pulled = [event["payload"]["changeId"] for event in place.store.read(f"syn.{job}.pulled", after=0, limit=1000)]
    assert len(pulled) == len(set(pulled)) > 0
    place.manners.choose("http_503")
    waits = put(place, topic)
    eventually(lambda: place.store.trace(waits)[0]["attempts"])
    for run in [run["dag_run_id"] for run in place.runs(job)]:
        assert place.airflow.api("PATCH", f"{dag}/dagRuns/{run}", {"state": "success"})
    eventually(lambda: all_runs_ended(place, job))
    assert place.state_of(waits) == "pending"
    place.manners.choose("ok")
    eventually(lambda: place.state_of(waits) == "delivered")
    assert arrivals(place, done) == 1


def test_a_paused_dag_sends_nothing_and_goes_on_when_resumed(place):
    """F33: messages go on being accepted while Airflow has the push DAG paused; resumed, they flow in order."""
    job, topic = place.job()
    place.airflow.api("PATCH", f"/api/v2/dags/syn.{job}.push", {"is_paused": True})
    waiting = [put(place, topic) for _ in range(3)]
    time.sleep(2)
    assert {place.state_of(message_id) for message_id in waiting} == {"pending"}
    place.airflow.api("PATCH", f"/api/v2/dags/syn.{job}.push", {"is_paused": False})
    eventually(lambda: place.state_of(waiting[-1]) == "delivered")
    done = [event["payload"]["message_id"] for event in place.store.read(f"syn.{job}.delivered", after=0, limit=10)]
    assert done == waiting


def acts_on(place, job):
    """Return who has paused or resumed a job, by the audit trail."""
    rows = [row for row in place.store.audit_rows(limit=100_000) if row["job"] == job]
    return [(row["event"], row["actor"]) for row in rows if row["event"] in ("paused", "resumed")]


def switch_of(place, job):
    """Return how a job's switch stands: in our status, and by both toggles in Airflow."""
    [row] = [row for row in place.store.status() if row["job"] == job]
    dags = [place.airflow.api("GET", f"/api/v2/dags/syn.{job}.{side}") for side in ("push", "pull")]
    return row["paused"], *(dag["is_paused"] for dag in dags)


def begun(court):
    """Return when each request of a court has begun, in order."""
    return sorted(datetime.fromisoformat(visit["began"]).timestamp() for visit in court.received()["visits"])


def quiet_after(court, paused, *, seconds=2.5):
    """Return how long after a pause the last request began, once it has been quiet for a while."""
    eventually(lambda: time.time() > max([paused, *begun(court)]) + seconds, what="a court at rest")
    return max(begun(court)) - paused


def test_a_pause_by_rest_stops_a_running_drain_and_resuming_goes_on_in_order(place):
    """F33: nothing arrives a second after paula's pause; what is published waits; resumed, it flows within seconds."""
    court = Court()
    with serve(court, manners=Manners("slow", delay=0.1)) as url:
        job, topic = place.job(f"{url}/soap")
        dag = f"/api/v2/dags/syn.{job}.push"
        sent = [put(place, topic, case_id=f"HUD-{number}") for number in range(100)]
        eventually(lambda: len(begun(court)) > 5)
        assert place.by("paula", "PATCH", dag, {"is_paused": True}) == 200
        late = quiet_after(court, time.time())
        before = len(begun(court))
        assert before < 100
        eventually(lambda: switch_of(place, job) == (True, True, True))
        sent.append(put(place, topic, case_id="HUD-100"))
        assert place.state_of(sent[-1]) == "pending"
        resumed = time.time()
        assert place.by("paula", "PATCH", dag, {"is_paused": False}) == 200
        eventually(lambda: len(begun(court)) > before)
        first = begun(court)[before] - resumed
        print(f"last arrival {late:+.2f} s after the pause; first arrival {first:.2f} s after resuming")
        assert (late < 3, first < 10) == (True, True)
        eventually(lambda: {place.state_of(message_id) for message_id in sent} == {"delivered"}, seconds=90)
        assert [row["case_id"] for row in court.received()["hearings"]] == [f"HUD-{n}" for n in range(101)]
    assert acts_on(place, job) == [("paused", "paula"), ("resumed", "paula")]


def test_a_pause_is_one_act_in_four_ways(place):
    """F33: by the page, by REST, by Airflow's command and by ours: all show it, and any of them resumes it, by name."""
    job, _ = place.job()
    dag = f"syn.{job}.push"
    me = getpass.getuser()

    def by_page(*, paused):
        assert place.by("admin", "PATCH", f"/api/v2/dags/{dag}", {"is_paused": paused}, cookie=True) == 200

    def by_rest(*, paused):
        query = f"?dag_id_pattern={dag}&update_mask=is_paused"
        assert place.by("paula", "PATCH", f"/api/v2/dags{query}", {"is_paused": paused}) == 200

    def by_airflow(*, paused):
        assert (paused, place.airflow.command("dags", "pause", "--yes", dag).returncode) == (True, 0)

    def by_us(*, paused):
        command = [
            Path(sys.executable).with_name("hms-syn"),
            "pause" if paused else "resume",
            job,
            "--reason",
            "a test",
        ]
        subprocess.run(command, env=place.airflow.environment, check=True, capture_output=True)

    turns = ((by_page, by_us), (by_us, by_rest), (by_rest, by_page), (by_airflow, by_rest))
    for pause, resume in turns:
        began = time.monotonic()
        pause(paused=True)
        took = time.monotonic()
        eventually(lambda: switch_of(place, job) == (True, True, True), what=pause.__name__)
        print(f"{pause.__name__}: done in {took - began:.1f} s, seen everywhere {time.monotonic() - took:.1f} s later")
        resume(paused=False)
        eventually(lambda: switch_of(place, job) == (False, False, False), what=resume.__name__)
    names = {by_page: "admin", by_rest: "paula", by_airflow: me, by_us: me}
    eventually(lambda: len(acts_on(place, job)) == 8)
    assert acts_on(place, job) == [
        act for pause, resume in turns for act in (("paused", names[pause]), ("resumed", names[resume]))
    ]


def test_a_pause_ends_by_itself(place):
    """``--until`` needs nobody to come back; the bell rings for what has waited."""
    job, topic = place.job()
    command = [Path(sys.executable).with_name("hms-syn"), "pause", job, "--until", "3s", "--reason", "a test"]
    subprocess.run(command, env=place.airflow.environment, check=True, capture_output=True)
    message_id = put(place, topic)
    assert (switch_of(place, job), place.state_of(message_id)) == ((True, True, True), "pending")
    eventually(lambda: place.state_of(message_id) == "delivered")
    assert (switch_of(place, job), acts_on(place, job)[-1]) == ((False, False, False), ("resumed", "hms-syn"))


ELSEWHERE = """import os  # a DAG file for Airflow, of a job whose queue is in a database of its own
os.environ["AIRFLOW_CONN_HMS_SYN_DB"] = {connection!r}
from pathlib import Path
from hms_syn.factory import build
from hms_syn.job_files import load_job
globals().update((dag.dag_id, dag) for dag in build(load_job(Path({job!r}))))
"""


def test_a_drain_of_a_queue_in_another_database_asks_airflow_whether_it_is_paused(place, postgres_url, tmp_path):
    """F33: with no table of Airflow's in reach the task's own supervisor says so, within the second."""
    court, job = Court(), f"job_{uuid.uuid4().hex[:8]}"
    topic = f"hud.{job}.hearing.created"
    with serve(court, manners=Manners("slow", delay=0.1)) as url, contextlib.closing(SqlStore(postgres_url)) as store:
        store.create()
        file = tmp_path / f"{job}.yaml"
        file.write_text(JOB.format(name=job, topic=topic, endpoint=f"{url}/soap"))
        store.register(load_job(file))
        connection = json.dumps({"conn_type": "generic", "extra": {"url": postgres_url}})
        stub = place.airflow.home / "dags" / f"{job}.py"
        stub.write_text(ELSEWHERE.format(connection=connection, job=str(file)))
        eventually(lambda: place.airflow.knows(f"syn.{job}.push"))
        publish(store, [new_event(topic, {**HEARING, "case_id": f"HUD-{n}"}, agency="hud") for n in range(60)])
        place.airflow.trigger(f"syn.{job}.push")
        eventually(lambda: len(begun(court)) > 5)
        place.airflow.api("PATCH", f"/api/v2/dags/syn.{job}.push", {"is_paused": True})
        late = quiet_after(court, time.time())
        print(f"queue elsewhere: last arrival {late:+.2f} s after the pause")
        assert (late < 3, len(begun(court)) < 60) == (True, True)
        place.airflow.api("PATCH", f"/api/v2/dags/syn.{job}.push", {"is_paused": False})
        place.airflow.trigger(f"syn.{job}.push")
        eventually(lambda: store.status()[0]["delivered"] == 60)
        assert [row["case_id"] for row in court.received()["hearings"]] == [f"HUD-{n}" for n in range(60)]
        stub.unlink()


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
    log = "".join(
        path.read_text() for path in Path(place.airflow.home / "logs").glob(f"dag_id=syn.{job}.push/**/*.log")
    )
    assert f"{message_id} -> ack COURT-" in log
    assert "HUD-22-109" not in log
    assert "Traceback" not in log


def _running_tasks(scheduler):
    """Return the LocalExecutor workers that run a task now, and the task processes they have forked."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    tasks = [pid for pid, parent in parents.items() if parents.get(parent) == scheduler]
    return tasks + [parents[pid] for pid in tasks]
