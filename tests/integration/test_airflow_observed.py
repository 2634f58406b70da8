"""What others see of a real Airflow's hand-offs: a line of the task's log, spans, metrics and lineage, by network."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest
from tests.harness.collector import collecting
from tests.harness.lineage import listening_for_lineage
from tests.integration.conftest import eventually, started
from tests.integration.hand_offs import HEARING, log_of

from hms_syn.domain.topic_event import new_event
from hms_syn.flow.publish import publish

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(400)]
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


@pytest.fixture(scope="module")
def watched(postgres):
    """An Airflow that tells a collector and a lineage server all it does, with one message delivered and read back."""
    with collecting() as collector, listening_for_lineage() as lineage:
        settings = {
            "AIRFLOW__TRACES__OTEL_ON": "True",
            "AIRFLOW__METRICS__OTEL_ON": "True",
            "OTEL_TRACES_EXPORTER": "otlp_proto_http",
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.origin,
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{collector.origin}/v1/traces",
            "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": f"{collector.origin}/v1/metrics",
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            "OTEL_METRIC_EXPORT_INTERVAL": "1000",
            "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps({"type": "http", "url": lineage.origin}),
            "AIRFLOW__OPENLINEAGE__NAMESPACE": "county",
        }
        with contextmanager(started)(postgres, **settings) as place:
            job, topic = place.job()
            event = new_event(topic, HEARING, agency="hud", headers={"traceparent": PARENT})
            publish(place.store, [event])
            eventually(lambda: place.state_of(event.message_id) == "delivered")
            yield place, job, topic, event.message_id, collector, lineage


def test_the_tasks_log_has_the_facts_of_a_hand_off_as_fields(watched):
    place, job, _, message_id, _, _ = watched

    def line():
        found = [json.loads(each) for each in log_of(place, job).splitlines() if message_id in each]
        return [each for each in found if each.get("outcome")]

    [told] = eventually(line)
    receipt = place.store.trace(message_id)[0]["deliveries"][0]["reference"]
    expected = {
        "job": job,
        "message_id": message_id,
        "attempt": 1,
        "outcome": "acked",
        "code": "",
        "receipt": receipt,
        "trace_id": TRACE,
        "level": "info",
    }
    assert {name: told[name] for name in expected} == expected
    assert told["ms"] >= 0
    assert told["event"].startswith(f"{message_id} -> ack {receipt} (")


def test_the_attempt_is_a_span_of_the_messages_trace_linked_to_the_tasks(watched):
    _, job, _, message_id, collector, _ = watched
    [span] = eventually(lambda: collector.spans("hms_syn.attempt"))
    assert (span["trace"], span["parent"]) == (TRACE, "00f067aa0ba902b7")
    assert (span["job"], span["message_id"], span["attempt"], span["outcome"]) == (job, message_id, 1, "acked")
    [task] = eventually(lambda: [each for each in collector.spans("worker.push") if each["trace"] in span["links"]])
    assert task["trace"] != TRACE


def test_the_metrics_reach_a_collector_with_the_job_as_an_attribute(watched):
    _, job, _, _, collector, _ = watched
    wanted = {"delivered": 1, "attempt": 1, "queue.depth": 0, "queue.dead_letters": 0, "queue.in_doubt": 0}

    def told():
        newest = {
            name: point["number"]
            for name in wanted
            for point in collector.metrics(f"airflow.hms_syn.{name}")
            if point.get("job") == job
        }
        return newest == wanted

    eventually(told)


def test_lineage_says_from_which_topic_to_which_vendor_and_no_address(watched):
    place, job, topic, _, _, lineage = watched
    place.airflow.trigger(f"syn.{job}.pull")

    def told():
        events = [each for each in lineage.events if each["eventType"] == "COMPLETE"]
        return {
            each["job"]["name"]: [
                [(one["namespace"], one["name"]) for one in each[side]] for side in ("inputs", "outputs")
            ]
            for each in events
            if each["inputs"] or each["outputs"]
        }

    vendor = (place.url, job)
    assert eventually(
        lambda: f"syn.{job}.push.push" in (seen := told()) and f"syn.{job}.pull.pull" in seen and seen
    ) == {
        f"syn.{job}.push.push": [[("hms-syn", topic)], [vendor]],
        f"syn.{job}.pull.pull": [[vendor], [("hms-syn", f"syn.{job}.pulled")]],
    }
    assert f"{place.url}/soap" not in json.dumps([each["inputs"] + each["outputs"] for each in lineage.events])
