"""An OpenAPI document is a stranger's file: whatever it holds, it is read quickly, or said to be no such document."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.adapters.gateway import FIND, gateway, payments

from hms_syn.adapters.rest import rest_document

YAML, JSON = "vendor.openapi.yaml", "vendor.json"
PUSH = {"query": {"dry": "true"}, "headers": {"X-Agency": "hud"}, "path": "/payments"}


def problems(folder, body, name=YAML):
    """Check a job that pushes, finds and pulls against a document of these bytes."""
    (folder / name).write_bytes(body.encode() if isinstance(body, str) else body)
    push = {"request": {**PUSH, "openapi": name}, "find": FIND}
    pull = {"request": {"path": "/payments", "records": "payments", "openapi": name}}
    return gateway(
        payments("https://payments.example.gov", push=push, pull=pull, file=str(folder / "payments.yaml"))
    ).check()


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        (YAML, "", "is not an OpenAPI document"),
        (YAML, "- openapi: 3.0.0", "is not an OpenAPI document"),
        (YAML, "openapi: 4.0.0", "is not an OpenAPI document"),
        (YAML, "openapi: [3.0.0]", "is not an OpenAPI document"),
        (YAML, "swagger: '2.0'\n", "is a Swagger 2.0 document; convert it to OpenAPI 3"),
        (YAML, "openapi: 3.0.0\npaths: {a: b", "is not valid YAML (line "),
        (YAML, "openapi: 3.0.0\x00", "is not valid YAML"),
        (YAML, b"openapi: \xff", "is not UTF-8"),
        (YAML, "[" * 100_000, "is nested too deeply"),
        (YAML, "a: " + "{a: " * 300, "is nested too deeply"),
        (JSON, "{", "is not valid JSON (line 1, column 2)"),
        (JSON, "[" * 100_000, "is nested too deeply"),
        (JSON, '{"openapi": ' + "9" * 5000 + "}", "cannot be read as JSON"),
        (JSON, "openapi: 3.0.0", "is not valid JSON"),
        (JSON, " " * (rest_document.MAX_BYTES + 1), "is larger than 16 MiB"),
    ],
)
def test_what_is_no_openapi_document_is_said_at_its_name(tmp_path, name, body, words):
    """With what to do, once for each request that names it."""
    told = dict(problems(tmp_path, body, name))
    assert list(told) == ["job.push.request.openapi", "job.pull.request.openapi"]
    assert all(words in text for text in told.values())


def test_a_folder_and_a_missing_file_are_no_documents(tmp_path):
    """Neither is opened."""
    (tmp_path / "folder.json").mkdir()
    for name in ("folder.json", "missing.json", "x" * 5000 + ".json"):
        with pytest.raises(ValueError, match=r"There is no file|cannot be read"):
            rest_document.read(tmp_path, name)


def test_a_document_is_read_again_when_it_has_changed(tmp_path):
    """The same one is read once for all jobs that name it."""
    file = tmp_path / JSON
    file.write_text('{"openapi": "3.0.0", "paths": {}}', encoding="utf-8")
    first = rest_document.read(tmp_path, JSON)
    assert rest_document.read(tmp_path, JSON) is first
    file.write_text('{"openapi": "3.0.0", "paths": {"/a": {}}}', encoding="utf-8")
    assert rest_document.read(tmp_path, JSON).root["paths"] == {"/a": {}}


def test_yaml_is_read_as_it_is_typed(tmp_path):
    """No type is guessed, no tag obeyed, no map merged; a key that is no text is left out."""
    text = "openapi: 3.1\na: [yes, 0123, 2024-13-99, ~, !!python/object:os.system x]\nb: {<<: {c: 1}, 200: d, [e]: f}\n"
    (tmp_path / YAML).write_text(text, encoding="utf-8")
    root = rest_document.read(tmp_path, YAML).root
    assert root["a"] == ["yes", "0123", "2024-13-99", "~", "x"]
    assert root["b"] == {"<<": {"c": "1"}, "200": "d"}


def test_a_pointer_is_followed_as_rfc_6901_says(tmp_path):
    """Slashes and tildes in names are escaped, and the whole is percent-encoded."""
    (tmp_path / JSON).write_text('{"openapi": "3.0.0", "paths": {"/a~{b}": {"c": "d"}}}', encoding="utf-8")
    document = rest_document.read(tmp_path, JSON)
    assert document.part({"$ref": "#/paths/~1a~0%7Bb%7D"}) == {"c": "d"}
    for elsewhere in ("other.yaml#/a", "https://vendor.example/a.json", "//vendor.example/a#/b"):
        with pytest.raises(ValueError, match="is not followed; bundle it"):
            document.target(elsewhere)


BOMB = "a0: &a0 {type: object, allOf: [], properties: {id: {}}}\n" + "".join(
    f"a{n}: &a{n} {{allOf: [{', '.join([f'*a{n - 1}'] * 9)}], properties: {{p: *a{n - 1}}}}}\n" for n in range(1, 60)
)
CIRCLES = """
openapi: 3.1.0
paths:
  /payments:
    post: &post
      parameters: [{$ref: "#/x/p"}, *post]
      requestBody: {$ref: "#/x/a"}
      responses:
        "200": {content: {application/json: {schema: &s {allOf: [*s, {$ref: "#/x/s"}], properties: {a: *s}}}}}
    get: {$ref: "#/paths/~1payments/get"}
  /payments/by-key/{key}: {$ref: "#/paths/~1payments~1by-key~1{key}"}
x: {p: {$ref: "#/x/q"}, q: {$ref: "#/x/p"}, a: {$ref: "#/x/a"}, s: {$ref: "#/x/t"}, t: {allOf: [{$ref: "#/x/s"}]}}
"""
OPERATION = """
openapi: 3.0.0
paths:
  /payments:
    post:
      requestBody: {content: {application/json: {schema: *a59}}}
      responses: {201: {content: {application/json: {schema: *a59}}}}
    get: {responses: {200: {content: {application/json: {schema: *a59}}}}}
  /payments/by-key/{key}: {get: {}}
"""


CHAIN = "".join(f"a{n}: &a{n} {{allOf: [*a{n - 1}]}}\n" for n in range(1, 30_000))
BUSY = (
    f"a0: &a0 {{type: object}}\n{CHAIN}a59: &a59\n  required: [{', '.join(f'r{n}' for n in range(10_000))}]\n"
    f"  properties: {{{', '.join(f'r{n}: *a29999' for n in range(10_000))}}}\n"
)


@pytest.mark.parametrize(
    "body", [BOMB + OPERATION, CIRCLES, BUSY + OPERATION], ids=["aliases of aliases", "circles", "work without end"]
)
def test_what_leads_to_itself_or_grows_ends_at_once(tmp_path, body):
    """An alias is the thing itself, and each thing is looked at once."""
    begun = time.monotonic()
    told = dict(problems(tmp_path, body))
    assert time.monotonic() - begun < 10
    assert told
    assert all(len(text) < 500 for text in told.values())


@pytest.mark.parametrize("name", [YAML, JSON])
def test_ten_megabytes_are_read_in_seconds(tmp_path, name):
    """As large as the largest vendors publish; a wrong name among thousands is still told at once."""
    schema = {"type": "object", "properties": {f"field{n}": {"type": "string"} for n in range(10)}}
    paths = {f"/things/{n}/{{id}}": {"get": {"responses": {"200": {"description": "x" * 2000}}}} for n in range(2_000)}
    whole = {"openapi": "3.0.0", "paths": paths, "components": {"schemas": {f"S{n}": schema for n in range(16_000)}}}
    text = json.dumps(whole)
    assert 9_000_000 < len(text) < rest_document.MAX_BYTES
    begun = time.monotonic()
    told = dict(problems(tmp_path, text, name))
    assert time.monotonic() - begun < 15
    assert "has no such path" in told["job.push.request.path"]


_VALUES = st.recursive(
    st.sampled_from([None, True, False, 0, 1.5, "", "x", "true", "object", "#", "#/", "#/x", "#/x/0", "#a", "a.yaml"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["$ref", "allOf", "oneOf", "properties", "required", "additionalProperties", "parameters", "name", "in",
                 "schema", "content", "application/json", "*/*", "responses", "200", "2XX", "requestBody", "id", "x",
                 "explode", "readOnly", "caseNumber", "payments", "status", "patternProperties"]
            ),
            inner,
            max_size=5,
        ),
    ),
    max_leaves=25,
)  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_VALUES, _VALUES, _VALUES, _VALUES, st.booleans())
def test_whatever_stands_where_it_should_not_is_a_problem_or_nothing(tmp_path, item, body, answer, other, is_whole):
    """No type of any value ends in anything but a sentence."""
    operation = {"parameters": other, "requestBody": {"content": {"application/json": {"schema": body}}},
                 "responses": {"200": {"content": {"application/json": {"schema": answer}}}}}  # fmt: skip
    path = item if is_whole else {"post": operation, "get": operation, "parameters": other}
    root = {"openapi": "3.0.0", "x": other, "paths": {"/payments": path, "/payments/by-key/{key}": path, "": 1}}
    rest_document._read.cache_clear()
    for key, text in problems(tmp_path, json.dumps(root), JSON):
        assert key.startswith("job.")
        assert text.endswith((".", "?"))


@pytest.mark.parametrize("paths", [None, [], "x", 1, {"/payments": []}, {"/payments": {"$ref": "#/x"}}, {"x": {}}])
def test_paths_may_be_anything(tmp_path, paths):
    """Where no operation is found, that is said."""
    told = dict(problems(tmp_path, json.dumps({"openapi": "3.0.0", "x": {"$ref": "#/x"}, "paths": paths}), JSON))
    assert {key.rpartition(".")[2] for key in told} <= {"path", "method"}
    assert told
