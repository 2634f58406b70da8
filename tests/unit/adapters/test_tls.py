"""TLS: verified, or nothing is sent."""

from __future__ import annotations

import ssl
import subprocess
from contextlib import contextmanager

import pytest
from tests.unit.adapters.liar import LOOPBACK, Liar, http, tls_liar

from hms_syn import errors
from hms_syn.adapters.http_client import GuardedClient


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """Make a certificate for localhost that is its own authority."""
    folder = tmp_path_factory.mktemp("tls")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost", "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@contextmanager
def peer(
    authority, *, oldest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2, newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "cert.pem", authority / "key.pem")
    context.minimum_version, context.maximum_version = oldest, newest
    with tls_liar(context, http(b"secret")) as state:
        yield state


def ask(state: Liar, host: str = "localhost"):
    url = state.origin.replace("http:", "https:").replace("127.0.0.1", host)
    one = GuardedClient(url, allow_private=LOOPBACK, timeout=2, max_response_bytes=100)
    return [one.request("POST", url, headers={}, body=b"hello") for _ in range(2)]


def test_a_trusted_peer_is_talked_to_over_one_connection(authority, monkeypatch):
    """A certificate of a known authority for the right name is all it takes."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority / "cert.pem"))
    with peer(authority) as state:
        assert [answer.body for answer in ask(state)] == [b"secret", b"secret"]


def test_an_unknown_authority_gets_nothing(authority):
    """Nobody vouches for this peer, so it does not see the request."""
    with peer(authority) as state, pytest.raises(errors.NotSent) as caught:
        ask(state)
    assert caught.value.code == "tls"
    assert state.requests == []


def test_a_certificate_for_another_name_gets_nothing(authority, monkeypatch):
    """A trusted peer that is not the one we asked for does not see the request."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority / "cert.pem"))
    with peer(authority) as state, pytest.raises(errors.NotSent) as caught:
        ask(state, host="127.0.0.1")
    assert caught.value.code == "tls"
    assert state.requests == []


def test_a_client_certificate_that_cannot_be_read_needs_an_officer():
    """A wrong path in the connection is told as such."""
    one = GuardedClient(
        "https://127.0.0.1:1/", allow_private=LOOPBACK, timeout=1, max_response_bytes=1, client_cert="/no"
    )
    with pytest.raises(errors.ContractMismatch) as caught:
        one.request("GET", "https://127.0.0.1:1/", headers={})
    assert caught.value.code == "client_cert"
