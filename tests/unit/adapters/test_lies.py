"""Everything a vendor may say instead of the truth: ``lies/*.yaml`` holds each reply and what must be made of it."""

from __future__ import annotations

import logging
import time
import traceback

import pytest
from tests.unit.adapters.liar import PEERS, court, court_job, hearing, http, liar, scheduled
from tests.unit.adapters.lying import cases, reply, speaker

from hms_syn import errors
from hms_syn.domain.ack import Ack
from hms_syn.domain.job_spec import Push

TIMEOUT = 0.6
GRACE = 9.0
CASES = cases()


@pytest.fixture(scope="module")
def canaries():
    """Listen where the lies lead to, and promise the world to whoever comes."""
    yes = http(scheduled("STOLEN-1"))
    with liar(yes) as near, liar(yes, host="127.8.8.8") as far:
        yield {"canary": near, "far": far}


@pytest.fixture(scope="module")
def jobs(tmp_path_factory):
    """Keep the court's contract in both versions of SOAP."""
    folder = tmp_path_factory.mktemp("contracts")
    text = (PEERS / "court.wsdl").read_text(encoding="utf-8")
    (folder / "1.1.wsdl").write_text(text, encoding="utf-8")
    (folder / "1.2.wsdl").write_text(text.replace("/wsdl/soap/", "/wsdl/soap12/"), encoding="utf-8")
    return folder


def outcome(case, canaries, jobs):
    """Tell one lie to one hearing; return what came of it, and the seconds it took."""
    hosts = {name: bird.origin.removeprefix("http://") for name, bird in canaries.items()}
    push = Push(request={"wsdl": f"{case.get('asked', 1.1)}.wsdl"}, timeout=TIMEOUT)
    with liar(speaker(case, hosts)) as peer:
        adapter = court(court_job(peer.origin, file=str(jobs / "court.yaml"), push=push, pull_adapter=None))
        adapter.check()  # parse the contract now: only the vendor's time is measured
        started = time.monotonic()
        try:
            found = adapter.send(hearing())
        except errors.SynError as error:
            found = error
        took = time.monotonic() - started
        adapter.close()
    return found, took


@pytest.mark.parametrize("case", CASES, ids=[case["lie"] for case in CASES])
def test_a_lie_is_never_taken_for_a_receipt(case, canaries, jobs, caplog):
    """F19, F23, F24, F27, F30: each reply has its one outcome, before the deadline, and nobody else hears of it."""
    caplog.set_level(logging.DEBUG)
    kind, _, word = case["is"].partition(" ")
    found, took = outcome(case, canaries, jobs)
    assert type(found).__name__ == kind or kind in [base.__name__ for base in type(found).__mro__], repr(found)
    assert not word or word == (found.reference if isinstance(found, Ack) else found.code), repr(found)
    assert took < TIMEOUT + GRACE
    assert [bird.connections for bird in canaries.values()] == [0, 0]
    if isinstance(found, errors.SynError):
        told = "".join(traceback.format_exception(found)) + repr(found) + caplog.text
        assert "Jane Doe" not in told
        assert "COURT-1" not in told
        assert "HUD-22-109" not in told


def test_the_lies_are_many_and_each_is_told_once():
    """A corpus that shrinks by accident is noticed."""
    hosts = {"canary": "c", "far": "f"}
    said = {(reply(case, hosts), case.get("asked"), case.get("then")) for case in CASES}
    assert len(said) == len({case["lie"] for case in CASES}) == len(CASES) >= 250
