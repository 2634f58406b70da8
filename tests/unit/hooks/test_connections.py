"""The connection types as Airflow's own provider manager sees them, and what their Test button says."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time

import pytest
from tests.harness.gateways import gateway
from tests.harness.sftp_server import PASSWORD, USER, County
from tests.harness.sql_court import postgresql_court
from tests.unit.adapters.liar import http, liar

from hms_syn import errors
from hms_syn.adapters import reachability
from hms_syn.adapters.auth.choice import WAYS
from hms_syn.adapters.soap.wsse import MODES
from hms_syn.ports import Credentials
from hms_syn.sandbox.court_soap import serve

PRIVATE = {"allow_private": "127.0.0.0/8"}
CLERK, OTHER = {"login": USER, "password": PASSWORD}, {"login": USER, "password": "hunter2"}
CLOSED = "postgresql+psycopg://127.0.0.1:1/court"
"""Where nobody listens."""
FORMS = """
import json
from airflow.providers_manager import ProvidersManager
manager, found = ProvidersManager(), {}
for kind in ("hms_soap", "hms_rest", "hms_fhir", "hms_sql", "hms_sftp"):
    hook = manager.hooks[kind]
    prefix = f"extra__{kind}__"
    fields = {
        name.removeprefix(prefix): widget.field["schema"]
        for name, widget in manager.connection_form_widgets.items() if name.startswith(prefix)
    }
    found[kind] = {"name": hook.hook_name, "class": hook.hook_class_name, "fields": fields,
                   "behaviour": manager.field_behaviours[kind]}
print("FOUND" + json.dumps(found, default=str))
"""
TESTS = """
import json, os, sys
from airflow.models.connection import Connection
found = []
for number, fields in enumerate(json.load(sys.stdin)):
    connection = Connection(conn_id=f"c{number}", **fields)
    os.environ[f"AIRFLOW_CONN_C{number}"] = connection.get_uri()  # as the api-server does
    found.append(connection.test_connection())
print("FOUND" + json.dumps(found))
"""


@pytest.fixture(scope="module")
def airflow(tmp_path_factory):
    """Run a program beside an Airflow of its own, and return what it found."""
    home = tmp_path_factory.mktemp("airflow")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}

    def run(program, given=None):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", program],
            input=json.dumps(given),
            env={**kept, "AIRFLOW_HOME": str(home)},
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.partition("FOUND")[2])

    return run


def fhir(resource):
    return http(json.dumps({"resourceType": resource}), headers="Content-Type: application/fhir+json\r\n")


def test_airflow_finds_every_type_with_its_fields(airflow):
    """Without importing a hook: names, fields, and what the form calls them."""
    found = airflow(FORMS)
    certificate, auth = {"client_cert", "client_key", "allow_private"}, {"auth", "header_name", "token_url", "scope"}
    assert {kind: set(one["fields"]) for kind, one in found.items()} == {
        "hms_soap": {"wsse", *certificate},
        "hms_rest": {*auth, "token_auth", *certificate},
        "hms_fhir": {*auth, "token_auth", *certificate},
        "hms_sql": {"url", "allow_private"},
        "hms_sftp": {"host_key", "private_key", "allow_private"},
    }
    assert set(found["hms_rest"]["fields"]["auth"]["enum"]) == set(WAYS)
    assert set(found["hms_soap"]["fields"]["wsse"]["enum"]) == set(MODES)
    assert found["hms_sql"]["fields"]["url"]["format"] == "password"
    assert found["hms_sftp"]["fields"]["private_key"]["format"] == "password"
    assert all(one["behaviour"]["relabeling"] for one in found.values())


def test_the_test_button_asks_over_the_vendors_own_protocol(airflow, tmp_path):
    """Each says yes to what is there, and in a sentence why not; no secret is in any of them."""
    oauth = {"auth": "oauth2_client_credentials", **PRIVATE}
    (tmp_path / "court.db").touch()
    with (
        gateway() as pay,
        serve() as court,
        liar(fhir("CapabilityStatement")) as hospital,
        liar(fhir("Patient")) as other,
        liar(http(status="404 Nothing")) as nothing,
        contextlib.closing(County()) as county,
    ):
        token = {**oauth, "token_url": f"{pay.origin}/token"}
        cases = [
            ("hms_soap", court, {}, PRIVATE, "health page answers"),
            ("hms_soap", court, {}, {}, "!address_refused"),
            ("hms_soap", nothing.origin, {}, PRIVATE, "!http_404"),
            ("hms_soap", None, {}, {}, "!'host' is empty"),
            ("hms_rest", pay.origin, {"login": "hud", "password": "s3cret"}, token, "to this login"),
            ("hms_rest", pay.origin, {"login": "hud", "password": "hunter2"}, token, "!token_http_401"),
            ("hms_rest", pay.origin, {"password": "hunter2"}, {"auth": "bearer", **PRIVATE}, "!http_401"),
            ("hms_rest", pay.origin, {"password": ""}, {"auth": "bearer", **PRIVATE}, "!'password' is empty"),
            ("hms_rest", pay.origin, {}, {"allow_private": "0.0.0.0/0"}, "!'allow_private'"),
            ("hms_fhir", f"{hospital.origin}/fhir/", {}, PRIVATE, "describes itself"),
            ("hms_fhir", other.origin, {}, PRIVATE, "!no_capability_statement"),
            ("hms_sftp", f"127.0.0.1:{county.port}", CLERK, {**PRIVATE, "host_key": county.host_key}, "the known key"),
            ("hms_sftp", county.endpoint, OTHER, {**PRIVATE, "host_key": county.host_key}, "!login_refused"),
            ("hms_sftp", county.endpoint, CLERK, PRIVATE, "!'host_key' is empty"),
            ("hms_sftp", county.endpoint, CLERK, {"host_key": county.host_key}, "!address_refused"),
            ("hms_sftp", f"{county.endpoint}no", CLERK, {**PRIVATE, "host_key": county.host_key}, "!no_folder"),
            ("hms_sql", None, {}, {"url": f"sqlite:///{tmp_path}/court.db"}, "SELECT 1"),
            ("hms_sql", None, {}, {"url": f"sqlite:///{tmp_path}/no/where.db"}, "!SQLITE CANTOPEN"),
            ("hms_sql", None, {}, {}, "!'url' is empty"),
            ("hms_sql", None, {"login": "hud", "password": "hunter2"}, {"url": "hunter2"}, "!url_refused"),
            ("hms_sql", None, {}, {"url": "nosuch://hud:hunter2@127.0.0.1/x", **PRIVATE}, "!url_refused"),
            ("hms_sql", None, {"login": "hud", "password": "hunter2"}, {"url": CLOSED, **PRIVATE}, "![connect]"),
            ("hms_sql", None, {"login": "hud", "password": "hunter2"}, {"url": CLOSED}, "!address_refused"),
        ]
        given = [
            {"conn_type": kind, "host": host, "extra": json.dumps(extra), **login}
            for kind, host, login, extra, _ in cases
        ]
        found = airflow(TESTS, given)
    for case, (status, sentence) in zip(cases, found, strict=True):
        assert status == (not case[-1].startswith("!")), (case, sentence)
        assert case[-1].lstrip("!") in sentence, (case, sentence)
        assert "hunter2" not in sentence
        assert "s3cret" not in sentence
        assert PASSWORD not in sentence
    assert [request.split()[1] for request in hospital.requests] == [b"/fhir/metadata"]


def test_a_database_is_reached_only_at_an_address_that_the_connection_allows(airflow):
    """Its login is checked by a real server; a private address that is not allowed never hears of it."""
    login = {"login": "postgres", "password": "hunter2"}
    with postgresql_court() as court, liar(b"") as eavesdropper:
        inside = f"postgresql://hud:hunter2@{eavesdropper.origin.removeprefix('http://')}/court"
        cases = [
            ({"url": court.endpoint, **PRIVATE}, "SELECT 1"),
            ({"url": court.endpoint}, "[address_refused]"),
            ({"url": court.endpoint, "allow_private": "10.0.0.0/8"}, "[address_refused]"),
            ({"url": inside}, "[address_refused]"),
            ({"url": f"{court.endpoint}?host=127.0.0.1", **PRIVATE}, "[url_refused]"),
        ]
        given = [{"conn_type": "hms_sql", "extra": json.dumps(extra), **login} for extra, _ in cases]
        found = airflow(TESTS, given)
    assert [status for status, _ in found] == [True, False, False, False, False]
    for (_, words), (_, sentence) in zip(cases, found, strict=True):
        assert words in sentence
        assert "hunter2" not in sentence
    assert eavesdropper.connections == 0


def test_a_database_that_never_answers_is_given_up_at_the_deadline(monkeypatch):
    """It takes the connection and says nothing: a button that hangs would hold a thread of the api-server."""
    monkeypatch.setattr(reachability, "TIMEOUT", 0.5)
    began = time.monotonic()
    with liar(b"") as silent:
        url = f"postgresql://hud@{silent.origin.removeprefix('http://')}/court"
        with pytest.raises(errors.NotSent):
            reachability.ask_sql(Credentials(extra={"url": url, **PRIVATE}))
        assert silent.connections
    assert time.monotonic() - began < 5
