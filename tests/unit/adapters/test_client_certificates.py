"""Mutual TLS: a vendor that looks at our certificate before it listens to anything."""

from __future__ import annotations

import ssl
from contextlib import contextmanager

import pytest
from tests.harness import certificates
from tests.unit.adapters.liar import LOOPBACK, http, tls_liar

from hms_syn import errors
from hms_syn.adapters.http_client import GuardedClient

VERSIONS = pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=lambda it: it.name)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Make two authorities, each with a certificate for localhost of its own, and an encrypted key."""
    place = certificates.make(tmp_path_factory.mktemp("mtls"))
    certificates.openssl(
        ["openssl", "pkey", "-in", "ours.key", "-aes128", "-passout", "pass:hunter2", "-out", "locked.key"], place
    )
    both = (place / "ours.pem").read_text() + (place / "ours.key").read_text()
    (place / "both.pem").write_text(both)
    (place / "no.pem").write_text("not a certificate\n")
    return place


@contextmanager
def vendor(folder, version=ssl.TLSVersion.TLSv1_3):
    """Run a vendor that lets in who shows our certificate, and nobody else."""
    context = certificates.demanding(folder)
    context.minimum_version = context.maximum_version = version
    with tls_liar(context, http(b"welcome")) as state:
        yield state


def ask(url, **files):
    one = GuardedClient(url, allow_private=LOOPBACK, timeout=2, max_response_bytes=100, **files)
    try:
        return one.request("POST", url, headers={}, body=b"hello").body
    finally:
        one.close()


def place_of(state):
    return state.origin.replace("http://127.0.0.1", "https://localhost")


@VERSIONS
@pytest.mark.parametrize("files", [("ours.pem", "ours.key"), ("both.pem", None)])
def test_who_shows_the_right_certificate_is_let_in(folder, monkeypatch, version, files):
    """Certificate and key in two files, or in one."""
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "ours.pem"))
    cert, key = (str(folder / name) if name else None for name in files)
    with vendor(folder, version) as state:
        assert ask(place_of(state), client_cert=cert, client_key=key) == b"welcome"


@pytest.mark.parametrize(
    ("version", "name"),
    [
        (ssl.TLSVersion.TLSv1_3, None),
        (ssl.TLSVersion.TLSv1_3, "strangers"),
        (ssl.TLSVersion.TLSv1_2, "strangers"),
    ],
)
def test_who_shows_none_or_another_is_refused_as_a_login_is(folder, monkeypatch, version, name):
    """F32: the vendor has looked at nothing else, and every message would meet the same: one try a minute."""
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "ours.pem"))
    files = {"client_cert": str(folder / f"{name}.pem"), "client_key": str(folder / f"{name}.key")} if name else {}
    with vendor(folder, version) as state:
        with pytest.raises(errors.LoginRefused) as caught:
            ask(place_of(state), **files)
        assert state.requests == []
    assert caught.value.code == "client_cert_refused"
    assert caught.value.retry_after == 60


def test_an_old_vendor_that_misses_a_certificate_gets_nothing(folder, monkeypatch):
    """F25: TLS 1.2 has no word for it, so it is a failed handshake like any other."""
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "ours.pem"))
    with vendor(folder, ssl.TLSVersion.TLSv1_2) as state, pytest.raises(errors.NotSent) as caught:
        ask(place_of(state))
    assert caught.value.code == "tls"
    assert state.requests == []


@pytest.mark.parametrize(
    ("cert", "key", "named"),
    [
        ("gone.pem", "ours.key", "'client_cert'"),
        ("ours.pem", "gone.key", "'client_key'"),
        (".", "ours.key", "'client_cert'"),
        ("no.pem", "ours.key", "'client_cert'"),
        ("ours.pem", None, "'client_key'"),
        ("ours.pem", "strangers.key", "'client_key'"),
        ("ours.pem", "locked.key", "'client_key'"),
        (None, "ours.key", "'client_cert'"),
    ],
)
def test_files_that_cannot_be_used_need_an_officer(folder, cert, key, named):
    """By the field's name, without a path or the system's words; and no key waits for somebody at a terminal."""
    given = {"client_cert": cert and str(folder / cert), "client_key": key and str(folder / key)}
    with vendor(folder) as state, pytest.raises(errors.ContractMismatch) as caught:
        ask(place_of(state), **given)
    assert caught.value.code == "client_cert"
    assert named in str(caught.value)
    assert str(folder) not in str(caught.value)
    assert state.connections == 0
