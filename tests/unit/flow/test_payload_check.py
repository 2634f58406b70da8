"""JSON Schema at publish: an error names the field and the rule, and nobody's data."""

from __future__ import annotations

import json
import re
import socket

import pytest
from tests.conftest import make_job

from hms_syn.domain.job_spec import Push
from hms_syn.domain.topic_event import new_event
from hms_syn.errors import InvalidEvent
from hms_syn.flow.payload_check import fault
from hms_syn.flow.publish import publish
from hms_syn.job_files import payload_schema

SECRET = "Jane Doe"
SCHEMA = {
    "type": "object",
    "required": ["case_id"],
    "properties": {
        "case_id": {"type": "string", "pattern": "^HUD-[0-9]+$", "maxLength": 12},
        "date": {"type": "string", "format": "date"},
        "at": {"type": "string", "format": "date-time"},
        "mail": {"format": "email"},
        "fee": {"type": "number", "maximum": 100},
        "kind": {"enum": ["eviction", "hearing"]},
        "always": {"const": "yes"},
        "people": {"type": "array", "items": {"$ref": "#/$defs/person"}, "uniqueItems": True},
        "either": {"oneOf": [{"type": "integer"}, {"type": "boolean"}]},
        "by_name": {"additionalProperties": {"type": "integer"}},
        "closed": {"properties": {"a": {}}, "additionalProperties": False},
        "named": {"propertyNames": {"maxLength": 3}},
        "tree": {"$ref": "#/$defs/tree"},
    },
    "dependentRequired": {"date": ["at"]},
    "$defs": {
        "person": {"type": "object", "properties": {"name": {"type": "string", "maxLength": 3}}, "required": ["name"]},
        "tree": {"type": "array", "items": {"$ref": "#/$defs/tree"}},
    },
}
BROKEN = {
    "pattern": ({"case_id": SECRET}, "payload.case_id: breaks the rule 'pattern'"),
    "length": ({"case_id": f"HUD-{'1' * 20}"}, "payload.case_id: breaks the rule 'maxLength'|'pattern'"),
    "date": ({"date": SECRET, "at": "2024-09-02T09:30:00Z"}, "payload.date: breaks the rule 'format'"),
    "day that is none": (
        {"date": "2024-02-30", "at": "2024-09-02T09:30:00Z"},
        "payload.date: breaks the rule 'format'",
    ),
    "moment": ({"at": "2024-09-02 09:30"}, "payload.at: breaks the rule 'format'"),
    "moment that is none": ({"at": "2024-13-02T09:30:00Z"}, "payload.at: breaks the rule 'format'"),
    "mail": ({"mail": SECRET}, "payload.mail: breaks the rule 'format'"),
    "maximum": ({"fee": 100.5}, "payload.fee: breaks the rule 'maximum'"),
    "enum": ({"kind": SECRET}, "payload.kind: breaks the rule 'enum'"),
    "const": ({"always": SECRET}, "payload.always: breaks the rule 'const'"),
    "type": ({"fee": SECRET}, "payload.fee: breaks the rule 'type'"),
    "inside a list": (
        {"people": [{"name": "Jo"}, {"name": SECRET}]},
        "payload.people.1.name: breaks the rule 'maxLength'",
    ),
    "missing inside": ({"people": [{}]}, r"payload.people.0: breaks the rule 'required' \(name\)"),
    "twice": ({"people": [{"name": "Jo"}, {"name": "Jo"}]}, "payload.people: breaks the rule 'uniqueItems'"),
    "neither": ({"either": SECRET}, "payload.either: breaks the rule 'oneOf'"),
    "under a name that is data": ({"by_name": {SECRET: "x"}}, r"payload.by_name.\*: breaks the rule 'type'"),
    "a name too many": ({"closed": {SECRET: 1}}, "payload.closed: breaks the rule 'additionalProperties'"),
    "a name itself": ({"named": {SECRET: 1}}, "payload.named: breaks the rule 'maxLength'"),
    "dependent": ({"date": "2024-09-02"}, "payload: breaks the rule 'dependentRequired'"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_wrong_is_told_by_field_and_rule(what):
    """The library's own sentence quotes the value; ours has none of it."""
    payload, words = BROKEN[what]
    said = fault(SCHEMA, {"case_id": "HUD-1", **payload})
    assert said is not None
    assert re.search(words, said), said
    assert SECRET not in said


def test_a_missing_field_is_named():
    """It is the schema's own word."""
    assert fault(SCHEMA, {"patient": SECRET}) == "payload: breaks the rule 'required' (case_id)"


def test_a_sound_payload_has_no_fault():
    """Formats that are no rule here are remarks."""
    assert fault({"properties": {"x": {"format": "iri"}}}, {"x": "not one"}) is None
    assert fault(SCHEMA, {"case_id": "HUD-1", "date": "2024-09-02", "at": "2024-09-02T09:30:00.5+02:00"}) is None


def test_a_payload_nested_without_end_is_refused_in_a_sentence():
    """A schema that refers to itself follows the payload down."""
    tree: list = []
    for _ in range(900):
        tree = [tree]
    assert fault(SCHEMA, {"case_id": "HUD-1", "tree": tree}) == "payload: is nested too deeply for a rule"


def test_a_wrong_event_is_refused_at_publish_and_nothing_is_queued(store):
    """The publisher hears which job's rule it is."""
    store.register(make_job(push=Push(schema=SCHEMA)))
    event = new_event("hud.hearing.created", {"case_id": SECRET}, agency="hud")
    with pytest.raises(InvalidEvent, match=r"^payload\.case_id: breaks the rule 'pattern' of job court's schema$"):
        publish(store, [event])
    assert store.read("*", after=0, limit=9) == []


@pytest.mark.parametrize("schema", [{"pattern": "["}, {"properties": {"a": {"patternProperties": {"(": {}}}}}])
def test_a_pattern_that_is_none_is_refused_with_the_job_file(tmp_path, schema):
    """Not at every publish, where the publisher could do nothing about it."""
    (tmp_path / "s.json").write_text(json.dumps(schema), encoding="utf-8")
    with pytest.raises(ValueError, match="not a valid JSON Schema"):
        payload_schema.load(tmp_path, "s.json")


@pytest.mark.parametrize("word", ["$ref", "$dynamicRef"])
def test_a_check_fetches_no_address_that_a_schema_names(word):
    """Whoever writes a schema cannot make a publisher knock at a server that only the publisher reaches."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/schema.json"
        assert fault({"properties": {"date": {word: address}}}, {"date": SECRET}) == (
            "payload: a rule of the job's schema refers to what is not there"
        )
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()
