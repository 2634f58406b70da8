"""A password that changes while messages wait: nothing is lost, nothing starts anew, and nobody insists."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

import pytest
from tests.conftest import make_job
from tests.harness.gateways import gateway
from tests.unit.adapters.liar import LOOPBACK
from tests.unit.flow.vendors import drain, hearing, settle

from hms_syn import errors, wiring
from hms_syn.adapters import http_status
from hms_syn.adapters.auth.choice import authenticator
from hms_syn.adapters.http_client import client_for
from hms_syn.adapters.in_memory_v1 import InMemoryV1
from hms_syn.adapters.json_calls import JsonCalls, document
from hms_syn.adapters.renewed import Renewed
from hms_syn.domain.ack import Ack
from hms_syn.domain.job_spec import Breaker, Push
from hms_syn.flow.publish import publish
from hms_syn.ports import Credentials
from hms_syn.sandbox.court_soap import Court, Login, serve

if TYPE_CHECKING:
    from hms_syn.domain.delivery import Delivery

COUNT = 50
WAIT = 0.4
NEW = "new-s3cret"


class Connection:
    """What the officer sees under Admin, and how often it was read."""

    def __init__(self, password: str) -> None:
        self.password = password
        self.reads = 0

    def __call__(self, _connection_id: str) -> Credentials:
        self.reads += 1
        return Credentials(login="clerk", password=self.password)


class Gateway:
    """A payment gateway as an adapter meets it: JSON behind a token, one payment for each key."""

    idempotent = True
    finds = False

    def __init__(self, job, credentials, _pins=None):
        self._url = f"{job.target_endpoint}/payments"
        http = client_for(job, credentials, timeout=5, max_bytes=10_000)
        self._calls = JsonCalls(http=http, auth=authenticator(job, credentials), timeout=5)

    def send(self, message: Delivery) -> Ack:
        key = message.idempotency_key
        body = json.dumps(message.payload).encode()
        response = self._calls.request("POST", self._url, headers={"Idempotency-Key": key}, body=body, key=key)
        http_status.check(response)
        answer = document(response)
        return Ack(reference=answer["id"], status=answer["status"])

    def close(self) -> None:
        self._calls.close()


def job_at(endpoint, **push):
    quick = {"timeout": 2.0, "lease": 4.0, "breaker": Breaker(after=5, open_for=WAIT), **push}
    return make_job(
        push_adapter="oracle.soap.v1",
        target_endpoint=endpoint,
        allow_private=LOOPBACK,
        connection_id="court",
        push=Push(**quick),
    )


def waiting(store, job):
    store.register(job)
    publish(store, [hearing(number, case_id=f"HUD-{number}", date="2024-09-02") for number in range(COUNT)])


def states(store):
    return {row["deliveries"][0]["state"] for number in range(COUNT) for row in store.trace(f"m{number}")}


def test_a_corrected_password_is_taken_up_by_the_same_worker(store, monkeypatch):
    """F32: while it was wrong one message tried each time the wait was over; then all arrive, in order, once each."""
    monkeypatch.setattr(http_status, "LOGIN_WAIT", WAIT)  # a minute, as test_gate and test_soap_find have it
    connection, court = Connection("old-s3cret"), Court()
    with serve(court, login=Login("clerk", NEW)) as url:
        job = job_at(f"{url}/soap")
        waiting(store, job)
        adapter = wiring.push_adapter(job, store, find_credentials=connection)
        with contextlib.closing(adapter):
            worker, reports = drain(store, job, adapter)
            for _ in range(3):
                worker.run()
                assert 0 < store.next_due(job.id) <= WAIT
                worker.run()  # nothing is due: nobody is asked
                while store.next_due(job.id) > 0:
                    store.wait(job.id, 0.01)
            assert [report.code for report in reports] == ["http_401"] * 3
            assert len(court.received()["arrivals"]) == 3
            connection.password = NEW
            settle(store, job, worker)
        hearings = [row["case_id"] for row in court.received()["hearings"]]
    assert hearings == [f"HUD-{number}" for number in range(COUNT)]
    assert states(store) == {"delivered"}
    assert connection.reads == 1 + 3  # at the start, and after each refusal


def test_a_password_that_is_right_is_read_once(store):
    """No message costs a look into the database of connections."""
    connection = Connection(NEW)
    with serve(Court(), login=Login("clerk", NEW)) as url:
        job = job_at(f"{url}/soap")
        waiting(store, job)
        with contextlib.closing(wiring.push_adapter(job, store, find_credentials=connection)) as adapter:
            settle(store, job, drain(store, job, adapter)[0])
    assert states(store) == {"delivered"}
    assert connection.reads == 1


def test_a_connection_that_cannot_be_read_again_keeps_every_message_here(store):
    """Airflow may be away at just that moment; nothing was sent, and the next try reads it."""
    answers = [Credentials(login="clerk", password="old"), RuntimeError("hunter2"), Credentials(login="clerk")]

    def find(_connection_id):
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    with serve(Court(), login=Login("clerk", NEW)) as url:
        job = job_at(f"{url}/soap")
        waiting(store, job)
        with contextlib.closing(wiring.push_adapter(job, store, find_credentials=find)) as adapter:
            [message] = store.pop(job, owner="w1").deliveries[:1]
            with pytest.raises(errors.LoginRefused):
                adapter.send(message)
            with pytest.raises(errors.NotSent) as caught:
                adapter.send(message)
            assert caught.value.code == "connection_unread"
            assert "hunter2" not in str(caught.value)
            with pytest.raises(errors.LoginRefused):
                adapter.send(message)


def test_only_a_refused_login_makes_an_adapter_anew():
    """Any other trouble keeps the connection, the contract and the token that are there."""
    made = []

    class Moody(InMemoryV1):
        def ping(self):
            raise trouble

        def close(self):
            made.append("closed")

    def make():
        made.append("made")
        return Moody(make_job(), None, None)

    adapter = Renewed(make)
    for trouble in (errors.VendorBusy(), errors.NotSent(), errors.OutcomeUnknown(), errors.ContractMismatch()):
        with pytest.raises(type(trouble)):
            adapter.ping()
    assert made == ["made"]
    trouble = errors.LoginRefused()
    for _ in range(2):
        with pytest.raises(errors.LoginRefused):
            adapter.ping()
    assert made == ["made", "closed", "made", "closed"]
    adapter.close()
    assert made[-1] == "closed"
    assert (adapter.idempotent, adapter.finds) == (True, True)


@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_token_that_ends_in_the_middle_of_a_batch_loses_nothing(store, concurrency):
    """The vendor says 401 once; one new token is asked for, and the same message goes out with it at once."""
    with gateway() as vendor:
        ordering = "case_id" if concurrency > 1 else None
        job = job_at(vendor.origin, concurrency=concurrency, ordering_key=ordering)
        extra = {"auth": "oauth2_client_credentials", "token_url": f"{vendor.origin}/token"}
        credentials = Credentials(login="hud", password="s3cret", extra=extra)
        waiting(store, job)

        def end_the_token(hand_off):
            ended.append(hand_off.message_id)
            if len(ended) == COUNT // 2:
                vendor.issuer.issued.clear()

        ended = []
        with contextlib.closing(Gateway(job, credentials)) as adapter:
            worker, _ = drain(store, job, adapter, another=lambda: Gateway(job, credentials))
            worker.report = end_the_token
            settle(store, job, worker)
            worker.close()
        assert states(store) == {"delivered"}
        assert len(vendor.payments) == COUNT
        assert vendor.asked == 2
        assert 1 <= vendor.arrivals.count(401) <= concurrency
        assert vendor.arrivals.count(201) == COUNT
    attempts = [row["attempts"] for number in range(COUNT) for row in store.trace(f"m{number}")]
    assert all(len(rows) == 1 for rows in attempts)


def test_a_token_endpoint_that_is_away_holds_the_queue_and_loses_nothing(store):
    """Nothing goes to the vendor without a token; when the endpoint is back, everything does."""
    with gateway(secret="another") as vendor:
        job = job_at(vendor.origin)
        extra = {"auth": "oauth2_client_credentials", "token_url": "http://127.0.0.1:1/token"}
        waiting(store, job)
        with contextlib.closing(Gateway(job, Credentials(login="hud", password="another", extra=extra))) as adapter:
            drain(store, job, adapter)[0].run()
        assert (vendor.arrivals, states(store)) == ([], {"pending"})
        extra["token_url"] = f"{vendor.origin}/token"
        with contextlib.closing(Gateway(job, Credentials(login="hud", password="another", extra=extra))) as adapter:
            settle(store, job, drain(store, job, adapter)[0])
        assert (len(vendor.payments), states(store)) == (COUNT, {"delivered"})
