"""The pretend payment gateway, asked over real connections by HTTP and OAuth clients that are not ours."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from oauthlib.oauth2 import BackendApplicationClient, InvalidClientError
from tests.harness.vendor_clock import VendorClock

from hms_syn.sandbox.json_manners import AFTER, INSTEAD
from hms_syn.sandbox.payments_http import OWN, TOKEN_MODES
from hms_syn.sandbox.payments_rest import Gateway, Tokens, manners, serve

HOLD = {"caseId": "HUD-22-109", "subsidyId": "SUB-80113", "reason": "unsafe property", "effectiveDate": "2024-09-02"}
KEY = "5c2d1c4e-0000-4000-8000-000000000001"
SECRET = "s3cret & <quoted> ü:"


@pytest.fixture
def clock():
    return VendorClock()


@pytest.fixture
def gateway(clock):
    return Gateway(clock=clock)


@pytest.fixture
def client(gateway):
    with serve(gateway) as url, httpx.Client(base_url=url) as http:
        yield http


@pytest.fixture
def locked(clock):
    """Give a client of a gateway that asks for tokens, and those."""
    tokens = Tokens("hms-syn", SECRET, life=60, clock=lambda: clock().timestamp())
    with serve(Gateway(clock=clock), tokens=tokens) as url, httpx.Client(base_url=url) as http:
        yield http, tokens


@pytest.fixture
def rude():
    """Start gateways in a mode."""
    started = []

    def start(mode, *, times=None, delay=0.2):
        context = serve(manners=manners(mode, times=times, delay=delay))
        started.append(context)
        return httpx.Client(base_url=context.__enter__(), timeout=2)

    yield start
    for context in started:
        context.__exit__(None, None, None)


def place(client, hold=HOLD, *, key=KEY, **headers):
    return client.post("/holds", json=hold, headers={"Idempotency-Key": key, **headers})


def received(client):
    return client.get("/received").json()


def token_of(client, secret=SECRET, **form):
    """Ask for a token as oauthlib does."""
    oauth = BackendApplicationClient("hms-syn")
    body = oauth.prepare_request_body(**form)
    answer = client.post(
        "/token",
        content=body,
        auth=("hms-syn", httpx.QueryParams({"": secret}).__str__()[1:]),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    return oauth.parse_request_body_response(answer.text)


# Holds


def test_a_hold_is_placed_with_a_receipt(client):
    answer = place(client)
    assert (answer.status_code, answer.headers["Location"]) == (201, "/holds/HOLD-000001")
    assert answer.json() == {
        "reference": "HOLD-000001", "status": "PLACED", "caseId": "HUD-22-109", "subsidyId": "SUB-80113",
        "effectiveDate": "2024-09-02", "placedAt": "2024-08-01T09:00:00.000000Z", "idempotencyKey": KEY,
    }  # fmt: skip


def test_a_repeat_gets_the_first_receipt_and_is_one_hold(client, clock):
    """Also later, when the hold has moved on: what was answered once is answered again."""
    first = place(client)
    clock.move(60)
    second = place(client)
    assert (first.status_code, second.status_code, first.json()) == (201, 200, second.json())
    assert [(row["reference"], row["status"], row["arrivals"]) for row in received(client)["holds"]] == [
        ("HOLD-000001", "CONFIRMED", 2)
    ]


def test_repeats_at_the_same_moment_are_one_hold(client):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: place(client), range(8)))
    assert sorted(answer.status_code for answer in answers) == [*[200] * 7, 201]
    assert {answer.json()["reference"] for answer in answers} == {"HOLD-000001"}


def test_the_same_key_for_another_hold_is_refused(client):
    """A key stands for one body, byte by byte (the IETF draft on Idempotency-Key says 422)."""
    place(client)
    answer = place(client, HOLD | {"caseId": "HUD-22-110"})
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert len(received(client)["holds"]) == 1


def test_a_hold_is_found_by_its_key_and_by_its_reference_as_it_stands(client, clock):
    place(client)
    clock.move(5)
    for name in (KEY, "HOLD-000001"):
        answer = client.get(f"/holds/{name}")
        assert (answer.status_code, answer.json()["status"], answer.json()["idempotencyKey"]) == (200, "CONFIRMED", KEY)
    assert (client.get("/holds/other").status_code, received(client)["arrivals"][-1]["outcome"]) == (
        404,
        "found nothing",
    )


@pytest.mark.parametrize(
    ("change", "status", "code", "field"),
    [
        ({"caseId": None}, 422, "missing", "caseId"),
        ({"caseId": " "}, 422, "not_text", "caseId"),
        ({"subsidyId": 7}, 422, "not_text", "subsidyId"),
        ({"effectiveDate": "2024-02-30"}, 422, "not_a_date", "effectiveDate"),
        ({"rent": "900"}, 422, "unknown_field", "rent"),
    ],
)
def test_a_hold_that_breaks_the_rules_is_refused_by_field_and_rule(client, change, status, code, field):
    answer = place(client, HOLD | change)
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (status, code, field)
    assert (received(client)["holds"], received(client)["arrivals"][0]["outcome"]) == ([], f"refused: {code}: {field}")


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{}", {"Idempotency-Key": ""}, 400),
        (b"{}", {"Content-Type": "text/plain"}, 415),
        (b"[]", {}, 400),
        (b"{", {}, 400),
        (b'{"caseId": "A", "caseId": "B"}', {}, 400),
        (b'{"caseId": NaN}', {}, 400),
        (b"\xff", {}, 400),
        (b"{}", {"Content-Encoding": "gzip"}, 415),
        (b"[" * 100_000, {}, 400),
    ],
)
def test_what_is_not_a_request_for_a_hold_is_refused_and_logged(client, body, headers, status):
    sent = {"Idempotency-Key": KEY, "Content-Type": "application/json", **headers}
    assert client.post("/holds", content=body, headers=sent).status_code == status
    assert len(received(client)["arrivals"]) == 1


# Statuses


def test_pages_hold_every_status_exactly_once_while_new_ones_come(client, clock):
    for case in "ABC":
        place(client, HOLD | {"caseId": case}, key=case)
        clock.move(1)
    seen, after = [], None
    while after is not None or not seen:
        page = client.get("/holds", params={"limit": 2, **({"after": after} if after else {})}).json()
        seen += page["statuses"]
        after = page["next"]
        clock.move(10)
    assert [row["id"] for row in seen] == list(range(1, len(seen) + 1))
    assert sorted((row["caseId"], row["status"]) for row in seen) == [
        (case, status) for case in "ABC" for status in ("CONFIRMED", "PLACED")
    ]
    assert [row["changedAt"] for row in seen] == sorted(row["changedAt"] for row in seen)


def test_statuses_can_be_asked_for_since_a_moment_which_is_included(client, clock):
    place(client)
    clock.move(60)
    found = client.get("/holds", params={"since": "2024-08-01T09:00:05Z"}).json()["statuses"]
    assert [(row["status"], row["idempotencyKey"]) for row in found] == [("CONFIRMED", KEY)]


def test_a_clock_set_back_does_not_turn_the_order(client, clock):
    place(client)
    clock.move(60)
    received(client)
    clock.move(-3600)
    place(client, key="later")
    clock.move(7200)
    times = [row["at"] for row in received(client)["statuses"]]
    assert (len(times), times) == (4, sorted(times))


@pytest.mark.parametrize("query", ["limit=0", "limit=9999", "limit=x", "after=-1", "since=yesterday", "page=2"])
def test_a_question_it_does_not_understand_is_refused(client, query):
    assert client.get(f"/holds?{query}").status_code == 400


# Tokens


def test_a_token_lets_in_until_it_runs_out(locked, clock):
    client, _ = locked
    token = token_of(client, scope="holds")
    assert (token["token_type"], token["expires_in"], token["scope"]) == ("Bearer", 60, ["holds"])
    bearer = {"Authorization": f"Bearer {token['access_token']}"}
    assert place(client, **bearer).status_code == 201
    clock.move(60)
    answer = place(client, **bearer)
    assert (answer.status_code, answer.json(), answer.headers["WWW-Authenticate"][:6]) == (
        401,
        {"error": "invalid_token"},
        "Bearer",
    )


def test_the_secret_may_also_stand_in_the_body(locked):
    client, tokens = locked
    form = {"grant_type": "client_credentials", "client_id": "hms-syn", "client_secret": SECRET}
    assert client.post("/token", data=form).status_code == 200
    assert tokens.given == 1


def test_a_wrong_secret_is_an_invalid_client(locked):
    client, tokens = locked
    with pytest.raises(InvalidClientError):
        token_of(client, "wrong")
    assert (tokens.given, received(client)["arrivals"][-1]["outcome"]) == (0, "token refused: invalid_client")


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "scope": "everything"}, "invalid_scope"),
    ],
)
def test_a_request_for_something_else_gets_no_token(locked, form, code):
    client, _ = locked
    answer = client.post("/token", data=form, auth=("hms-syn", httpx.QueryParams({"": SECRET}).__str__()[1:]))
    assert (answer.status_code, answer.json()["error"]) == (400, code)


def test_without_a_token_nothing_is_told_and_no_secret_is_kept_anywhere(locked):
    client, _ = locked
    place(client)
    token = token_of(client)["access_token"]
    assert [client.get(path).status_code for path in ("/holds", f"/holds/{KEY}")] == [401, 401]
    everything = client.get("/").text + client.get("/received").text
    assert token not in everything
    assert "s3cret" not in everything


def test_every_token_can_be_made_to_run_out_at_once(locked):
    client, _ = locked
    bearer = {"Authorization": f"Bearer {token_of(client)['access_token']}"}
    client.post("/behave", json={"mode": "token_expired", "times": 1})
    assert [place(client, **bearer).status_code for _ in range(2)] == [401, 401]
    assert place(client, Authorization=f"Bearer {token_of(client)['access_token']}").status_code == 201


@pytest.mark.parametrize(("mode", "status"), [("token_503", 503), ("token_html", 200), ("token_missing", 200)])
def test_the_token_endpoint_misbehaves_alone(locked, mode, status):
    """The mode waits for a token request; the business goes on."""
    client, tokens = locked
    client.post("/behave", json={"mode": mode, "times": 1})
    assert client.get("/holds").status_code == 401
    assert client.post("/token", data={"grant_type": "client_credentials"}).status_code == status
    assert (tokens.given, client.get("/behave").json()["mode"]) == (0, "ok")


# Misbehaviour


@pytest.mark.parametrize(
    ("mode", "status", "content_type", "holds"),
    [
        ("refuse", 422, "application/json", "told_to_refuse"),
        ("error_200", 200, "application/json", '"status": "error"'),
        ("missing_reference", 201, "application/json", '"PLACED"'),
        ("foreign_body", 200, "application/json", "sunny"),
        ("token_expired", 401, "application/json", "invalid_token"),
        ("http_429", 429, "text/plain; charset=utf-8", "too many"),
        ("http_503", 503, "text/plain; charset=utf-8", "busy"),
        ("http_500", 500, "application/json", "told to fail"),
        ("http_500_html", 500, "text/html; charset=utf-8", "<html>"),
        ("html_200", 200, "text/html; charset=utf-8", "<html>"),
        ("garbage", 200, "application/json", "reference"),
        ("empty_200", 200, "application/json", ""),
        ("redirect", 302, "application/json", ""),
    ],
)
def test_a_mode_answers_as_it_says_and_records_nothing(rude, mode, status, content_type, holds):
    client = rude(mode)
    answer = place(client)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, content_type)
    assert holds in answer.text
    assert (received(client)["holds"], received(client)["arrivals"][0]["outcome"]) == ([], f"{mode}: nothing recorded")
    assert received(client)["arrivals"][0]["key"] == KEY


@pytest.mark.parametrize(
    ("mode", "raises"),
    [
        ("reset", httpx.ReadError),
        ("down", httpx.RemoteProtocolError),
        ("drop", httpx.RemoteProtocolError),
        ("truncated", httpx.RemoteProtocolError),
        ("silent", httpx.ReadTimeout),
    ],
)
def test_a_mode_that_gives_no_answer(rude, mode, raises):
    client = rude(mode)
    client.timeout = 0.4
    with pytest.raises(raises):
        place(client)
    assert len(received(client)["holds"]) == (mode in AFTER)


@pytest.mark.parametrize(
    ("mode", "status"), [("slow", 201), ("drip", 201), ("http_500_after", 500), ("empty_204_after", 204)]
)
def test_a_mode_that_does_what_it_is_asked_and_answers_badly(rude, mode, status):
    client = rude(mode, delay=0.01)
    assert place(client).status_code == status
    assert [row["key"] for row in received(client)["holds"]] == [KEY]
    assert received(client)["arrivals"][0]["outcome"] == f"{mode}: placed HOLD-000001"


def test_a_forgetful_gateway_places_a_second_hold(rude):
    """Duplicates become visible: the gateway does not look whether it knows the key."""
    client = rude("forgetful")
    assert [place(client).json()["reference"] for _ in range(2)] == ["HOLD-000001", "HOLD-000002"]


def test_a_gateway_that_is_down_says_so_on_its_health_page(rude):
    client = rude("down")
    assert client.get("/health").status_code == 503
    client.post("/behave", json={"mode": "ok"})
    assert client.get("/health").text == "ok"


def test_each_mode_is_tried_and_is_of_one_kind():
    assert not (set(INSTEAD) | set(OWN)) & set(AFTER)
    assert set(AFTER) == {
        "slow", "silent", "drop", "truncated", "drip", "http_500_after", "empty_204_after", "forgetful",
    }  # fmt: skip
    assert set(TOKEN_MODES) == {"token_503", "token_html", "token_missing"}


def test_429_says_when_to_come_back_and_misbehaviour_ends_by_itself(client):
    assert client.post("/behave", json={"mode": "http_429", "times": 2}).json() == {"mode": "http_429", "times": 2}
    answers = [place(client) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 201]
    assert answers[0].headers["Retry-After"] == "2"


def test_a_followed_redirect_gives_a_worthless_receipt(rude):
    client = rude("redirect")
    assert client.get(place(client).headers["Location"]).json()["reference"] == "ELSEWHERE-000001"
    assert received(client)["holds"] == []


# What people see, and what outlives it


def test_the_page_shows_text_never_markup(client):
    empty = client.get("/").text
    place(client, HOLD | {"caseId": "<script>alert(1)</script>"}, key="<img src=x>")
    page = client.get("/").text
    assert "hms-syn publish hud.eviction.ordered" in empty
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "HOLD-000001" in page
    assert "<script" not in page + empty
    assert "<img" not in page
    assert "default-src 'none'" in client.get("/").headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/health", 200),
        ("HEAD", "/health", 200),
        ("GET", "/style.css", 200),
        ("GET", "/icon.svg", 200),
        ("GET", "/nothing", 404),
        ("POST", "/nothing", 404),
        ("POST", "/holds/1", 405),
        ("PUT", "/holds", 501),
    ],
)
def test_addresses(client, method, path, status):
    assert client.request(method, path).status_code == status


def test_a_restarted_gateway_knows_everything(tmp_path, clock):
    """Holds, statuses, arrivals and keys come back from the state file, and the numbers go on."""
    state = tmp_path / "payments.jsonl"
    with serve(Gateway(clock=clock, state=state)) as url, httpx.Client(base_url=url) as client:
        place(client)
        clock.move(30)
        before = received(client)
    with serve(Gateway(clock=clock, state=state)) as url, httpx.Client(base_url=url) as client:
        assert received(client) == before
        assert place(client).status_code == 200
        assert place(client, key="new").json()["reference"] == "HOLD-000002"
        clock.move(30)
        assert [row["id"] for row in received(client)["statuses"]] == [1, 2, 3, 4]
    assert state.stat().st_mode & 0o777 == 0o600


def test_a_hold_that_cannot_be_written_is_not_placed(tmp_path):
    with serve(Gateway(state=tmp_path / "gone" / "x.jsonl")) as url, httpx.Client(base_url=url) as client:
        assert place(client).status_code == 500


@pytest.mark.parametrize("line", ["milk", "{}", '[{"kind": "hold"}]', '[{"at": "2024-08-01T09:00:00Z"}]'])
def test_a_foreign_state_file_is_named(tmp_path, line):
    state = tmp_path / "notes.txt"
    state.write_text(f"{line}\n")
    with pytest.raises(ValueError, match=r"notes\.txt:1: "):
        Gateway(state=state)


def test_the_command_serves_until_it_is_told_to_end(tmp_path):
    """It prints where it listens, asks for tokens, and never prints the secret."""
    command = [sys.executable, "-m", "hms_syn.sandbox.payments_rest", "--port", "0", "--client", "hms-syn"]
    env = {**os.environ, "PAYMENTS_SECRET": SECRET}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env) as process:
        url = process.stdout.readline().split()[-1]
        try:
            status = httpx.get(f"{url}/holds").status_code
        finally:
            process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
    assert (status, process.returncode, rest) == (401, 0, "")


def test_a_client_without_a_secret_is_wrong_usage():
    command = [sys.executable, "-m", "hms_syn.sandbox.payments_rest", "--client", "hms-syn"]
    env = {name: value for name, value in os.environ.items() if name != "PAYMENTS_SECRET"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, "PAYMENTS_SECRET" in done.stderr) == (2, True)


def test_bad_manners_are_refused_with_what_is_possible(client):
    answer = client.post("/behave", json={"mode": "rude"})
    assert answer.status_code == 400
    assert "http_500_after" in json.loads(answer.text)["error"]
