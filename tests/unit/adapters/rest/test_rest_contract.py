"""A REST job is held against its vendor's OpenAPI document: each mistake at its place, with what to do."""

from __future__ import annotations

import json
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest
from tests.unit.adapters.gateway import gateway, payment, payments, says
from tests.unit.adapters.liar import liar

from hms_syn import sandbox
from hms_syn.cli.main import main
from hms_syn.ports import Credentials

HERE = Path(__file__).parent / "openapi"
EXPECTED = (HERE / "expected.txt").read_text(encoding="utf-8").splitlines()
JOBS = sorted(path.name for path in HERE.glob("*.yaml") if not path.name.endswith(".openapi.yaml"))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The jobs of ``openapi/`` beside the documents that they name; Airflow's own is one that nobody here wrote."""
    shutil.copytree(HERE, tmp_path, dirs_exist_ok=True)
    shutil.copy(Path(sandbox.__path__[0]) / "payments.openapi.yaml", tmp_path)
    (airflow,) = find_spec("airflow.api_fastapi").submodule_search_locations
    document = Path(airflow) / "core_api" / "openapi" / "v2-rest-api-generated.yaml"
    shutil.copy(document, tmp_path / "airflow.openapi.yaml")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    return tmp_path


@pytest.mark.parametrize("name", JOBS)
def test_lint_says_word_for_word_what_does_not_fit(folder, capsys, name):
    """Each line names file, line, column, key, what is wrong and what to do."""
    expected = [line for line in EXPECTED if line.startswith(f"{name}:")]
    assert main(["lint", name]) == (1 if expected else 0)
    assert capsys.readouterr().out.splitlines() == expected


def found(folder, document, *, path="/payments", origin="https://payments.example.gov", base="/v1", **changes):
    """Check a payment's job against a document; return what does not fit, by key."""
    (folder / "vendor.json").write_text(json.dumps({"openapi": "3.1.0", **document}), encoding="utf-8")
    push = {"request": {"openapi": "vendor.json", "path": path}, **changes.pop("push", {})}
    more = {"file": str(folder / "payments.yaml"), "target_endpoint": f"{origin}{base}", "pull_adapter": None}
    return dict(gateway(payments(origin, push=push, **more), **changes).check())


def answering(schema, **more):
    """Build an operation that takes any JSON and answers it so."""
    content = {"application/json": {"schema": schema}}
    return {"requestBody": {"content": {"application/json": {}}}, "responses": {"200": {"content": content}}, **more}


PAYMENT = answering({"properties": {"id": {}, "status": {}}})


@pytest.mark.parametrize(
    ("base", "path", "documented"),
    [
        ("/v1", "/payments", "/payments"),
        ("/v1", "/payments", "/v1/payments"),
        ("/gateway/test/v1", "payments/", "/v1/payments"),
        ("/v1/payments", "", "/payments"),
        ("/v1", "", "/"),
        ("/v1", "/cases/{caseNumber}/payments", "/cases/{number}/payments"),
        ("/v1", "/cases/HUD%2022/payments", "/cases/HUD 22/payments"),
        ("/v1", "/cases/{caseNumber}.json", "/cases/{number}.{format}"),
        ("/v1", "/{caseNumber}", "/{number}"),
    ],
)
def test_an_address_that_ends_with_a_documented_path_is_meant(tmp_path, base, path, documented):
    """Whatever stands before it: a server's base path, a gateway's prefix."""
    document = {"paths": {documented: {"post": PAYMENT}, "/other": {}}}
    assert found(tmp_path, document, base=base, path=path) == {}


@pytest.mark.parametrize(
    ("path", "documented"),
    [
        ("/payments", "/pay/ments"),
        ("/payments", "ments"),
        ("/cases/payments", "/{number}"),
        ("/payments", "/"),
        ("/cases/{caseNumber}", "/cases/open"),
        ("/cases/{caseNumber}", "/cases/{number}.json"),
        ("/cases", "/v1/cases/{number}"),
        ("/Payments", "/payments"),
    ],
)
def test_an_address_that_does_not_is_none_of_the_documents(tmp_path, path, documented):
    """Whole segments count, and their capitals; a path of templates alone is not taken for any address."""
    said = found(tmp_path, {"paths": {documented: {"post": PAYMENT}}}, path=path)
    assert list(said) == ["job.push.request.path"]
    assert "'vendor.json' has no such path" in said["job.push.request.path"]


@pytest.mark.parametrize(
    ("path", "less", "more"),
    [
        ("/cases/mine", "/cases/{number}", "/cases/mine"),
        ("/cases/{caseNumber}/payments", "/payments", "/cases/{number}/payments"),
        ("/cases/{caseNumber}", "/{kind}/{number}", "/cases/{number}"),
        ("/payments", "/{tenant}/payments", "/payments"),
        ("/cases/open/open", "/cases/{state}/open", "/cases/open/{state}"),
    ],
)
def test_the_most_concrete_of_several_paths_is_meant(tmp_path, path, less, more):
    """In whichever order they are documented."""
    for paths in ({less: {}, more: {"post": PAYMENT}}, {more: {"post": PAYMENT}, less: {}}):
        assert found(tmp_path, {"paths": paths}, path=path) == {}


def test_a_header_that_the_connection_sends_is_not_the_jobs(tmp_path):
    """An API key goes out by itself, under the name that the connection gives it."""
    parameter = {"name": "X-Tenant-Key", "in": "header", "required": True}
    document = {"paths": {"/payments": {"post": {**PAYMENT, "parameters": [parameter]}}}}
    login = Credentials(password="k", extra={"auth": "api_key", "header_name": "x-tenant-key"})
    assert found(tmp_path, document, credentials=login) == {}
    assert list(found(tmp_path, document)) == ["job.push.request.headers"]


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ({"properties": {"case": {}, "note": {}}}, "takes no field 'note'; add a 'mapping'"),
        ({"properties": {"note": {}}}, "requires 'case', which no payload has"),
        ({"allOf": [{"properties": {"case": {}}}]}, None),
        ({"oneOf": [{"properties": {"note": {}}}]}, None),
        ({}, None),
    ],
)
def test_a_payload_that_is_sent_as_it_is_has_its_own_schema(tmp_path, payload, words):
    """Where there is no mapping, the schema of the payload says what will arrive."""
    body = {"additionalProperties": False, "required": ["case"], "properties": {"case": {}}}
    taken = {"requestBody": {"content": {"application/json": {"schema": body}}}}
    document = {"paths": {"/payments": {"post": {**PAYMENT, **taken}}}}
    said = found(tmp_path, document, push={"mapping": None, "schema": payload})
    assert list(said) == ([] if words is None else ["job.push.schema"])
    assert words is None or words in said["job.push.schema"]


@pytest.mark.parametrize(
    ("schema", "is_told"),
    [
        ({"properties": {"ids": {}}}, True),
        ({"properties": {"ids": {}}, "additionalProperties": False}, True),
        ({"properties": {"ids": {}}, "additionalProperties": True}, False),
        ({"properties": {"ids": {}}, "patternProperties": {"^id$": {}}}, False),
        ({"properties": {"ids": {}}, "anyOf": [{}]}, False),
        ({"allOf": [{"properties": {"ids": {}}}, {"oneOf": [{}]}]}, False),
        ({"type": "object"}, False),
        (True, False),
    ],
)
def test_an_answer_that_may_hold_more_is_not_judged(tmp_path, schema, is_told):
    """Only a schema that names what there is, and allows no choice, is taken at its word."""
    said = found(
        tmp_path,
        {"paths": {"/payments": {"post": answering(schema)}}},
        push={"success": {}, "ack": {"reference": "id"}},
    )
    assert list(said) == (["job.push.ack.reference"] if is_told else [])


def test_an_answer_may_be_any_of_those_of_success(tmp_path):
    """A name that one of them has is there."""
    one, other = (
        {"content": {"application/json": {"schema": {"properties": {name: {}}}}}} for name in ("id", "status")
    )
    operation = {**PAYMENT, "responses": {"200": one, "2XX": other, "400": {"content": {"application/json": {}}}}}
    document = {"paths": {"/payments": {"post": operation}}}
    assert found(tmp_path, document, push={"ack": {"reference": "id"}}) == {}
    assert list(found(tmp_path, document, push={"ack": {"reference": "key"}})) == ["job.push.ack.reference"]


def test_the_document_is_read_when_a_job_is_checked_and_never_when_it_sends(tmp_path):
    """A worker needs no such file; lint says that it is missing."""
    with liar(says()) as peer:
        push = {"request": {"openapi": "gone.json", "path": "/payments"}}
        adapter = gateway(payments(peer.origin, push=push, file=str(tmp_path / "payments.yaml")))
        assert list(dict(adapter.check())) == ["job.push.request.openapi"]
        assert adapter.send(payment()).reference == "PAY-1"
        adapter.close()
