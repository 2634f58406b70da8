"""The heartbeat in a real Airflow: pinged from the triggerer, told by one run; what waited flows without a click."""

from __future__ import annotations

import uuid

import pytest
from tests.harness.courts import court
from tests.integration.conftest import eventually

from hms_syn.domain.topic_event import new_event
from hms_syn.flow.publish import publish
from hms_syn.store.vendor_board import VendorBoard

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(300)]


def vendor(place, job):
    return next(row["vendor"] for row in place.store.status() if row["job"] == job)


def told(place, endpoint):
    """What the bus says of a vendor."""
    events = place.store.read("syn.vendor.*", after=0, limit=1000)
    return [event["topic"] for event in events if event["payload"]["endpoint"] == endpoint]


def pulls(place, job, run="~"):
    """The states of pulls, of one run or of all."""
    found = place.airflow.api("GET", f"/api/v2/dags/syn.{job}.pull/dagRuns/{run}/taskInstances")
    return {task["state"] for task in found["task_instances"]}


def log_of_heartbeat(place):
    files = (place.airflow.home / "logs").glob("dag_id=syn.heartbeat/**/*.log")
    return "".join(path.read_text() for path in files)


def test_a_court_that_closes_is_offline_after_three_pings_and_gets_what_waited_when_it_is_back(place, tmp_path):
    """One event, one audit row, one line for people, a badge; then the message goes out by itself."""
    connection = f"court_{uuid.uuid4().hex[:8]}"
    login = {"connection_id": connection, "conn_type": "hms_soap", "login": "clerk", "password": "s3cret-word"}
    assert place.airflow.api("POST", "/api/v2/connections", login)
    with court(tmp_path) as building:
        more = f"  connection_id: {connection}\n  heartbeat: {{interval: 1s}}\n  pull: {{schedule: 10s}}\n"
        job, topic = place.job(building.endpoint, more=more)
        eventually(lambda: vendor(place, job)["state"] == "online", seconds=90, what="the first ping")
        building.stop()
        eventually(lambda: vendor(place, job)["state"] == "offline", what="the outage")
        assert told(place, building.endpoint) == ["syn.vendor.offline"]
        event = new_event(topic, {"case_id": "HUD-22-109", "date": "2024-09-02"}, agency="hud")
        publish(place.store, [event])
        eventually(lambda: "skipped" in pulls(place, job), seconds=90, what="a pull that is skipped")
        by_hand = place.airflow.trigger(f"syn.{job}.pull")
        eventually(lambda: pulls(place, job, by_hand) & {"up_for_retry", "failed"}, what="the pull by hand")
        eventually(lambda: f"{building.endpoint} went offline at" in log_of_heartbeat(place), what="the line")
        eventually(
            lambda: place.airflow.api("GET", "/api/v2/assets/events?source_dag_id=syn.heartbeat")["total_entries"]
        )
        assert "the vendor is offline since" in next(row for row in place.store.status() if row["job"] == job)["why"]
        assert place.state_of(event.message_id) == "pending"
        building.start()
        eventually(lambda: place.state_of(event.message_id) == "delivered", what="the delivery")
        assert building.cases() == ["HUD-22-109"]
    assert told(place, building.endpoint) == ["syn.vendor.offline", "syn.vendor.online"]
    eventually(lambda: VendorBoard(place.store).untold() == [], what="all told")
    assert f"{building.endpoint} is back since" in log_of_heartbeat(place)
    assert "s3cret-word" not in log_of_heartbeat(place)
