"""Everything a payment gateway may say instead of the truth, said over the wire to the real adapter."""

from __future__ import annotations

import logging
import time
import traceback
from pathlib import Path

import pytest
import yaml
from tests.unit.adapters.gateway import PUSH, YES, gateway, payment, payments, says
from tests.unit.adapters.liar import KEY, liar
from tests.unit.adapters.lying import speaker

from hms_syn import errors
from hms_syn.domain.ack import Ack

HERE = Path(__file__).parent
TIMEOUT = PUSH["timeout"]
GRACE = 9.0
LIES = yaml.safe_load((HERE / "rest_lies.yaml").read_text(encoding="utf-8"))
GENERAL = yaml.safe_load((HERE.parent / "json_lies.yaml").read_text(encoding="utf-8"))
STRICTER = {"two statuses and the last is a no": "bad_json", "a reference of half a character": "bad_json"}
"""What the wire refuses before any proof is looked at."""
WORDS = {
    "key": KEY,
    "yes": YES,
    "hex": f"{len(YES):x}",
    "digits": "9" * 5000,
    "deep": "[" * 1000 + "]" * 1000,
    "deeper": "[" * 100_000 + "]" * 100_000,
    "brackets": "[{" * 500,
    "large": "x" * 2_000_000,
}


@pytest.fixture(scope="module")
def canary():
    """Listen where the redirections lead to, and promise the world to whoever comes."""
    with liar(says('{"id": "STOLEN-1", "status": "ACCEPTED"}')) as bird:
        yield bird


def script(case, canary):
    words = {**WORDS, "canary": canary.origin.removeprefix("http://")}
    return speaker({"body": "{yes}", "headers": ["Content-Type: application/json"], **case}, words)


def outcome(answer, **push):
    """Send one payment to a gateway with this answer; return what came of it, and the seconds it took."""
    with liar(answer) as peer:
        adapter = gateway(payments(peer.origin, push=push))
        assert adapter.check() == []
        started = time.monotonic()
        try:
            found = adapter.send(payment())
        except errors.SynError as error:
            found = error
        took = time.monotonic() - started
        adapter.close()
    return found, took


def word_of(found):
    return found.reference if isinstance(found, Ack) else found.code


@pytest.mark.parametrize("case", LIES, ids=[case["lie"] for case in LIES])
def test_a_lie_is_never_taken_for_a_receipt(case, canary, caplog):
    """Each answer has its one outcome, in time; nobody else hears of it, and no word of it is repeated."""
    caplog.set_level(logging.DEBUG)
    declared = {"success": {}} if "bare" in case else {"success": {"id": "present"}} if "present" in case else {}
    found, took = outcome(script(case, canary), **declared)
    kind, _, word = case["is"].partition(" ")
    assert type(found).__name__ == kind, repr(found)
    assert word == word_of(found), repr(found)
    assert took < TIMEOUT + GRACE
    assert canary.connections == 0
    if isinstance(found, errors.SynError):
        told = "".join(traceback.format_exception(found)) + repr(found) + caplog.text
        assert not [secret for secret in ("Jane Doe", "PAY-1", "HUD-22-109", "12.50") if secret in told]


@pytest.mark.parametrize("case", GENERAL, ids=[case["lie"] for case in GENERAL])
def test_the_general_lies_fare_no_better_over_the_wire(case):
    """The same answers that the rules of proof are held against, through the whole adapter."""
    found, _ = outcome(says(case["said"]), success={"status": ["OK", "ALREADY-LODGED"]})
    kind, _, word = case["is"].partition(" ")
    if case["lie"] in STRICTER:
        kind, word = "OutcomeUnknown", STRICTER[case["lie"]]
    assert type(found).__name__ == kind, repr(found)
    assert word == word_of(found)


def test_the_lies_are_many_and_each_is_told_once():
    """A corpus that shrinks by accident is noticed."""
    assert len({case["lie"] for case in LIES}) == len(LIES) >= 100


def test_a_busy_gateway_is_given_the_time_it_asks_for():
    """Retry-After goes to the queue; a login that is refused waits a minute at least."""
    busy, _ = outcome(says(status="503 Service Unavailable", headers="Retry-After: 7\r\n"))
    locked, _ = outcome(says(status="401 Unauthorized", headers="Retry-After: 7\r\n"))
    assert (busy.retry_after, locked.retry_after) == (7.0, 60.0)


def test_a_409_for_our_key_is_delivered_as_a_duplicate():
    """The receipt is the first one's, and the status says that it was a repeat."""
    found, _ = outcome(says(status="409 Conflict"))
    assert (found.reference, found.status) == ("PAY-1", "duplicate")
