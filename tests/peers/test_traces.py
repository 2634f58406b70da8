"""One trace at vendors nobody here wrote: from the publisher over each attempt to what the vendor says later."""

from __future__ import annotations

import json
import urllib.request

import pytest
from tests.harness.cli import Cli
from tests.harness.collector import collecting
from tests.peers import gateways
from tests.peers.node import medplum_hospital, node_court

from hms_syn.domain import trace_context

pytestmark = pytest.mark.peers
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PARENT = f"00-{TRACE}-{SPAN}-01"
TOPIC = "hud.eviction.ordered"
PAYMENTS = {
    "request": {"path": "/payments"},
    "success": {"status": "ACCEPTED"},
    "ack": {"reference": "id", "status": "status"},
}
YES = {"id": "PAY-000017", "status": "ACCEPTED"}
PROGRAM = """
import sys
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from hms_a2a import Bus
from hms_syn.cli.main import main

provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(endpoint=sys.argv[1])))
trace.set_tracer_provider(provider)
with trace.get_tracer("clerk").start_as_current_span("clerk"):
    headers = {}
    TraceContextTextMapPropagator().inject(headers)
    Bus("hud").publish_topic("hud.eviction.ordered", {"case_id": "HUD-22-109"}, message_id="m1", headers=headers)
sys.exit(main(["run", sys.argv[2], "--until-settled", "--timeout", "40"]))
"""


@pytest.fixture(scope="module")
def bank():
    with gateways.mountebank() as console:
        yield console


def received(origin, path):
    with urllib.request.urlopen(f"{origin}{path}", timeout=5) as answer:
        return json.loads(answer.read())


def payments(cli, gateway, **more):
    return cli.listening(
        cli.job(gateway.origin, name="payments", push_adapter="rest.json.v1", source_topic=TOPIC, push=PAYMENTS, **more)
    )


def publish(cli, topic, payload):
    with cli.store() as store:
        from hms_syn.domain.topic_event import new_event
        from hms_syn.flow.publish import publish as put

        put(store, [new_event(topic, payload, agency="hud", message_id="m1", headers={"traceparent": PARENT})])


def settle(cli, job):
    done = cli("run", job, "--until-settled", "--timeout", "40")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_collector_sees_the_publisher_each_attempt_and_the_vendor_in_one_trace(tmp_path, bank):
    """The second attempt is the first one's sibling, and the vendor was told of each by the span's own id."""
    cli, gateway = Cli(tmp_path), bank.gateway(gateways.answer({}, 503), gateways.answer(YES))
    job = payments(cli, gateway)
    with collecting() as collector:
        done = cli.python(PROGRAM, f"{collector.origin}/v1/traces", str(job))
    assert done.returncode == 0, done.stdout + done.stderr
    [clerk], [published] = collector.spans("clerk"), collector.spans("hms_syn.publish")
    attempts = collector.spans("hms_syn.attempt")
    assert [(span["outcome"], span.get("code"), span["failed"]) for span in attempts] == [
        ("unknown", "http_503", True),
        ("acked", None, False),
    ]
    assert {span["trace"] for span in (published, *attempts)} == {clerk["trace"]}
    assert {span["parent"] for span in (published, *attempts)} == {clerk["id"]}
    assert [asked["headers"]["traceparent"] for asked in gateway.journal()] == [
        f"00-{clerk['trace']}-{span['id']}-01" for span in attempts
    ]
    assert [(span["job"], span["message_id"], span["attempt"]) for span in attempts] == [
        ("payments", "m1", 1),
        ("payments", "m1", 2),
    ]
    assert b"HUD-22-109" not in collector.raw
    assert clerk["trace"] in cli("trace", "m1").stdout


def test_without_opentelemetry_the_vendor_sees_the_publishers_trace_and_the_same_bytes(tmp_path, bank):
    cli, gateway = Cli(tmp_path), bank.gateway(gateways.answer({}, 503), gateways.answer(YES))
    job = payments(cli, gateway)
    publish(cli, TOPIC, {"case_id": "HUD-22-109"})
    settle(cli, job)
    first, second = gateway.journal()
    assert first["body"] == second["body"]
    assert first["headers"]["idempotency-key"] == second["headers"]["idempotency-key"]
    places = [trace_context.read(each["headers"]["traceparent"]) for each in (first, second)]
    assert [place.trace_id for place in places] == [TRACE, TRACE]
    assert len({SPAN, *(place.span_id for place in places)}) == 3


def test_a_header_that_the_job_declares_wins(tmp_path, bank):
    cli, gateway = Cli(tmp_path), bank.gateway(gateways.answer(YES))
    own = "00-11111111111111111111111111111111-2222222222222222-00"
    push = {**PAYMENTS, "request": {"path": "/payments", "headers": {"Traceparent": own}}}
    job = cli.listening(
        cli.job(gateway.origin, name="payments", push_adapter="rest.json.v1", source_topic=TOPIC, push=push)
    )
    publish(cli, TOPIC, {"case_id": "HUD-22-109"})
    settle(cli, job)
    assert [each["headers"]["traceparent"] for each in gateway.journal()] == [own]


def test_a_court_on_node_soap_is_told_of_the_trace(tmp_path):
    cli = Cli(tmp_path)
    with node_court() as origin:
        job = cli.listening(cli.job(f"{origin}/soap"))
        publish(cli, "hud.hearing.created", {"case_id": "HUD-22-109", "date": "2024-09-02"})
        settle(cli, job)
        [told] = received(origin, "/received")["traces"]
    assert trace_context.read(told).trace_id == TRACE


def test_a_hospital_on_medplum_is_told_of_the_trace(tmp_path):
    cli = Cli(tmp_path)
    push = {"request": {"resource": "Patient"}}
    with medplum_hospital() as root:
        job = cli.listening(cli.job(root, name="clinic", push_adapter="fhir.r4.v1", source_topic=TOPIC, push=push))
        publish(cli, TOPIC, {"resourceType": "Patient", "active": True})
        settle(cli, job)
        told = [each["headers"].get("traceparent") for each in received(root.partition("/fhir")[0], "/arrivals")]
    assert TRACE in {trace_context.read(each).trace_id for each in told if each}
