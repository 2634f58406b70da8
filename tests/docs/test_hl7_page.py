"""The job on the page about engines runs as it stands there, at python-hl7's server; what the page shows is so."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import time

import pytest
from tests.docs import pages
from tests.unit.adapters.liar import MemoryPins
from tests.vendors.python_engine import PythonEngine

from hms_syn import job_files
from hms_syn.adapters.hl7.hl7_mllp_v1 import Hl7MllpV1
from hms_syn.conformance import Manner
from hms_syn.domain.delivery import Delivery, Outcome
from hms_syn.domain.job_spec import Retry
from hms_syn.domain.topic_event import new_event
from hms_syn.flow.publish import publish
from hms_syn.flow.push import Drain
from hms_syn.store.sql_store import SqlStore

PAGE = pages.DOCS / "adapters" / "hl7.md"
TENANT = {"id": "T-4711", "family": "Roe", "given": "Jane", "born": "1980-05-01", "phones": ["555-0100", "555-0101"]}
ORDER = {"case_id": "HUD-22-109", "tenant": TENANT}


def shown(folder, endpoint):
    """Return the page's job as an author would save it, its vendor moved to this machine."""
    text = pages.blocks(PAGE, "yaml")[0].text
    assert "mllps://engine.example.org:6661" in text
    text = text.replace("mllps://engine.example.org:6661", endpoint).replace("  connection_id: hospital_engine\n", "")
    file = folder / "hospital_adt.yaml"
    file.write_text(text.replace("  push:\n", '  allow_private: ["127.0.0.0/8"]\n  push:\n', 1), encoding="utf-8")
    return job_files.load_job(file)


def test_the_message_on_the_page_is_what_its_job_sends(tmp_path):
    adapter = Hl7MllpV1(shown(tmp_path, "mllp://127.0.0.1:1"), None, MemoryPins())
    assert adapter.check() == []
    wanted = next(block.text for block in pages.blocks(PAGE, "text"))
    message = Delivery(
        id=1,
        message_id="m-1",
        job="hospital_adt",
        topic="hud.eviction.ordered",
        ordering_key="T-4711",
        idempotency_key=re.search(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", wanted)[0],
        attempt=0,
        payload=ORDER,
        published_at="2026-09-02T09:30:00.120450Z",
    )
    assert adapter.preview(message).decode().replace("\r", "\n") == wanted


@pytest.mark.peers
def test_the_job_on_the_page_delivers_once_though_an_answer_is_lost(tmp_path):
    """The message in doubt is sent again with the same bytes, and the engine answers as it did."""
    with contextlib.ExitStack() as stack:
        vendor = stack.enter_context(stack.enter_context(PythonEngine.started()))
        store = stack.enter_context(contextlib.closing(SqlStore(f"sqlite:///{tmp_path}/queue.db")))
        store.create()
        job = shown(tmp_path, vendor.job().target_endpoint)
        push = dataclasses.replace(job.push, timeout=1.0)
        job = dataclasses.replace(job, push=push, retry=Retry(initial_delay=0.05, jitter=0))
        store.register(job)
        publish(store, [new_event("hud.eviction.ordered", ORDER, agency="hud")])
        seen = []

        def report(hand_off):
            seen.append((hand_off.outcome, hand_off.code, hand_off.reference))
            vendor.behave(Manner.WELL)

        vendor.behave(Manner.SILENT)
        adapter = Hl7MllpV1(job, None, store)
        worker = Drain(job=job, store=store, adapter=adapter, owner="w", report=report, draw=lambda: 0.5)
        worker.run()
        while (due := store.next_due(job.id)) is not None:
            time.sleep(max(due, 0.002))
            worker.run()
        worker.close()
        assert seen == [(Outcome.UNKNOWN, "timeout", ""), (Outcome.ACKED, "", "CHART-1")]
        assert len(vendor.things()) == 1
        assert len({(arrival.key, arrival.digest) for arrival in vendor.arrivals()}) == 1


def test_the_codes_in_the_table_are_the_codes_own():
    """Each is in the list of errors that is written from the code."""
    known = pages.text_of(pages.DOCS / "reference" / "errors.md")
    codes = {code for row in pages.text_of(PAGE).splitlines() if row.startswith("| ") for code in CODE.findall(row)}
    assert len(codes) > 15
    assert {code for code in codes if f"`{code}`" not in known} == set()


CODE = re.compile(r"[(,] ?`([a-z_0-9]+)`(?=[,)])")
