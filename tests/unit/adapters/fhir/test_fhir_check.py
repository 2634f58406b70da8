"""What lint says of a hospital's job, without asking the hospital."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
from tests.unit.adapters.hospitals import MAPPING, hospital, push_of

from hms_syn.adapters.fhir.fhir_types import TYPES, Identifier
from hms_syn.domain.job_spec import Cursor, Pull
from hms_syn.ports import Credentials

MODEL = re.compile(
    r"^class (\w+)\((?:domainresource\.DomainResource|resource\.Resource)\):$"
    r"(?:(?:(?!^class ).*\n)*?^    identifier: (.*)$)?",
    re.MULTILINE,
)
"""A resource's class in a module of fhir.resources, and the annotation of its identifier, if it has one."""
NOWHERE = "http://127.0.0.1:9/fhir"


def keys(**changes):
    return sorted({key for key, _ in hospital(NOWHERE, **changes).check()})


def pull(request, **changes):
    return Pull(publish_topic="t", request=request, **changes)


def test_a_sound_job_has_no_problem():
    """The vendor is not asked: nobody listens there."""
    assert hospital(NOWHERE).check() == []
    assert keys(push=push_of(request={"interaction": "transaction"}, mapping={"entry": "entries"})) == []


FIND = {"match": "entry[0].resource", "request": {"query": {"identifier": "MRN|{id}"}}}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"push": None}, "job.push.request.resource"),
        ({"push": push_of(request={})}, "job.push.request.resource"),
        ({"push": push_of(request={"resource": "Apointment"})}, "job.push.request.resource"),
        ({"push": push_of(request={"resource": "AuditEvent"})}, "job.push.request.resource"),
        (
            {"push": push_of(request={"resource": "Appointment", "interaction": "patch"})},
            "job.push.request.interaction",
        ),
        (
            {"push": push_of(request={"resource": "Appointment", "interaction": "transaction"})},
            "job.push.request.resource",
        ),
        ({"push": push_of(request={"interaction": "transaction"})}, "job.push.mapping"),
        ({"push": push_of(mapping={**MAPPING, "resourceType": "'Patient'"})}, "job.push.mapping.resourceType"),
        (
            {"push": push_of(request={"resource": "Composition"}, mapping={"identifier": "case_id"})},
            "job.push.mapping.identifier",
        ),
        ({"push": push_of(mapping={"status": "[["})}, "job.push.mapping"),
        ({"push": push_of(ack={"reference": "[["})}, "job.push.ack"),
        (
            {"push": push_of(find={**FIND, "request": {"query": {"identifier": "x"}}})},
            "job.push.find.request.query",
        ),
        (
            {"push": push_of(find={**FIND, "request": {"query": {"identifier": "{key"}}})},
            "job.push.find.request.query",
        ),
        (
            {"push": push_of(find={**FIND, "request": {"resource": "X", "query": {"identifier": "{key}"}}})},
            "job.push.find.request.resource",
        ),
        ({"pull": pull({})}, "job.pull.request.resource"),
        ({"pull": pull({"resource": "Task", "query": {"_sort": "x"}})}, "job.pull.request.query._sort"),
        (
            {"pull": pull({"resource": "Task", "query": {"date": "x"}}, cursor=Cursor(field="a", parameter="date"))},
            "job.pull.request.query.date",
        ),
    ],
)
def test_each_mistake_is_found_at_its_key(changes, expected):
    """One mistake, one line."""
    assert keys(**changes) == [expected]


def test_a_connection_that_is_incomplete_is_found():
    """Before a message meets it."""
    found = hospital(NOWHERE, credentials=Credentials(extra={"auth": "handshake"})).check()
    assert [key for key, _ in found] == ["job.connection_id"]


def test_the_table_of_types_is_the_one_of_the_models():
    """Every resource of R4B is in the table, with as many identifiers as its model has."""
    folder = Path(importlib.import_module("fhir.resources.R4B").__path__[0])
    found = [match for path in folder.glob("*.py") for match in MODEL.finditer(path.read_text(encoding="utf-8"))]
    models = {match[1]: "List" in match[2] for match in found if match[2]}
    bare = {match[1] for match in found if not match[2]} - {"DomainResource"}
    assert len(models) + len(bare) >= 140
    assert models.keys() | bare <= TYPES.keys()
    searchable = {name: kind is Identifier.MANY for name, kind in TYPES.items() if kind is not Identifier.NONE}
    assert {name: models.get(name) for name in searchable if models.get(name) is not searchable[name]} == dict.fromkeys(
        [
            "EffectEvidenceSynthesis",
            "MedicinalProduct",
            "MedicinalProductAuthorization",
            "MedicinalProductPackaged",
            "MedicinalProductPharmaceutical",
            "RiskEvidenceSynthesis",
        ]
    )
