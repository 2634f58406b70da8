"""MLLP on the wire: one message, one answer; what is not whole is nothing, and who does not answer is given up."""

from __future__ import annotations

import dataclasses
import socket
import struct
import threading
import time

import pytest
from tests.harness import certificates
from tests.unit.adapters.hl7.engines import ack, adapter_at, engine, engine_job, tenant
from tests.unit.adapters.liar import MemoryPins

from hms_syn import errors
from hms_syn.adapters.hl7 import hl7_link
from hms_syn.adapters.hl7.hl7_mllp_v1 import Hl7MllpV1
from hms_syn.ports import Credentials

LATE = "00000000-8a8e-4d0f-9d58-3d1f0b6f9a11"


def say(raw):
    return lambda conn: conn.sendall(raw)


def wait(conn):
    conn.recv(1)


def reset(conn):
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def drip(conn):
    for byte in ack():
        conn.sendall(bytes([byte]))
        time.sleep(0.05)


def half(conn):
    conn.sendall(ack()[:-1])
    wait(conn)


@pytest.mark.parametrize(
    ("script", "code"),
    [
        (wait, "timeout"),
        (drip, "timeout"),
        (half, "timeout"),
        (say(b""), "reset"),
        (reset, "reset"),
        (say(ack()[:-1]), "truncated"),
        (say(ack()[:40]), "truncated"),
        (say(ack()[1:]), "bad_mllp"),
        (say(b"\n" + ack()), "bad_mllp"),
        (say(b"HTTP/1.1 200 OK\r\n\r\n"), "bad_mllp"),
        (say(b"\x0b" + b"x" * 5000 + b"\x1c\r"), "too_large"),
    ],
)
def test_an_answer_that_is_not_whole_is_no_answer(script, code):
    """It is in doubt within the timeout, and the next message goes out by a new connection."""
    with engine(script, ack()) as told:
        adapter = adapter_at(told.port, max_response_bytes=4096)
        adapter.preview(tenant())  # the tables of HL7 are there
        began = time.monotonic()
        with pytest.raises(errors.OutcomeUnknown) as caught:
            adapter.send(tenant())
        assert time.monotonic() - began < 10
        assert caught.value.code == code
        assert adapter.send(tenant()).reference == "CHART-1"
        adapter.close()
        assert told.connections == 2
        assert told.messages[0] == told.messages[1], "the second attempt says the same"


def test_every_cut_of_an_answer_proves_nothing():
    """Wherever the engine hangs up, a part of an acknowledgment is no acknowledgment."""
    whole = ack()
    with engine(*[say(whole[:at]) for at in range(len(whole))], whole) as told:
        adapter = adapter_at(told.port, timeout=5.0)
        for _ in whole:
            with pytest.raises(errors.OutcomeUnknown):
                adapter.send(tenant())
        assert adapter.send(tenant()).reference == "CHART-1"
        adapter.close()


def test_one_connection_carries_message_after_message(monkeypatch):
    """Until it is old, the engine hangs up, or somebody speaks out of turn."""
    with engine(ack()) as told:
        adapter = adapter_at(told.port)
        for _ in range(3):
            adapter.send(tenant())
        assert told.connections == 1
        adapter.close()
        adapter.close()
        monkeypatch.setattr(hl7_link, "IDLE_SECONDS", 0.0)
        forgetful = adapter_at(told.port)
        for _ in range(2):
            forgetful.send(tenant())
        assert told.connections == 3
        forgetful.close()


def test_what_comes_behind_an_answer_is_never_the_answer_to_the_next():
    """Two acknowledgments in one breath: the second one's connection is closed with it unread."""
    with engine(ack() + ack("AA", LATE), ack()) as told:
        adapter = adapter_at(told.port)
        assert [adapter.send(tenant()).reference for _ in range(2)] == ["CHART-1", "CHART-1"]
        assert told.connections == 2
        adapter.close()


def test_what_is_said_out_of_turn_is_never_the_answer_to_the_next():
    """A second acknowledgment comes while nothing is asked: that connection is not used again."""
    heard, spoken = threading.Event(), threading.Event()

    def twice(conn):
        conn.sendall(ack())
        assert heard.wait(5)
        conn.sendall(ack("AA", LATE))
        spoken.set()
        wait(conn)

    with engine(twice, ack()) as told:
        adapter = adapter_at(told.port)
        adapter.send(tenant())
        heard.set()
        assert spoken.wait(5)
        assert adapter.send(tenant()).reference == "CHART-1"
        assert told.connections == 2
        adapter.close()


def test_after_stored_the_connection_is_not_used_again():
    """What the application says later is never taken for the answer to the next message."""
    with engine(ack("CA")) as told:
        adapter = adapter_at(told.port, success={"MSA_1": ["AA", "CA"]})
        assert [adapter.send(tenant()).status for _ in range(2)] == ["CA", "CA"]
        assert told.connections == 2


def test_an_address_that_is_not_allowed_is_never_dialed():
    with engine(ack()) as told:
        job = dataclasses.replace(engine_job(told.port), allow_private=())
        adapter = Hl7MllpV1(job, None, MemoryPins())
        for call in (lambda: adapter.send(tenant()), adapter.ping):
            with pytest.raises(errors.NotSent) as caught:
                call()
            assert caught.value.code == "address_refused"
        assert told.connections == 0


def test_nobody_there_is_not_sent():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for call in (lambda: adapter_at(port).send(tenant()), adapter_at(port).ping):
        with pytest.raises(errors.NotSent) as caught:
            call()
        assert caught.value.code == "connect"


def test_a_ping_connects_and_says_nothing():
    with socket.create_server(("127.0.0.1", 0)) as server:
        adapter_at(server.getsockname()[1]).ping()
        conn, _ = server.accept()
        with conn:
            assert conn.recv(1) == b""


CLIENT = {"client_cert": "pem", "client_key": "key"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return certificates.make(tmp_path_factory.mktemp("mllps"))


@pytest.fixture
def guarded(folder):
    """Make an engine's side of TLS that lets in who shows our certificate, and nobody else."""
    return certificates.demanding(folder)


def test_mllps_shows_the_certificate_of_the_connection(folder, guarded, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "ours.pem"))
    shown = Credentials(extra={name: str(folder / f"ours.{end}") for name, end in CLIENT.items()})
    with engine(ack(), context=guarded) as told:
        job = engine_job(told.port, scheme="mllps", host="localhost")
        adapter = Hl7MllpV1(job, shown, MemoryPins())
        adapter.ping()
        assert adapter.send(tenant()).reference == "CHART-1"
        adapter.close()
        with pytest.raises(errors.LoginRefused) as caught:
            Hl7MllpV1(job, None, MemoryPins()).send(tenant())
        assert caught.value.code == "client_cert_refused"
        assert len(told.messages) == 1


def test_a_certificate_that_is_not_the_engines_stops_everything(folder, guarded):
    """No byte of the message leaves, and nothing is said in the clear."""
    with engine(ack(), context=guarded) as told:
        adapter = Hl7MllpV1(engine_job(told.port, scheme="mllps", host="localhost"), None, MemoryPins())
        with pytest.raises(errors.NotSent) as caught:
            adapter.send(tenant())
        assert caught.value.code == "tls_unknown_ca"
        assert told.messages == []
