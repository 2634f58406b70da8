"""Signatures of requests, checked by somebody else's library for Standard Webhooks."""

from __future__ import annotations

import base64
import time

import pytest
from standardwebhooks import Webhook, WebhookVerificationError
from tests.unit.adapters.liar import KEY, court_job, http, liar

from hms_syn import errors
from hms_syn.adapters.auth.choice import authenticator
from hms_syn.adapters.deadline import Deadline
from hms_syn.adapters.http_client import client_for
from hms_syn.adapters.json_calls import JsonCalls
from hms_syn.ports import Credentials


def secret(fill: bytes, length: int = 32) -> str:
    return "whsec_" + base64.b64encode(fill * length).decode()


OLD, NEW, OTHER = secret(b"o"), secret(b"n"), secret(b"x")
BODY = '{"case": "HUD-22-109", "note": "✓"}'.encode()


def signer(password):
    return authenticator(
        court_job("https://gateway.example.gov"), Credentials(password=password, extra={"auth": "hmac"})
    )


def signed(password, key=KEY):
    return dict(signer(password).headers(body=BODY, key=key, deadline=Deadline(1)))


@pytest.mark.parametrize("password", [NEW, secret(b"n", 24), secret(b"n", 64), secret(b"n", 25).rstrip("=")])
def test_the_vendor_can_check_what_we_sign(password):
    """With the idempotency key as the message's id, and the seconds of now."""
    headers = signed(password)
    assert Webhook(password).verify(BODY, headers)["case"] == "HUD-22-109"
    assert headers["webhook-id"] == KEY
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 5


def test_a_signature_is_for_one_body_one_key_and_one_secret():
    """Changed in anything, it proves nothing."""
    headers = signed(NEW)
    for body, changed, known in (
        (BODY + b" ", headers, NEW),
        (BODY, {**headers, "webhook-id": "another"}, NEW),
        (BODY, {**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) - 1)}, NEW),
        (BODY, headers, OTHER),
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(known).verify(body, changed)


def test_while_a_secret_is_replaced_both_sign():
    """A vendor that knows the old one, and one that knows the new one, are both content."""
    headers = signed(f"{NEW} {OLD}")
    assert headers["webhook-signature"].count("v1,") == 2
    for known in (OLD, NEW):
        Webhook(known).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER).verify(BODY, headers)


def test_a_question_without_a_message_has_an_id_of_its_own():
    """A pull or a ping is signed too, and no two are alike."""
    one, other = signed(NEW, key=""), signed(NEW, key="")
    assert one["webhook-id"] != other["webhook-id"]
    Webhook(NEW).verify(BODY, one)


def test_what_is_signed_is_what_arrives():
    """The bytes on the wire are the signed ones."""
    with liar(http()) as peer:
        job = court_job(peer.origin)
        credentials = Credentials(password=NEW, extra={"auth": "hmac"})
        http_client = client_for(job, credentials, timeout=2, max_bytes=1000)
        calls = JsonCalls(http=http_client, auth=authenticator(job, credentials), timeout=2)
        calls.request("POST", f"{peer.origin}/soap", headers={}, body=BODY, key=KEY)
        calls.close()
    head, _, body = peer.requests[0].partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    Webhook(NEW).verify(body, headers)


@pytest.mark.parametrize(
    "password",
    [
        "",
        "   ",
        "whsec_",
        secret(b"n", 23),
        secret(b"n", 65),
        NEW.removeprefix("whsec_"),
        "whsec_not/base64!",
        f"{NEW} x",
    ],
)
def test_what_is_no_secret_is_told_before_anything_is_sent(password):
    """By the field's name, without what stands in it."""
    with pytest.raises(errors.ContractMismatch) as caught:
        signer(password)
    assert "'password'" in str(caught.value)
    assert "bm5u" not in str(caught.value)


def test_no_repr_shows_a_secret():
    """A signer in a traceback's locals says nothing."""
    assert "nnnn" not in repr(signer(NEW))
    assert not signer(NEW).renew()
