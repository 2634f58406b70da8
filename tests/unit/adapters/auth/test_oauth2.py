"""Client credentials against oauthlib's own server, and against endpoints that lie."""

from __future__ import annotations

import json
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from tests.harness.gateways import gateway
from tests.unit.adapters.liar import LOOPBACK, court_job, drip, http, liar

from hms_syn import errors
from hms_syn.adapters.auth import shared_tokens
from hms_syn.adapters.auth.choice import authenticator
from hms_syn.adapters.deadline import Deadline
from hms_syn.ports import Credentials

JSON = "Content-Type: application/json\r\n"
SECRET = "s3cret"


def client(token_url, *, login="hud", password=SECRET, job=None, **extra):
    extra = {"auth": "oauth2_client_credentials", "token_url": token_url, **extra}
    job = job or court_job("http://127.0.0.1:1", allow_private=LOOPBACK)
    return authenticator(job, Credentials(login=login, password=password, extra=extra))


def said(auth, seconds=5.0):
    return auth.headers(body=b"", key="k", deadline=Deadline(seconds))["Authorization"]


def answer(fields, **more):
    return http(json.dumps(fields), headers=JSON, **more)


@pytest.mark.parametrize(("extra", "way"), [({}, "basic"), ({"token_auth": "body"}, "body")])
def test_a_token_is_asked_for_once_and_opens_the_door(extra, way):
    """Both places for the secret; the second request, and the second adapter, use the same token."""
    with gateway() as vendor:
        one = client(f"{vendor.origin}/token", **extra)
        first = said(one)
        assert vendor.issuer.is_good(first)
        assert said(one) == said(client(f"{vendor.origin}/token", **extra)) == first
        assert (vendor.asked, vendor.issuer.ways) == (1, [way])


@pytest.mark.parametrize("password", ["p:a%ss w+rd&=", "pässwörd", "🔑" * 3])
@pytest.mark.parametrize("way", ["basic", "body"])
def test_any_secret_arrives_as_it_is(password, way):
    """What would end a field, or is not ASCII, is encoded as the RFC has it."""
    with gateway(secret=password) as vendor:
        assert vendor.issuer.is_good(said(client(f"{vendor.origin}/token", password=password, token_auth=way)))


def test_a_scope_is_asked_for_and_another_scope_is_another_token():
    """The scope is part of what the token is for."""
    with gateway() as vendor:
        pay, read = (said(client(f"{vendor.origin}/token", scope=scope)) for scope in ("pay", "read"))
        assert pay != read
        assert vendor.asked == 2


@pytest.fixture
def clock(monkeypatch):
    """Let the test say what time it is for tokens; the network keeps its own."""
    known = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(shared_tokens, "time", SimpleNamespace(monotonic=lambda: known.now))
    return known


@pytest.mark.parametrize(("life", "margin"), [(3600, 60), (100, 10)])
def test_a_token_is_renewed_before_its_end(clock, life, margin):
    """A minute before, or a tenth of its life, so that none ends on its way."""
    with gateway(says=life) as vendor:
        auth = client(f"{vendor.origin}/token")
        first = said(auth)
        clock.now += life - margin - 1
        assert said(auth) == first
        clock.now += 2
        assert said(auth) != first
        assert vendor.asked == 2


def test_a_refused_client_is_tried_again_when_the_minute_is_over(clock):
    """What was wrong may have been put right at the vendor's."""
    good = answer({"access_token": "abc"})
    with liar(http(status="401 No"), good) as endpoint:
        auth = client(f"{endpoint.origin}/token")
        for seconds in (0, 59):
            clock.now += seconds
            with pytest.raises(errors.LoginRefused):
                said(auth)
        assert len(endpoint.requests) == 1
        clock.now += 1
        assert said(auth) == "Bearer abc"


@pytest.mark.parametrize("given", [{}, {"expires_in": "soon"}, {"expires_in": -1}, {"expires_in": None}])
def test_a_token_without_a_sensible_life_is_kept_for_a_while(given):
    """Neither for ever nor never."""
    with liar(answer({"access_token": "abc", **given})) as endpoint:
        auth = client(f"{endpoint.origin}/token")
        assert said(auth) == said(auth) == "Bearer abc"
    assert len(endpoint.requests) == 1


def test_many_at_once_ask_once():
    """Eight threads want a token: one asks, the others wait for the same."""
    with gateway() as vendor, ThreadPoolExecutor(8) as pool:
        vendor.pause = 0.2
        tokens = list(pool.map(lambda _: said(client(f"{vendor.origin}/token")), range(8)))
    assert len(set(tokens)) == 1
    assert vendor.asked == 1


def test_many_at_once_are_refused_once():
    """A refusal is the answer for all who waited for it, and for who comes within the minute."""

    def refused(_):
        with pytest.raises(errors.LoginRefused) as caught:
            said(client(f"{vendor.origin}/token", password="wrong"))
        return caught.value

    with gateway() as vendor, ThreadPoolExecutor(8) as pool:
        vendor.pause = 0.2
        found = [*pool.map(refused, range(8)), refused(0)]
        assert vendor.asked == 1
        assert {error.code for error in found} == {"token_http_401"}
        assert all(55 < error.retry_after <= 60 for error in found)
        assert vendor.issuer.is_good(said(client(f"{vendor.origin}/token")))  # another secret is another client


def test_who_waits_waits_no_longer_than_its_own_deadline():
    """A slow endpoint is no reason to hold a message past its time."""
    with gateway() as vendor:
        vendor.pause = 3.0
        slow = threading.Thread(target=said, args=(client(f"{vendor.origin}/token"),))
        slow.start()
        time.sleep(0.2)
        began = time.monotonic()
        with pytest.raises(errors.NotSent) as caught:
            said(client(f"{vendor.origin}/token"), 0.2)
        assert time.monotonic() - began < 2.5
        slow.join()
    assert caught.value.code == "token_timeout"


def test_what_the_vendor_refused_is_dropped_and_nothing_else():
    """Two adapters with one token: the first to be refused renews it for both."""
    with gateway() as vendor:
        one, other = client(f"{vendor.origin}/token"), client(f"{vendor.origin}/token")
        old = said(one)
        assert said(other) == old
        assert one.renew()
        new = said(one)
        assert other.renew()
        assert said(other) == new != old
        assert vendor.asked == 2


def test_nothing_said_is_nothing_to_renew():
    """There is no second try for what was never tried."""
    assert not client("https://login.example.gov/token").renew()


def test_a_token_that_is_still_good_bridges_an_endpoint_that_is_away(clock):
    """The margin is there for this; meanwhile the endpoint is left alone for some seconds at a time."""
    with liar(answer({"access_token": "abc", "expires_in": 100}), http(status="503 Busy")) as endpoint:
        auth = client(f"{endpoint.origin}/token")
        assert said(auth) == "Bearer abc"
        clock.now += 91
        assert said(auth) == said(auth) == "Bearer abc"
        assert len(endpoint.requests) == 2
        clock.now += 6
        assert said(auth) == "Bearer abc"
        assert len(endpoint.requests) == 3
        clock.now += 4
        with pytest.raises(errors.NotSent):
            said(auth)


LIES = {
    "token_http_500": http(status="500 Oops"),
    "token_http_503": http(status="503 Busy", headers="Retry-After: 7\r\n"),
    "token_http_418": http("{}", status="418 Teapot"),
    "token_redirect": http(status="302 Found", headers="Location: https://elsewhere.example.gov/\r\n"),
    "token_html": http("<html>Sign in</html>", headers="Content-Type: text/html\r\n"),
    "token_not_json": http("access_token=abc", headers="Content-Type: text/plain\r\n"),
    "token_bad_json": http("{access_token", headers=JSON),
    "token_empty": http(headers=JSON),
    "token_missing": answer({"token_type": "bearer"}),
    "token_unusable": answer({"access_token": "abc\r\nX-Admin: 1"}),
    "token_error": answer({"error": "court closed, ask Bob at 555-0100"}, status="400 Bad"),
    "token_truncated": http("{", headers=JSON, length=99),
    "token_too_large": http(b" " * 70_000, headers=JSON),
    "token_bad_http": b"hello\r\n\r\n",
    "token_timeout": drip(b"HTTP/1.1 200 OK\r\n"),
}
MORE = [
    ("token_bad_json", answer(["abc"])),
    ("token_bad_json", http('{"access_token": "a", "access_token": "b"}', headers=JSON)),
    ("token_missing", answer({"access_token": None})),
    ("token_missing", answer({"access_token": ["abc"]})),
    ("token_unusable", answer({"access_token": "two words"})),
    ("token_unusable", answer({"access_token": "ключ"})),
]


@pytest.mark.parametrize(("code", "script"), [*LIES.items(), *MORE])
def test_an_endpoint_that_gives_no_token_keeps_the_message_here(code, script):
    """Nothing was sent to the vendor, whatever the endpoint did; none of its words are repeated."""
    script = (lambda conn: conn.sendall(LIES[code])) if code == "token_truncated" else script
    with liar(script) as endpoint, pytest.raises(errors.NotSent) as caught:
        said(client(f"{endpoint.origin}/token"), 0.5 if code == "token_timeout" else 5)
    assert caught.value.code == code
    assert not any(word in str(caught.value) for word in ("Bob", "Sign in", "Admin", "abc", SECRET))
    assert caught.value.retry_after == (7 if code == "token_http_503" else None)


def test_an_endpoint_that_is_not_there_keeps_the_message_here():
    """F26: neither is the token endpoint's absence an answer of the vendor."""
    with liar(b"") as endpoint:
        gone = endpoint.origin
    with pytest.raises(errors.NotSent) as caught:
        said(client(f"{gone}/token"))
    assert caught.value.code == "token_connect"


@pytest.mark.parametrize(
    ("script", "code"),
    [
        (http(status="401 No"), "token_http_401"),
        (http("<html>", status="403 No"), "token_http_403"),
        (answer({"error": "invalid_client"}, status="400 Bad"), "token_invalid_client"),
        (
            answer({"error": "invalid_grant", "error_description": "hud locked"}, status="400 Bad"),
            "token_invalid_grant",
        ),
        (answer({"error": "unauthorized_client"}), "token_unauthorized_client"),
    ],
)
def test_a_client_that_is_refused_is_a_refused_login(script, code):
    """F32: as with the vendor's own no, one try a minute; and asking again within it asks nobody."""
    with liar(script) as endpoint:
        for _ in range(2):
            with pytest.raises(errors.LoginRefused) as caught:
                said(client(f"{endpoint.origin}/token"))
            assert caught.value.code == code
            assert 55 < caught.value.retry_after <= 60
            assert "locked" not in str(caught.value)
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize(
    ("script", "code"),
    [
        (answer({"access_token": "abc", "token_type": "mac"}), "token_type"),
        (answer({"access_token": "abc", "token_type": 7}), "token_type"),
        (answer({"error": "invalid_scope"}, status="400 Bad"), "token_invalid_scope"),
        (answer({"error": "unsupported_grant_type"}, status="400 Bad"), "token_unsupported_grant_type"),
        (http(status="404 Nothing"), "token_http_404"),
    ],
)
def test_what_only_a_person_can_mend_is_said_as_such(script, code):
    """The connection and the endpoint do not fit together."""
    with liar(script) as endpoint, pytest.raises(errors.ContractMismatch) as caught:
        said(client(f"{endpoint.origin}/token"))
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"login": ""}, "login"),
        ({"password": ""}, "password"),
        ({"token_url": ""}, "token_url"),
        ({"token_url": "http://login.example.gov/token"}, "token_url"),
        ({"token_url": "http://8.8.8.8/token"}, "token_url"),
        ({"token_url": "https://hud:hunter2@login.example.gov/token"}, "token_url"),
        ({"token_url": "https://127.1/token"}, "token_url"),
        ({"token_url": "https://10.0.0.1/token"}, "token_url"),
        ({"token_url": "ftp://login.example.gov/token"}, "token_url"),
        ({"token_url": 7}, "token_url"),
        ({"token_auth": "cookie"}, "token_auth"),
        ({"scope": 'pay "all"'}, "scope"),
        ({"scope": ["pay"]}, "scope"),
        ({"login": "h\nud"}, "login"),
    ],
)
def test_a_field_that_cannot_be_used_is_named_before_anything_is_sent(changes, field):
    """By its name, without what stands in it."""
    with pytest.raises(errors.ContractMismatch) as caught:
        client(**{"token_url": "https://login.example.gov/token", **changes})
    assert f"'{field}'" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_an_endpoint_at_an_address_the_job_may_not_reach_is_not_asked():
    """F28: the token endpoint is a place like any other."""
    with gateway() as vendor:
        url = f"{vendor.origin}/token".replace("http:", "https:")
        with pytest.raises(errors.ContractMismatch) as caught:
            client(url, job=court_job("https://gateway.example.gov", allow_private=()))
        assert vendor.asked == 0
    assert caught.value.code == "address_refused"


def test_no_log_and_no_repr_shows_a_token_or_the_secret(caplog):
    """Not even at DEBUG, with all that oauthlib has to say."""
    token = "t0ken-of-a-test"
    with liar(answer({"access_token": token})) as endpoint, caplog.at_level(logging.DEBUG):
        auth = client(f"{endpoint.origin}/token")
        assert said(auth) == f"Bearer {token}"
        shown = f"{auth!r} {auth._client!r} {auth._shared!r} {caplog.text}"
    assert token not in shown
    assert SECRET not in shown
