"""Every way to authenticate, as a connection asks for it, on the wire."""

from __future__ import annotations

import base64

import pytest
from tests.unit.adapters.liar import court_job, http, liar

from hms_syn import errors
from hms_syn.adapters.auth.choice import WAYS, authenticator
from hms_syn.adapters.http_client import client_for
from hms_syn.adapters.json_calls import JsonCalls
from hms_syn.ports import Credentials


def on_the_wire(credentials):
    """Return the headers of a request, by name in lower case."""
    with liar(http()) as peer:
        job = court_job(peer.origin)
        calls = JsonCalls(
            http=client_for(job, credentials, timeout=2, max_bytes=1000),
            auth=authenticator(job, credentials),
            timeout=2,
        )
        calls.request("POST", f"{peer.origin}/soap", headers={}, body=b"{}", key="k")
        calls.close()
    lines = peer.requests[0].partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
    return {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}


def basic(pair):
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


@pytest.mark.parametrize(
    ("credentials", "header", "value"),
    [
        (None, "authorization", None),
        (Credentials(), "authorization", None),
        (Credentials(login="hud", password="x", extra={"auth": "none"}), "authorization", None),
        (Credentials(login="hud", password="a:b c"), "authorization", basic("hud:a:b c")),
        (Credentials(login="hüd", password="✓", extra={"auth": "basic"}), "authorization", basic("hüd:✓")),
        (Credentials(password="abc", extra={"auth": "bearer"}), "authorization", "Bearer abc"),
        (Credentials(password="abc", extra={"auth": "api_key"}), "x-api-key", "abc"),
        (Credentials(password="Key a b", extra={"auth": "api_key", "header_name": "Auth"}), "auth", "Key a b"),
        (Credentials(password="abc", extra={"auth": "api_key", "header_name": ""}), "x-api-key", "abc"),
    ],
)
def test_each_way_says_what_it_should(credentials, header, value):
    """And a connection with a login and no word of its own means HTTP Basic."""
    assert on_the_wire(credentials).get(header) == value


@pytest.mark.parametrize(
    ("way", "changes", "field"),
    [
        ("basic", {"login": ""}, "login"),
        ("basic", {"password": ""}, "password"),
        ("basic", {"login": "a:b"}, "login"),
        ("basic", {"password": "hunter2\n"}, "password"),
        ("basic", {"password": "hunter2\ud83d"}, "password"),
        ("bearer", {"password": ""}, "password"),
        ("bearer", {"password": "hunter2\r\nX: y"}, "password"),
        ("bearer", {"password": "hunter2 "}, "password"),
        ("bearer", {"password": "hunter2✓"}, "password"),
        ("api_key", {"password": ""}, "password"),
        ("api_key", {"password": "hunter2\x00"}, "password"),
        ("api_key", {"password": " hunter2"}, "password"),
        ("api_key", {"header_name": "X Key"}, "header_name"),
        ("api_key", {"header_name": "X-Key:"}, "header_name"),
        ("api_key", {"header_name": "Host"}, "header_name"),
        ("api_key", {"header_name": "idempotency-key"}, "header_name"),
        ("api_key", {"header_name": 7}, "header_name"),
        ("hmac", {"password": ""}, "password"),
        ("kerberos", {}, "auth"),
        (7, {}, "auth"),
    ],
)
def test_a_field_that_cannot_be_used_is_named(way, changes, field):
    """Before anything is sent, and without what stands in it."""
    kept = {name: changes.pop(name) for name in ("login", "password") if name in changes}
    credentials = Credentials(**{"login": "hud", "password": "hunter2", **kept}, extra={"auth": way, **changes})
    with pytest.raises(errors.ContractMismatch) as caught:
        authenticator(court_job("https://gateway.example.gov"), credentials)
    assert f"'{field}'" in str(caught.value)
    assert caught.value.code == "connection_field"
    assert "hunter2" not in str(caught.value)


def test_an_unknown_way_names_the_known_ones():
    """A slip is easily put right."""
    with pytest.raises(errors.ContractMismatch, match=", ".join(WAYS)):
        authenticator(court_job("https://gateway.example.gov"), Credentials(extra={"auth": "oauth"}))
