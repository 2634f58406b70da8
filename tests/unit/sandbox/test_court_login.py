"""Who may come in to the pretend court."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
import zeep
from tests.unit.sandbox.letters import ask, create, enter, fault, received
from zeep.wsse.username import UsernameToken

from hms_syn.sandbox.court_soap import Login, serve


@pytest.fixture
def locked():
    with serve(login=Login("hud", "s3cret-päss")) as address:
        yield address


@pytest.mark.parametrize("digest", [False, True])
def test_the_right_token_comes_in(locked, digest):
    """A UsernameToken is taken as text and as digest."""
    assert enter(locked, UsernameToken("hud", "s3cret-päss", use_digest=digest)).status == "ACCEPTED"


NOW = datetime.now(timezone.utc)


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        (None, "no UsernameToken"),
        (UsernameToken("hud", "wrong"), "wrong user or password"),
        (UsernameToken("hud", "wrong", use_digest=True), "wrong user or password"),
        (UsernameToken("eve", "s3cret-päss"), "wrong user or password"),
        (UsernameToken("hud", "s3cret-päss", use_digest=True, created=NOW - timedelta(hours=1)), "stale token"),
        (UsernameToken("hud", "s3cret-päss", use_digest=True, created=NOW + timedelta(hours=1)), "stale token"),
    ],
)
def test_a_wrong_token_stays_out(locked, token, reason):
    """The sender learns that it failed, the court's log why, and neither holds the password."""
    with pytest.raises(zeep.exceptions.Fault) as caught:
        enter(locked, token)
    assert (caught.value.code, received(locked)["hearings"]) == ("wsse:FailedAuthentication", [])
    assert received(locked)["arrivals"][0]["outcome"] == f"not authenticated: {reason}"
    assert b"s3cret" not in ask(locked, "GET", "/")[2] + ask(locked, "GET", "/received")[2]


def test_a_token_is_good_once(locked):
    """A replayed nonce is refused."""
    token = UsernameToken("hud", "s3cret-päss", use_digest=True, nonce="abc", created=datetime.now(timezone.utc))
    assert enter(locked, token).status == "ACCEPTED"
    with pytest.raises(zeep.exceptions.Fault):
        enter(locked, token)
    assert received(locked)["arrivals"][-1]["outcome"] == "not authenticated: token used before"


def test_a_stranger_gets_401(locked):
    """A missing token is HTTP 401 with a fault and a challenge."""
    status, headers, _ = answer = create(locked)
    assert (status, fault(answer)[1], headers["WWW-Authenticate"][:4]) == (401, "wsse:FailedAuthentication", "WSSE")
