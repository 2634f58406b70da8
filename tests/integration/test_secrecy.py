"""Secrecy: what publishers, vendors and connections hold is in no log, no file and no row; once erased, in no byte."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from tests.conftest import make_job
from tests.integration.conftest import eventually
from tests.integration.sentinels import Sentinels, in_files, in_tables

from hms_syn.adapters.in_memory_v1 import InMemoryV1
from hms_syn.cli.main import main
from hms_syn.domain.topic_event import new_event
from hms_syn.errors import VendorRefused
from hms_syn.flow.end_doubt import end_doubt
from hms_syn.flow.publish import publish
from hms_syn.flow.push import Drain
from hms_syn.ports import Act
from hms_syn.store import audit_trail
from hms_syn.store.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.conftest import Place

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(600)]

WHY = Act(actor="paula", reason="the subject asked")
REST_JOB = """
job:
  name: "HUD → {name}"
  push_adapter: rest.json.v1
  pull_adapter: rest.json.v1
  source_topic: "{name}.told"
  target_endpoint: "{origin}/v1"
  {connection}
  allow_private: ["127.0.0.0/8"]
  heartbeat: false
  push:
    timeout: 3s
    lease: 4s
    breaker: {{after: 100}}
    on_unknown: hold
    ordering_key: case
    request: {{path: "/cases/{{text}}", query: {{q: "{{text}}"}}, headers: {{X-Case: "{{text}}"}}}}
    success: {{status: ACCEPTED}}
    ack: {{reference: id, status: status}}
  pull: {{schedule: 1h, request: {{path: /records}}, dedupe_key: id}}
  retry: {{initial_delay: 1s, max_delay: 1s}}
"""
COURT_JOB = """
job:
  name: "HUD → {name}"
  push_adapter: oracle.soap.v1
  source_topic: "hud.{name}.hearing.created"
  target_endpoint: "{origin}/soap"
  {connection}
  allow_private: ["127.0.0.0/8"]
  heartbeat: false
  push: {{timeout: 3s, lease: 4s, breaker: {{after: 100}}}}
  retry: {{initial_delay: 1s, max_delay: 1s}}
"""


class Talkative:
    """A vendor that repeats what it was told, says more than it should, and gives out records and tokens."""

    def __init__(self, sentinels: Sentinels) -> None:
        self.seen = 0
        self.authorized: set[str] = set()
        self.fault = f"patient {sentinels.word('vendor: fault text')} {{{{ 1 + 1 }}}} \x1b[2J"
        self.page = f"<html>{sentinels.word('vendor: page of a proxy')}</html>"
        self.token = sentinels.word("vendor: access token")
        self.header = sentinels.word("vendor: header of an answer")
        self.records = [{"id": f"rec-{n}", **sentinels.payload(f"pulled {n}")} for n in range(2)]

    def answer(self, path: str, body: bytes) -> tuple[int, Any]:
        """Return status and answer; None hangs up."""
        if path.startswith("/token"):
            return 200, {"access_token": self.token, "token_type": "Bearer", "expires_in": 3600}
        if path.startswith("/v1/records"):
            return 200, self.records
        self.seen += 1
        told = json.loads(body)
        refusals = {"refused": 422, "page": 200, "busy": 503}
        if told["mode"] == "doubt":
            return 0, None
        if told["mode"] in refusals and not (told["mode"] == "busy" and self.seen > 20):
            words = self.page if told["mode"] == "page" else {"fault": self.fault, "echo": told}
            return refusals[told["mode"]], words
        return 200, {"status": "ACCEPTED", "id": f"R-{self.seen}", "echo": told}


@contextlib.contextmanager
def serving(vendor: Talkative) -> Iterator[str]:
    """Run a vendor on a free port; yield its origin."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            vendor.authorized.add((self.headers.get("authorization") or "").partition(" ")[0])
            status, said = vendor.answer(self.path, body)
            if said is None:
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            data = said.encode() if isinstance(said, str) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-type", "text/html" if isinstance(said, str) else "application/json")
            self.send_header("x-trace", vendor.header)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_GET = _answer  # noqa: N815 - the base class's names

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def connect(place: Place, sentinels: Sentinels, origin: str) -> None:
    """Make a connection of each kind, with a secret in each field that holds one."""
    kinds: dict[str, tuple[str, dict[str, Any]]] = {
        "secrecy_basic": ("hms_rest", {"auth": "basic"}),
        "secrecy_oauth": ("hms_rest", {"auth": "oauth2_client_credentials", "token_url": f"{origin}/token"}),
        "secrecy_wsse": ("hms_soap", {"wsse": "username_token"}),
    }
    for name, (kind, extra) in kinds.items():
        facts = {
            "connection_id": name,
            "conn_type": kind,
            "login": "hud",
            "password": sentinels.word(f"{name}: password"),
            "extra": json.dumps(extra),
        }
        assert place.airflow.api("POST", "/api/v2/connections", facts)


def start(place: Place, job_file: str, name: str, connection: str, origin: str) -> str:
    """Drop a job; return once it is served."""
    line = f"connection_id: {connection}" if connection else "# without a login"
    place.drop(name, job_file.format(name=name, connection=line, origin=origin))
    place.airflow.wait_until(name, lambda: place.airflow.knows(f"syn.{name}.push"), seconds=120)
    eventually(lambda: any(row["job"] == name for row in place.store.status()))
    return f"{name}.told"


def put(place: Place, sentinels: Sentinels, topic: str, of: str, **more: Any) -> str:
    """Publish one payload full of words, with words in its headers; return the message id."""
    headers = {"x-note": sentinels.word(f"{of}: header"), sentinels.word(f"{of}: header name"): "x"}
    event = new_event(topic, sentinels.payload(of, case=of, **more), agency="hud", headers=headers)
    publish(place.store, [event])
    return event.message_id


def everywhere(place: Place) -> list[tuple[str, bytes]]:
    fernet = (place.airflow.home / ".fernet-secret").read_text(encoding="ascii")
    return [*in_files(place.airflow.home), *in_tables(place.store.engine, fernet)]


def test_no_word_of_a_payload_a_vendor_or_a_connection_is_found_anywhere(place: Place, monkeypatch, capsys) -> None:
    """Delivered, refused, answered by a stranger, retried, in doubt, unmappable, pulled; then looked at, and erased."""
    sentinels = Sentinels()
    vendor = Talkative(sentinels)
    with serving(vendor) as origin:
        connect(place, sentinels, origin)
        basic = start(place, REST_JOB, "secrecy_b", "secrecy_basic", origin)
        oauth = start(place, REST_JOB, "secrecy_o", "secrecy_oauth", origin)
        start(place, COURT_JOB, "secrecy_c", "secrecy_wsse", place.url)
        no_date = {"case_id": sentinels.word("a case"), "date": f"the second of {sentinels.word('no date')}"}
        unmappable = new_event("hud.secrecy_c.hearing.created", no_date, agency="hud")
        publish(place.store, [unmappable])
        wanted = {
            put(place, sentinels, basic, "delivered", mode="ok"): "delivered",
            put(place, sentinels, oauth, "delivered by OAuth", mode="ok"): "delivered",
            put(place, sentinels, basic, "refused", mode="refused"): "dead_letter",
            put(place, sentinels, basic, "in doubt", mode="doubt"): "in_doubt",
            put(place, sentinels, basic, "answered by a proxy", mode="page"): "in_doubt",
            unmappable.message_id: "dead_letter",
        }
        busy = put(place, sentinels, basic, "retried", mode="busy")
        place.airflow.trigger("syn.secrecy_b.pull")
        for message_id, state in wanted.items():
            eventually(lambda m=message_id, s=state: place.state_of(m) == s, what=f"{message_id} {state}")
        eventually(lambda: place.store.trace(busy)[0]["attempts"][0]["code"] == "http_503")
        eventually(lambda: len(place.store.read("syn.secrecy_b.pulled", after=0, limit=9)) == 2)
        vendor.seen = 100
        wanted[busy] = "delivered"
        eventually(lambda: place.state_of(busy) == "delivered")
        assert {"Basic", "Bearer"} <= vendor.authorized
        for message_id in wanted:
            assert place.ask("GET", f"/hms-syn/api/v1/messages/{message_id}", token=place.token("admin"))[0] == 200
        time.sleep(6)  # runs end and write their logs and XComs

    assert len(sentinels.words) >= 40
    places = everywhere(place)
    assert any("syn.secrecy_b.push" in name for name, _ in places)
    assert sentinels.hits(places) == []

    for message_id, state in wanted.items():
        if state == "in_doubt":
            end_doubt(Desk(place.store), message_id, WHY, delivered=True, reference="R-0")
        if state == "dead_letter":
            Desk(place.store).discard(message_id, WHY)
        assert Desk(place.store).erase(message_id, WHY)
    for event in place.store.read("syn.secrecy_b.pulled", after=0, limit=9):
        assert Desk(place.store).erase(event["message_id"], WHY)
    assert sentinels.hits(everywhere(place)) == []
    with place.store.engine.connect() as connection:
        left = """SELECT COUNT(*) FROM hms_syn_event WHERE topic LIKE '%secrecy%' AND agency <> 'hms-syn'
                   AND (data_key IS NOT NULL OR body <> '')"""
        assert connection.execute(text(left)).scalar() == 0
    monkeypatch.setenv("AIRFLOW_CONN_HMS_SYN_DB", place.airflow.environment["AIRFLOW_CONN_HMS_SYN_DB"])
    assert main(["audit", "verify"]) == 0
    assert "whole" in capsys.readouterr().out


def test_what_a_person_types_into_a_run_stays_in_airflows_own_tables_alone(place: Place) -> None:
    """Airflow keeps a run's conf, and who sent it, in clear; docs/privacy.md says so. Nothing of ours copies it."""
    sentinels = Sentinels()
    vendor = Talkative(sentinels)
    with serving(vendor) as origin:
        start(place, REST_JOB, "secrecy_t", "", origin)
        place.airflow.trigger("syn.secrecy_t.push", {"publish": [sentinels.payload("typed", mode="ok", case="t")]})
        eventually(lambda: vendor.seen == 1)
        time.sleep(6)
    hits = sentinels.hits(everywhere(place))
    assert {hit.rpartition(" in ")[2] for hit in hits} == {"table dag_run", "table log"}


class Refusing(InMemoryV1):
    """A vendor that refuses everything."""

    def send(self, message: Any) -> Any:
        del message
        raise VendorRefused(code="proof_failed")


def test_without_sealing_no_word_is_left_once_it_was_erased(sql_store, store_url, tmp_path) -> None:
    """Sealing off: the words stand in the event's row and nowhere else; once erased they are in no row and no file."""
    sentinels, ids = Sentinels(), []
    for name, kind in (("good", InMemoryV1), ("bad", Refusing)):
        job = make_job(name, source_topics=(f"{name}.told",))
        sql_store.register(job)
        for n in range(4):
            event = new_event(f"{name}.told", sentinels.payload(f"{name} {n}"), agency="hud")
            publish(sql_store, [event])
            ids.append(event.message_id)
        Drain(job=job, store=sql_store, adapter=kind(job, None, sql_store), owner="w").run()

    def look() -> list[tuple[str, bytes]]:
        is_file = store_url.startswith("sqlite")
        return list(in_files(tmp_path)) if is_file else list(in_tables(sql_store.engine))

    found = sentinels.hits(look())
    assert found
    if not store_url.startswith("sqlite"):
        assert {hit.rpartition(" in ")[2] for hit in found} == {"table hms_syn_event"}
    for message_id in ids[4:]:
        Desk(sql_store).discard(message_id, WHY)
    for message_id in ids:
        assert Desk(sql_store).erase(message_id, WHY)
    assert Desk(sql_store).forget()
    assert sentinels.hits(look()) == []
    assert audit_trail.verify(sql_store.audit_rows()) > 0
