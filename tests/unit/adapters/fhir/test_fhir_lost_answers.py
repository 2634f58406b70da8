"""Answers of a real server that are lost on the way: it is asked, and has one resource."""

from __future__ import annotations

import contextlib
import socket
from urllib.parse import urlsplit

import pytest
from tests.peers.clinics import fhirstarter_clinic
from tests.peers.node import medplum_hospital
from tests.unit.adapters.hospitals import hospital, hospital_job, push_of
from tests.unit.adapters.liar import liar
from tests.unit.flow.vendors import TOPIC, drain, settle, state, trail

from hms_syn.domain.job_spec import Retry
from hms_syn.domain.topic_event import new_event
from hms_syn.flow.publish import publish
from hms_syn.store.sql_store import SqlStore

pytestmark = pytest.mark.peers


@pytest.fixture
def queue(tmp_path):
    with contextlib.closing(SqlStore(f"sqlite:///{tmp_path}/q.db")) as store:
        store.create()
        yield store


def passed_on(request: bytes, root: str) -> bytes:
    """Return the answer of the server behind us to a request."""
    url = urlsplit(root)
    first, _, rest = request.partition(b"\r\n")
    with socket.create_connection((url.hostname, url.port)) as upstream:
        upstream.sendall(
            first.replace(b"/fhir", url.path.encode(), 1) + b"\r\n" + rest.replace(b"keep-alive", b"close")
        )
        pieces = b""
        while piece := upstream.recv(65536):
            pieces += piece
    return pieces


@contextlib.contextmanager
def losing(root: str, what: bytes):
    """Stand before a server, and lose its first answer to such a request."""
    lost = []

    def script(conn):
        request = peer.requests[-1]
        answer = passed_on(request, root)
        if request.startswith(what) and not lost:
            lost.append(answer)
            return
        conn.sendall(answer)

    with liar(script) as peer:
        yield peer, lost


@pytest.mark.parametrize(
    ("server", "what"),
    [
        pytest.param(medplum_hospital, b"POST", id="medplum, the create"),
        pytest.param(fhirstarter_clinic, b"POST", id="fhirstarter, the create"),
        pytest.param(fhirstarter_clinic, b"GET", id="fhirstarter, the reading back"),
    ],
)
def test_a_lost_answer_is_asked_for_and_the_server_has_one_resource(queue, server, what):
    """F18: nothing is made twice, also by a server that ignores If-None-Exist."""
    with server() as root, losing(root, what) as (peer, lost):
        job = hospital_job(
            f"{peer.origin}/fhir",
            push=push_of(timeout=2.0),
            source_topics=(TOPIC,),
            retry=Retry(initial_delay=0.02, multiplier=1, jitter=0),
        )
        queue.register(job)
        publish(queue, [new_event(TOPIC, {"case_id": "HUD-1", "date": "2024-09-02"}, agency="hud", message_id="m1")])
        adapter = hospital(f"{peer.origin}/fhir", push=push_of(timeout=2.0))
        worker, _ = drain(queue, job, adapter)
        settle(queue, job, worker)
        adapter.close()
        posts = [request for request in peer.requests if request.startswith(b"POST")]
        assert (len(lost), len(posts)) == (1, 1)
    assert state(queue) == "delivered"
    assert trail(queue) == ["attempt", "unknown", "in_doubt", "resolved", "delivered"]
