"""What ``plan`` shows is what the vendor then gets: the same bytes, read off the wire, under either file."""

from __future__ import annotations

import json
import shutil
from contextlib import ExitStack, closing

import pytest
import yaml
from lxml import etree
from tests.unit.adapters.hl7.engines import MAPPING as SEGMENTS
from tests.unit.adapters.hl7.engines import REQUEST as ADMISSION
from tests.unit.adapters.hl7.engines import engine
from tests.unit.adapters.hospitals import MAPPING as APPOINTMENT
from tests.unit.adapters.liar import PEERS, SOAP, http, liar

from hms_syn.cli.main import main
from hms_syn.domain.topic_event import new_event
from hms_syn.flow.publish import publish
from hms_syn.job_files import load_job
from hms_syn.store.sql_store import SqlStore

TOPIC = "hud.hearing.created"
PAYLOAD = {"case_id": "HUD-22-109", "date": "2024-09-02", "name": "Müller <née Ñ> & 'Sons'", "amount": 12.5}
PUSHES = {
    "oracle.soap.v1": {
        "request": {"wsdl": "court.wsdl", "operation": "ScheduleHearing"},
        "mapping": {"CaseID": "case_id", "DateOfHearing": "date"},
    },
    "rest.json.v1": {
        "request": {"path": "/payments/{caseNumber}"},
        "mapping": {"caseNumber": "case_id", "payee": "name", "amount": "amount"},
        "success": {"status": "OK"},
        "ack": {"reference": "id"},
    },
    "fhir.r4.v1": {"request": {"resource": "Appointment"}, "mapping": APPOINTMENT},
    "hl7.mllp.v1": {"request": ADMISSION, "mapping": SEGMENTS},
}
EDITS = {
    "oracle.soap.v1": {"CaseID": "name"},
    "rest.json.v1": {"payee": "case_id"},
    "fhir.r4.v1": {"description": "name"},
    "hl7.mllp.v1": {"PID-5.1": "case_id"},
}


@pytest.mark.parametrize("side", ["old", "new"])
@pytest.mark.parametrize("adapter", PUSHES)
def test_the_bytes_that_are_shown_are_the_bytes_that_arrive(adapter, side, tmp_path, monkeypatch, capsys):
    with ExitStack() as stack:
        address, requests = busy_vendor(adapter, stack)
        files = installation(tmp_path, monkeypatch, adapter, address)
        assert main(["plan", str(files["new"]), "--json"]) == 0
        [shown] = json.loads(capsys.readouterr().out)["messages"]
        assert requests == [], "the vendor was asked something"
        assert shown["verdict"] == "differs"
        main(["run", str(files[side]), "--drain"])
        assert body_of(adapter, requests[0]) == spelled(adapter, shown[side]["text"].encode())
        assert shown[side].get("where", "") == place_of(adapter, requests[0])


def busy_vendor(adapter, stack):
    """Open a vendor that reads whole requests and takes nothing; return its address and what it read."""
    if adapter == "hl7.mllp.v1":
        told = stack.enter_context(engine(lambda conn: conn.close()))
        return f"mllp://127.0.0.1:{told.port}", told.messages
    told = stack.enter_context(liar(http(status="503 Busy")))
    return f"{told.origin}/v1", told.requests


def installation(home, monkeypatch, adapter, address):
    """Make a store with one message that waits, the job as it runs, and beside it the job as it would be."""
    monkeypatch.setenv("AIRFLOW_HOME", str(home))
    monkeypatch.chdir(home)
    push, files = PUSHES[adapter], {}
    edited = {**push, "mapping": {**push["mapping"], **EDITS[adapter]}}
    for side, folder, wanted in (("old", home / "jobs", push), ("new", home / "edited", edited)):
        folder.mkdir()
        shutil.copy(PEERS / "court.wsdl", folder)
        files[side] = folder / "court.yaml"
        job = {
            "name": "HUD → Court",
            "push_adapter": adapter,
            "source_topic": TOPIC,
            "target_endpoint": address,
            "allow_private": ["127.0.0.0/8"],
            "push": {**wanted, "timeout": "5s"},
        }
        files[side].write_text(yaml.safe_dump({"job": job}, allow_unicode=True), encoding="utf-8")
    with closing(SqlStore(f"sqlite:///{home}/airflow.db")) as store:
        store.create()
        store.register(load_job(files["old"]))
        publish(store, [new_event(TOPIC, PAYLOAD, agency="hud")])
    return files


def body_of(adapter, request):
    """Return what of a request is the message."""
    if adapter == "hl7.mllp.v1":
        return request.removeprefix(b"\x0b").removesuffix(b"\x1c\r")
    body = request.partition(b"\r\n\r\n")[2]
    if adapter != "oracle.soap.v1":
        return body
    return spelled(adapter, etree.tostring(etree.fromstring(body).find(f"{{{SOAP}}}Body")))


def place_of(adapter, request):
    """Return where a request went, and by which SOAP action."""
    if adapter == "hl7.mllp.v1":
        return ""
    first, *lines = request.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    method, path, _ = first.split(" ")
    headers = dict(line.split(": ", 1) for line in lines)
    action = f"\nSOAPAction: {headers['SOAPAction'].strip(chr(34))}" if adapter == "oracle.soap.v1" else ""
    return f"{method} http://{headers['Host']}{path}{action}"


def spelled(adapter, body):
    """Return a body as it is; one of XML in the one spelling it has whatever stands around it (exclusive C14N)."""
    return etree.tostring(etree.fromstring(body), method="c14n", exclusive=True) if "soap" in adapter else body
