"""The REST adapter at gateways nobody here wrote: one holds it to an OpenAPI file, one fails as it is told."""

from __future__ import annotations

import json

import pytest
from tests.harness.cli import Cli
from tests.peers.gateways import answer, fault, mountebank, prism
from tests.unit.adapters.gateway import gateway, payment, payments

from hms_syn import errors
from hms_syn.domain.job_spec import Cursor, Heartbeat
from hms_syn.ports import Credentials

pytestmark = pytest.mark.peers

TOKEN = Credentials(password="s3cret", extra={"auth": "bearer"})
FREEZE = {
    "timeout": 5.0,
    "request": {"path": "/cases/{caseNumber}/payments"},
    "mapping": {"caseNumber": "case_id", "amountCents": "cents", "action": "'FREEZE'"},
    "success": {"status": ["ACCEPTED", "DUPLICATE"]},
    "find": {"request": {"path": "/payments/by-key/{key}"}, "match": "@", "success": {"status": ["SETTLED"]}},
}
PAGES = {
    "timeout": 5.0,
    "request": {
        "path": "/payments",
        "records": "payments",
        "page": {"size": "limit", "after": "after", "next": "next"},
    },
    "cursor": Cursor(field="changedAt", parameter="since", initial="2024-01-01T00:00:00Z", overlap=120.0),
}
ORDER = {"case_id": "HUD-22-109", "cents": 1250}
YES = {"id": "PAY-1", "status": "ACCEPTED"}
TOPIC = "hud.eviction.ordered"
RESET, GARBAGE = "CONNECTION_RESET_BY_PEER", "RANDOM_DATA_THEN_CLOSE"


@pytest.fixture(scope="module")
def contract():
    with prism() as origin:
        yield origin


@pytest.fixture(scope="module")
def bank():
    with mountebank() as console:
        yield console


@pytest.fixture
def made(contract):
    """Make adapters at the gateway of the OpenAPI file; they are closed in the end."""
    adapters = []

    def make(credentials=TOKEN, **push):
        job = payments(contract, push={**FREEZE, **push}, pull=PAGES, heartbeat=Heartbeat())
        adapters.append(gateway(job, credentials=credentials))
        return adapters[-1]

    yield make
    for adapter in adapters:
        adapter.close()


def ended(act, *arguments):
    try:
        return act(*arguments)
    except errors.SynError as error:
        return error


def test_what_we_send_keeps_the_gateways_contract(made):
    """Prism checks the path, the key's header, the login and every field of the body against the file."""
    adapter = made()
    assert adapter.check() == []
    receipt = adapter.send(payment(**ORDER))
    assert (receipt.reference, receipt.status) == ("PAY-17", "ACCEPTED")


def test_the_contract_would_have_noticed(made):
    """A field too many, a wrong type, a case number of another form: each is refused, and none is delivered."""
    for order in ({"case_id": "HUD-22-109", "cents": "many"}, {"case_id": "22-109", "cents": 1}):
        found = ended(made().send, payment(**order))
        assert (type(found), found.code) == (errors.VendorRefused, "http_422")
    found = ended(made(mapping={**FREEZE["mapping"], "extra": "cents"}).send, payment(**ORDER))
    assert (type(found), found.code) == (errors.VendorRefused, "http_422")


def test_without_the_login_the_gateway_refuses_us(made):
    """No message is lost for it: they wait for the connection to be corrected."""
    found = ended(made(credentials=None).send, payment(**ORDER))
    assert (type(found), found.code) == (errors.LoginRefused, "http_401")


@pytest.mark.parametrize(
    ("code", "kind", "word"),
    [(202, "OutcomeUnknown", "empty"), (409, "Ack", "duplicate"), (429, "VendorBusy", "http_429")],
)
def test_each_answer_of_the_contract_has_its_outcome(made, code, kind, word):
    """Prism gives the answer that ``Prefer`` asks for."""
    found = ended(made(request={**FREEZE["request"], "headers": {"Prefer": f"code={code}"}}).send, payment(**ORDER))
    assert type(found).__name__ == kind
    assert word == (found.status if kind == "Ack" else found.code)
    assert kind != "VendorBusy" or found.retry_after == 9.0


def test_the_gateway_can_be_asked_for_one_payment(made):
    """By the key it travelled under; a 404 of this contract is a clear no."""
    assert made().find(payment(**ORDER)).reference == "PAY-17"
    asking = {**FREEZE["find"], "request": {**FREEZE["find"]["request"], "headers": {"Prefer": "code=404"}}}
    assert made(find=asking).find(payment(**ORDER)) is None


def test_records_come_back_and_the_gateway_is_there(made):
    """Cursor and page size are the parameters the file names; the health page needs no login."""
    adapter = made()
    adapter.ping()
    [page] = adapter.pull(None)
    assert [record["id"] for record in page.records] == ["PAY-17", "PAY-18"]
    assert page.cursor == "2024-09-02T11:00:00Z"


@pytest.mark.parametrize(
    ("response", "kind", "code"),
    [
        (fault(RESET), errors.OutcomeUnknown, "reset"),
        (fault(GARBAGE), errors.OutcomeUnknown, "bad_http"),
        (answer(YES, 503, **{"Retry-After": "9"}), errors.VendorBusy, "http_503"),
        (answer(YES, wait=1500), errors.OutcomeUnknown, "timeout"),
        (answer({"status": "error"}), errors.VendorRefused, "proof_failed"),
        (answer("", 204), errors.OutcomeUnknown, "empty"),
        (answer(YES, 302, Location="http://127.0.0.1:9/"), errors.OutcomeUnknown, "redirect"),
    ],
    ids=["reset", "garbage", "503", "wait", "a 200 that says error", "204", "302"],
)
def test_a_fault_is_never_a_receipt(bank, response, kind, code):
    """And the gateway's own journal says that the payment had arrived once, with its key."""
    peer = bank.gateway(response)
    adapter = gateway(payments(peer.origin))
    found = ended(adapter.send, payment())
    adapter.close()
    assert (type(found), found.code) == (kind, code)
    [arrived] = peer.journal()
    assert (arrived["method"], arrived["path"]) == ("POST", "/v1/payments")
    assert arrived["headers"]["idempotency-key"] == payment().idempotency_key


def test_through_a_bad_day_every_payment_arrives_under_one_key_with_the_same_bytes(bank, tmp_path):
    """Through the real queue: resets, garbage, a 503 and a stall, then a yes; the journal is their record."""
    bad = [fault(RESET), fault(GARBAGE), answer({}, 503), answer(YES, wait=2000)]
    peer = bank.gateway(*bad, answer(YES, 201))
    cli = Cli(tmp_path / "home")
    push = {key: FREEZE[key] for key in ("request", "mapping", "success")}
    job = cli.listening(
        cli.job(
            f"{peer.origin}/v1",
            name="payments",
            push_adapter="rest.json.v1",
            source_topic=TOPIC,
            push={**push, "ack": {"reference": "id", "status": "status"}},
        )
    )
    cli.publish(TOPIC, {"case_id": "HUD-22-109", "cents": 1}, {"case_id": "HUD-22-110", "cents": 2}, ids=["m-1", "m-2"])
    done = cli("run", job, "--until-settled", "--timeout", "40")
    assert done.returncode == 0, done.stdout + done.stderr
    outcomes = [[each["outcome"] for each in cli.trace(name)["attempts"]] for name in ("m-1", "m-2")]
    assert outcomes[0] == outcomes[1] == ["unknown"] * len(bad) + ["acked"]
    journal = peer.journal()
    assert len(journal) == 2 * (len(bad) + 1)
    for number, case in enumerate(("HUD-22-109", "HUD-22-110")):
        arrived = journal[number * 5 : number * 5 + 5]
        assert len({(each["headers"]["idempotency-key"], each["body"], each["path"]) for each in arrived}) == 1
        assert json.loads(arrived[0]["body"])["caseNumber"] == case
