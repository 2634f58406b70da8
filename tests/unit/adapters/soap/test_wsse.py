"""How a vendor learns who we are."""

from __future__ import annotations

import base64
import logging

import pytest
from tests.unit.adapters.liar import court, court_job, hearing, http, liar, scheduled

from hms_syn import errors
from hms_syn.ports import Credentials

PASSWORD = "correct horse"


def request_with(**extra: str) -> bytes:
    with liar(http(scheduled())) as peer:
        court(court_job(peer.origin), credentials=Credentials(login="hud", password=PASSWORD, extra=extra)).send(
            hearing()
        )
    return peer.requests[0]


def test_a_login_means_a_username_token():
    """The connection's login and password are all it takes."""
    request = request_with()
    assert b"<wsse:Username>hud</wsse:Username>" in request
    assert b"#PasswordText" in request


def test_a_digest_does_not_send_the_password():
    """With a digest the vendor can check what nobody can read."""
    request = request_with(wsse="username_token_digest")
    assert b"#PasswordDigest" in request
    assert PASSWORD.encode() not in request


def test_basic_is_an_http_header():
    """Some vendors look at HTTP only."""
    request = request_with(wsse="basic")
    assert b"Authorization: Basic " + base64.b64encode(f"hud:{PASSWORD}".encode()) in request
    assert b"Security" not in request


def test_none_sends_nothing():
    """Credentials can be kept for something else."""
    request = request_with(wsse="none")
    assert b"hud<" not in request
    assert b"Authorization" not in request


def test_an_unknown_way_is_a_problem_of_the_job():
    """A slip in the connection is told before anything is sent."""
    adapter = court(court_job("http://127.0.0.1:1"), credentials=Credentials(login="hud", extra={"wsse": "kerberos"}))
    assert adapter.check()[0][0] == "job.connection_id"
    with pytest.raises(errors.ContractMismatch):
        adapter.send(hearing())


def test_no_log_and_no_text_shows_the_password(caplog):
    """Not even at DEBUG."""
    logging.getLogger().setLevel(logging.DEBUG)
    with caplog.at_level(logging.DEBUG):
        request_with()
    assert PASSWORD not in caplog.text
    assert "HUD-22-109" not in caplog.text
    assert PASSWORD not in repr(Credentials(login="hud", password=PASSWORD))
