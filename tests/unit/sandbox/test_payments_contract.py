"""The pretend payment gateway's OpenAPI document says what it does, and the sample job keeps to it."""

from __future__ import annotations

import shutil
from pathlib import Path

import httpx
import pytest
import yaml
from jsonschema import Draft202012Validator

import hms_syn
from hms_syn import sandbox
from hms_syn.cli.lint import contract_problems
from hms_syn.job_files import load_job
from hms_syn.sandbox.payments_book import FIELDS
from hms_syn.sandbox.payments_rest import Gateway, serve

DOCUMENT = Path(sandbox.__path__[0]) / "payments.openapi.yaml"
SAMPLE = Path(hms_syn.__file__).parents[2] / "jobs" / "state_payments_sync.yaml"
HOLD = {"caseId": "HUD-22-109", "subsidyId": "SUB-80113", "reason": "unsafe property", "effectiveDate": "2024-09-02"}
ROOT = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))


@pytest.fixture
def client():
    with serve(Gateway()) as url, httpx.Client(base_url=url) as http:
        yield http


def check(path, method, response):
    """Hold an answer against what the document says of this status."""
    told = ROOT["paths"][path][method]["responses"][str(response.status_code)]
    told = ROOT["components"]["responses"][told["$ref"].rpartition("/")[2]] if "$ref" in told else told
    schema = {**told["content"]["application/json"]["schema"], "components": ROOT["components"]}
    Draft202012Validator(schema).validate(response.json())
    return response.json()


def test_each_answer_of_the_gateway_is_as_the_document_says(client):
    """A receipt, its repeat, a refusal, the hold, what is not there, a page, a wrong question."""
    key = {"Idempotency-Key": "5c2d1c4e-0000-4000-8000-000000000001"}
    receipt = check("/holds", "post", client.post("/holds", json=HOLD, headers=key))
    assert check("/holds", "post", client.post("/holds", json=HOLD, headers=key)) == receipt
    assert check("/holds", "post", client.post("/holds", json={}, headers=key))["field"] == "caseId"
    hold = check("/holds/{key}", "get", client.get(f"/holds/{receipt['reference']}"))
    assert hold["reference"] == receipt["reference"]
    assert check("/holds/{key}", "get", client.get("/holds/nothing"))["code"] == "no_such_hold"
    assert len(check("/holds", "get", client.get("/holds", params={"limit": 1}))["statuses"]) == 1
    assert check("/holds", "get", client.get("/holds", params={"limit": "many"}))["code"] == "bad_query"


def test_the_fields_of_a_hold_are_those_of_the_gateways_book():
    told = ROOT["components"]["schemas"]["NewHold"]
    assert {name: name in told["required"] for name in told["properties"]} == FIELDS


def test_the_sample_job_keeps_to_the_document(tmp_path, monkeypatch):
    """Under the address of production, whose base path the document does not have."""
    monkeypatch.setenv("PAYMENTS_ENDPOINT", "https://payments.example.gov/v2")
    shutil.copy(DOCUMENT, tmp_path)
    text = SAMPLE.read_text(encoding="utf-8").replace("connection_id:", "# connection_id:")
    for request in ("request: {method: POST,", "request: {path: /holds, records"):
        assert request in text
        text = text.replace(request, request.replace("{", "{openapi: payments.openapi.yaml, ", 1))
    file = tmp_path / "state_payments_sync.yaml"
    file.write_text(text, encoding="utf-8")
    assert contract_problems(load_job(file)) == []
    file.write_text(text.replace("caseId: case_id", "caseID: case_id"), encoding="utf-8")
    [problem] = contract_problems(load_job(file))
    assert (problem.key, problem.text) == (
        "job.push.mapping.caseID",
        "POST /holds takes no field 'caseID'; did you mean 'caseId'?",
    )
