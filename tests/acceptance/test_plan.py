"""What ``plan`` shows is what the vendor then gets: the same bytes, read off the wire, under either file."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import ExitStack, closing

import pytest
import yaml
from lxml import etree
from tests.harness.sftp_server import PASSWORD, USER, County
from tests.harness.sql_court import SCHEMA as HEARINGS
from tests.unit.adapters.hl7.engines import MAPPING as SEGMENTS
from tests.unit.adapters.hl7.engines import REQUEST as ADMISSION
from tests.unit.adapters.hl7.engines import engine
from tests.unit.adapters.hospitals import MAPPING as APPOINTMENT
from tests.unit.adapters.liar import PEERS, http, liar

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
    "sftp.csv.v1": {
        "request": {"file_name": "{hearing_on}-{key}.csv"},
        "mapping": {"case": "case_id", "hearing_on": "date"},
    },
    "sql.table.v1": {
        "request": {"table": "hearing", "key": "syn_key"},
        "mapping": {"case_id": "case_id", "hearing_on": "date"},
    },
}
ON_THE_WIRE = ("oracle.soap.v1", "rest.json.v1", "fhir.r4.v1", "hl7.mllp.v1")
EDITS = {
    "oracle.soap.v1": {"CaseID": "name"},
    "rest.json.v1": {"payee": "case_id"},
    "fhir.r4.v1": {"description": "name"},
    "hl7.mllp.v1": {"PID-5.1": "case_id"},
    "sftp.csv.v1": {"case": "name"},
    "sql.table.v1": {"case_id": "name"},
}


@pytest.mark.parametrize("side", ["old", "new"])
@pytest.mark.parametrize("adapter", ON_THE_WIRE)
def test_the_bytes_that_are_shown_are_the_bytes_that_arrive(adapter, side, tmp_path, monkeypatch, capsys):
    with ExitStack() as stack:
        address, requests = busy_vendor(adapter, stack)
        files = installation(tmp_path, monkeypatch, adapter, address)
        assert main(["plan", str(files["new"]), "--json"]) == 0
        [shown] = json.loads(capsys.readouterr().out)["messages"]
        assert requests == [], "the vendor was asked something"
        assert shown["verdict"] == "differs"
        main(["run", str(files[side]), "--drain"])
        assert body_of(adapter, requests[0]) == shown[side]["text"].encode()
        assert shown[side].get("where", "") == place_of(adapter, requests[0])


@pytest.mark.parametrize("wsse", ["username_token", "username_token_digest"])
def test_of_a_login_in_an_envelope_the_place_is_shown_and_nothing_it_says(wsse, tmp_path, monkeypatch, capsys):
    """All else is what arrives; of the token each text is masked, its nonce and its time among them."""
    login = {"login": "hud-clerk", "password": "correct horse battery", "extra": {"wsse": wsse}}
    monkeypatch.setenv("AIRFLOW_CONN_COURT", json.dumps(login))
    with ExitStack() as stack:
        address, requests = busy_vendor("oracle.soap.v1", stack)
        files = installation(tmp_path, monkeypatch, "oracle.soap.v1", address, connection_id="court")
        assert main(["plan", str(files["new"]), "--json"]) == 0
        [shown] = json.loads(capsys.readouterr().out)["messages"]
        main(["run", str(files["old"]), "--drain"])
        envelope = etree.fromstring(body_of("oracle.soap.v1", requests[0]))
    said = [leaf for leaf in envelope.iter() if len(leaf) == 0 and "wssecurity-" in leaf.tag]
    assert len(said) == (4 if wsse.endswith("digest") else 2)
    for leaf in said:
        leaf.text = "***"
    assert etree.tostring(envelope, xml_declaration=True, encoding="utf-8") == shown["old"]["text"].encode()
    assert "hud-clerk" not in shown["old"]["text"]


@pytest.mark.parametrize("side", ["old", "new"])
def test_the_file_that_is_shown_is_the_file_that_is_put_in_place(side, tmp_path, monkeypatch, capsys):
    with closing(County()) as county:
        login = {"login": USER, "password": PASSWORD, "extra": {"host_key": county.host_key}}
        monkeypatch.setenv("AIRFLOW_CONN_COUNTY", json.dumps(login))
        files = installation(tmp_path, monkeypatch, "sftp.csv.v1", county.endpoint, connection_id="county")
        assert main(["plan", str(files["new"]), "--json"]) == 0
        [shown] = json.loads(capsys.readouterr().out)["messages"]
        assert (county.files(), shown["verdict"]) == ({}, "differs")
        assert main(["run", str(files[side]), "--drain"]) == 0
        assert county.files() == {shown[side]["where"].removeprefix("/"): shown[side]["text"].encode()}


@pytest.mark.parametrize("side", ["old", "new"])
def test_the_values_that_are_shown_are_the_row_that_is_written(side, tmp_path, monkeypatch, capsys):
    """A row has no bytes of its own: each column's value is compared as the database gives it back."""
    court = tmp_path / "court.db"
    with closing(sqlite3.connect(court)) as there:
        there.executescript(HEARINGS["sqlite"])
    monkeypatch.setenv("AIRFLOW_CONN_COURT", json.dumps({"extra": {"url": f"sqlite:///{court}"}}))
    files = installation(tmp_path, monkeypatch, "sql.table.v1", f"sqlite:///{court}", connection_id="court")
    assert main(["plan", str(files["new"]), "--json"]) == 0
    [shown] = json.loads(capsys.readouterr().out)["messages"]
    values = json.loads(shown[side]["text"])["values"]
    read = f"SELECT {', '.join(values)} FROM hearing"
    with closing(sqlite3.connect(court)) as there:
        assert there.execute(read).fetchall() == []
        assert main(["run", str(files[side]), "--drain"]) == 0
        [row] = there.execute(read).fetchall()
    assert dict(zip(values, row, strict=True)) == values


def busy_vendor(adapter, stack):
    """Open a vendor that reads whole requests and takes nothing; return its address and what it read."""
    if adapter == "hl7.mllp.v1":
        told = stack.enter_context(engine(lambda conn: conn.close()))
        return f"mllp://127.0.0.1:{told.port}", told.messages
    told = stack.enter_context(liar(http(status="503 Busy")))
    return f"{told.origin}/v1", told.requests


def installation(home, monkeypatch, adapter, address, **keys):
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
            **keys,
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
    return request.partition(b"\r\n\r\n")[2]


def place_of(adapter, request):
    """Return where a request went, and by which SOAP action."""
    if adapter == "hl7.mllp.v1":
        return ""
    first, *lines = request.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    method, path, _ = first.split(" ")
    headers = dict(line.split(": ", 1) for line in lines)
    action = f"\nSOAPAction: {headers['SOAPAction'].strip(chr(34))}" if adapter == "oracle.soap.v1" else ""
    return f"{method} http://{headers['Host']}{path}{action}"
