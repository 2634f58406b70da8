"""Traces: what a ``traceparent`` is, and which one a message has that was given none."""

from __future__ import annotations

import json

import pytest
from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from hms_syn.domain import trace_context
from hms_syn.domain.topic_event import new_event
from hms_syn.domain.trace_context import TraceContext

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GOOD = f"00-{TRACE}-{SPAN}-01"
BAD = (
    "",
    GOOD.upper(),
    f"ff-{TRACE}-{SPAN}-01",
    f"{GOOD}-more",
    f"00-{'0' * 32}-{SPAN}-01",
    f"00-{TRACE}-{'0' * 16}-01",
    f"00-{TRACE}-{SPAN}-1",
    f"00-{TRACE[:-1]}-{SPAN}-01",
    f" {GOOD}",
    f"{GOOD}\n",
    f"01-{TRACE}-{SPAN}-01more",
)


def event(**headers):
    return new_event("hud.hearing.created", {"a": 1}, agency="hud", message_id="m1", headers=headers)


@pytest.mark.parametrize("text", BAD)
def test_a_bad_traceparent_is_replaced_and_refuses_nothing(text):
    assert trace_context.read(text) is None
    made = event(traceparent=text, colour="red")
    assert (json.loads(made.headers), made.trace) == ({"colour": "red"}, event().trace)


def test_a_publishers_trace_is_kept_whatever_the_case_of_the_headers_name():
    made = event(TraceParent=GOOD)
    assert (made.headers, str(made.trace)) == (f'{{"traceparent":"{GOOD}"}}', GOOD)


def test_two_of_them_say_nothing():
    assert event(traceparent=GOOD, Traceparent=GOOD).headers == "{}"


def test_a_later_version_is_read_as_far_as_version_00_reaches():
    assert trace_context.read(f"cc-{TRACE}-{SPAN}-ff-what.the.future.is") == TraceContext(TRACE, SPAN, "01")


def test_without_one_every_reader_finds_the_same_trace_and_nothing_is_stored():
    assert event().headers == "{}"
    found = trace_context.of_message("m1")
    assert found == event().trace == trace_context.of_message("m1", '{"traceparent":"by hand"}')
    assert found.trace_id != trace_context.of_message("m2").trace_id
    assert trace_context.read(str(found)) == found


def test_each_attempt_has_a_place_of_its_own_in_the_same_trace():
    places = [trace_context.of_attempt(event().trace, "key", number) for number in (1, 1, 2)]
    assert {place.trace_id for place in places} == {event().trace.trace_id}
    assert places[0] == places[1] != places[2]


def test_opentelemetry_reads_what_we_write():
    carrier = {"traceparent": str(event().trace)}
    seen = trace.get_current_span(TraceContextTextMapPropagator().extract(carrier)).get_span_context()
    assert (f"{seen.trace_id:032x}", seen.is_valid, seen.trace_flags) == (event().trace.trace_id, True, 1)
