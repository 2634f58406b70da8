"""The job on the page about hospitals runs, against a hospital nobody here wrote."""

from __future__ import annotations

import contextlib
import dataclasses
import json

import pytest
from tests.docs import pages
from tests.peers.node import medplum_hospital
from tests.unit.adapters.liar import LOOPBACK, MemoryPins

from hms_syn import job_files
from hms_syn.adapters.fhir.fhir_r4_v1 import FhirR4V1
from hms_syn.adapters.fhir.fhir_types import TYPES, Identifier
from hms_syn.domain.delivery import Delivery
from hms_syn.flow.pull import pull
from hms_syn.store.sql_store import SqlStore

PAGE = pages.DOCS / "adapters" / "fhir.md"


@pytest.mark.peers
def test_the_job_on_the_page_pushes_its_payload_and_pulls_it_back(tmp_path):
    """What the page shows is what happens: a flag at the hospital, and on the bus."""
    shown, payload = pages.blocks(PAGE, "yaml")[0].text, pages.blocks(PAGE, "json")[0].text
    file = tmp_path / "hospital_records_sync.yaml"
    file.write_text(shown, encoding="utf-8")
    with medplum_hospital() as root, contextlib.closing(SqlStore(f"sqlite:///{tmp_path}/q.db")) as store:
        store.create()
        job = dataclasses.replace(job_files.load_job(file), target_endpoint=root, allow_private=LOOPBACK)
        store.register(job)
        adapter = FhirR4V1(job, None, MemoryPins())
        assert adapter.check() == []
        message = Delivery(
            id=1,
            message_id="m-1",
            job=job.id,
            topic=job.source_topics[0],
            ordering_key="p-4711",
            idempotency_key="0d4c2a3e-5b7f-4a69-8d1e-2f3a4b5c6d7e",
            attempt=0,
            payload=json.loads(payload),
            published_at="2024-08-01T00:00:00Z",
        )
        receipt = adapter.send(message)
        assert pull(job, store, adapter) == 1
        assert pull(job, store, adapter) == 0
        [event] = store.read("syn.hospital_records_sync.pulled", after=0, limit=10)
        adapter.close()
    assert receipt.reference == f"Flag/{event['payload']['id']}"
    assert event["payload"]["code"] == {"text": "Unsafe property: no heating"}


def test_the_types_the_page_names_are_what_it_says_of_them():
    """Single, or none that can be searched for."""
    kinds = {name: TYPES[name] for name in ("QuestionnaireResponse", "Composition", "AuditEvent", "Provenance")}
    assert list(kinds.values()) == [Identifier.ONE, Identifier.ONE, Identifier.NONE, Identifier.NONE]
