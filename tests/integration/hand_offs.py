"""What the stories of a real Airflow do and look at: publish a hearing, count arrivals, read logs and runs."""

from __future__ import annotations

from hms_syn.domain.topic_event import new_event
from hms_syn.flow.publish import publish

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
