"""TLS: verified, or nothing is sent."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import time
from contextlib import contextmanager, suppress

import pytest
from tests.conftest import make_job
from tests.unit.adapters.liar import LOOPBACK, Liar, http, tls_liar

from hms_syn import errors
from hms_syn.adapters import certificates
from hms_syn.adapters.http_client import GuardedClient


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """Make a certificate for localhost that is its own authority."""
    folder = tmp_path_factory.mktemp("tls")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost", "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def outdated(tmp_path_factory):
    """Make certificates for localhost that were, and that will be, good; each is its own authority."""
    folder = tmp_path_factory.mktemp("dates")
    (folder / "ca.cnf").write_text(
        "[ca]\ndefault_ca=c\n[c]\ndatabase=index\nnew_certs_dir=.\nserial=serial\ndefault_md=sha256\npolicy=p\n"
        "unique_subject=no\nx509_extensions=e\n[p]\ncommonName=supplied\n[e]\nsubjectAltName=DNS:localhost\n"
    )
    (folder / "index").touch()
    (folder / "serial").write_text("01\n")
    ask = [
        "req",
        "-new",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/CN=localhost",
        "-keyout",
        "key.pem",
        "-out",
        "csr",
    ]
    openssl(folder, *ask)
    for name, start, end in (("past", "20200101", "20200201"), ("future", "20900101", "20900201")):
        sign = ["ca", "-batch", "-config", "ca.cnf", "-selfsign", "-keyfile", "key.pem", "-in", "csr", "-notext"]
        openssl(folder, *sign, "-startdate", f"{start}000000Z", "-enddate", f"{end}000000Z", "-out", f"{name}.pem")
    return folder


def openssl(folder, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


@contextmanager
def peer(authority, *, certificate: str = "cert.pem", version: ssl.TLSVersion | None = None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / certificate, authority / "key.pem")
    if version is not None:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
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
    assert state.connections == 1


def test_an_unknown_authority_gets_nothing(authority):
    """F25: nobody vouches for this peer, so it does not see the request."""
    with peer(authority) as state, pytest.raises(errors.NotSent) as caught:
        ask(state)
    assert caught.value.code == "tls_unknown_ca"
    assert state.requests == []


def test_a_certificate_for_another_name_gets_nothing(authority, monkeypatch):
    """F25: a trusted peer that is not the one we asked for does not see the request."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority / "cert.pem"))
    with peer(authority) as state, pytest.raises(errors.NotSent) as caught:
        ask(state, host="127.0.0.1")
    assert caught.value.code == "tls_wrong_host"
    assert state.requests == []


@pytest.mark.parametrize("name", ["past", "future"])
def test_a_certificate_out_of_its_time_gets_nothing(outdated, monkeypatch, name):
    """F25: expired or not valid yet: a certificate counts on its days only."""
    monkeypatch.setenv("SSL_CERT_FILE", str(outdated / f"{name}.pem"))
    with peer(outdated, certificate=f"{name}.pem") as state, pytest.raises(errors.NotSent) as caught:
        ask(state)
    assert caught.value.code == {"past": "tls_expired", "future": "tls_not_yet_valid"}[name]
    assert "certificate not valid" in str(caught.value)
    assert state.requests == []


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_a_peer_of_an_old_protocol_gets_nothing(authority, monkeypatch, version):
    """F25: TLS 1.0 and 1.1 are no protection, and no reason to speak plainly."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority / "cert.pem"))
    with peer(authority, version=version) as state, pytest.raises(errors.NotSent) as caught:
        ask(state)
    assert caught.value.code == "tls"
    assert state.requests == []


@pytest.mark.parametrize("drip", [b"", b"\x16\x03\x03\x40\x00", b"HTTP/1.1 400 Bad Request\r\n\r\n"], ids=ascii)
def test_a_handshake_that_never_ends_is_cut_off_at_the_deadline(drip):
    """F25: a peer that says nothing, little by little, or something else entirely has received nothing."""
    ended = threading.Event()

    def serve() -> None:
        with suppress(OSError):
            conn, _ = server.accept()
            with conn:
                conn.sendall(drip)
                while not ended.wait(0.05):
                    conn.sendall(b"\0")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        url = f"https://localhost:{server.getsockname()[1]}/"
        started = time.monotonic()
        with pytest.raises(errors.NotSent) as caught:
            GuardedClient(url, allow_private=LOOPBACK, timeout=0.5, max_response_bytes=9).request(
                "POST", url, headers={}, body=b"hello"
            )
        took = time.monotonic() - started
        ended.set()
        thread.join()
    assert caught.value.code == "tls"
    assert took < 10


def end_of(state: Liar, **changes):
    endpoint = state.origin.replace("http:", "https:").replace("127.0.0.1", "localhost")
    return certificates.ends_at(make_job(**{"target_endpoint": endpoint, "allow_private": LOOPBACK, **changes}), 2.0)


@pytest.mark.parametrize(("name", "year"), [("past", 2020), ("future", 2090)])
def test_the_end_of_a_certificate_is_read_also_when_it_is_not_valid(outdated, name, year):
    """It is then that somebody needs to know; and nothing is said to a peer that is not trusted."""
    with peer(outdated, certificate=f"{name}.pem") as state:
        assert time.gmtime(end_of(state))[:3] == (year, 2, 1)
    assert state.requests == []


def test_where_no_certificate_can_be_read_there_is_no_end(authority):
    """Nobody there, no TLS, an address that may not be reached: none of it is an error of the heartbeat's."""
    with peer(authority) as state:
        assert end_of(state) > time.time()
        assert end_of(state, allow_private=()) is None
    assert end_of(state) is None
    assert end_of(state, target_endpoint="http://localhost/") is None
    assert end_of(state, target_endpoint="postgresql://localhost/court") is None
