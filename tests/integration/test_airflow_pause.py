"""Pause and resume in a real Airflow: one act in each of its ways, prompt, in order, and by name."""

from __future__ import annotations

import contextlib
import getpass
import json
import subprocess
import sys
import time
import uuid
from datetime import datetime
from pathlib import Path

import pytest
from tests.integration.conftest import JOB, eventually
from tests.integration.hand_offs import HEARING, put

from hms_syn.domain.topic_event import new_event
from hms_syn.flow.publish import publish
from hms_syn.job_files import load_job
from hms_syn.sandbox.court_soap import Court, Manners, serve
from hms_syn.store.sql_store import SqlStore

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(300)]


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
