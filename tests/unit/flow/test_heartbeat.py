"""What an answer to a ping means, and which job asks."""

from __future__ import annotations

import pytest
from tests.conftest import make_job

from hms_syn import errors
from hms_syn.domain.job_spec import Breaker, Heartbeat, Push
from hms_syn.domain.vendor_health import Verdict
from hms_syn.flow import heartbeat

GUESSED, NAMED = Heartbeat(), Heartbeat(request={"path": "/alive"})


class Answering:
    """Answers a ping in one way."""

    def __init__(self, error=None):
        self.error = error

    def ping(self):
        if self.error is not None:
            raise self.error


def verdict(error, rules=GUESSED):
    [vendor] = heartbeat.vendors_of([make_job(heartbeat=rules)]).values()
    return heartbeat.ping(vendor, Answering(error)).verdict


@pytest.mark.parametrize(
    ("error", "rules", "means"),
    [
        (None, GUESSED, Verdict.ANSWERED),
        (errors.NotSent(code="connect"), GUESSED, Verdict.FAILED),
        (errors.NotSent(code="tls_expired"), GUESSED, Verdict.FAILED),
        (errors.OutcomeUnknown(code="timeout"), GUESSED, Verdict.FAILED),
        (errors.OutcomeUnknown(code="http_500"), GUESSED, Verdict.FAILED),
        (errors.OutcomeUnknown(code="http_503"), GUESSED, Verdict.FAILED),
        (errors.OutcomeUnknown(code="http_429"), GUESSED, Verdict.FAILED),
        (errors.OutcomeUnknown(code="http_404"), GUESSED, Verdict.ANSWERED),
        (errors.OutcomeUnknown(code="http_401"), GUESSED, Verdict.ANSWERED),
        (errors.OutcomeUnknown(code="http_302"), GUESSED, Verdict.ANSWERED),
        (errors.OutcomeUnknown(code="http_404"), NAMED, Verdict.FAILED),
        (errors.LoginRefused(code="http_401"), GUESSED, Verdict.FAILED),
        (errors.ContractMismatch(code="client_cert"), GUESSED, Verdict.UNASKED),
        (errors.NeedsOfficer(), GUESSED, Verdict.UNASKED),
        (ConnectionError("of a third party's adapter"), GUESSED, Verdict.FAILED),
    ],
    ids=str,
)
def test_what_an_answer_means(error, rules, means):
    """A page that nobody named may be missing; everything else is what the vendor says of itself."""
    assert verdict(error, rules) is means


def test_a_refused_login_is_not_tried_again_soon():
    """What the vendor asks for is kept."""
    [vendor] = heartbeat.vendors_of([make_job()]).values()
    assert heartbeat.ping(vendor, Answering(errors.LoginRefused(retry_after=60))).asked == 60


def test_the_words_of_another_ones_error_go_nowhere():
    """Only its class is named: its text may hold anything."""
    [vendor] = heartbeat.vendors_of([make_job()]).values()
    assert "s3cret" not in heartbeat.ping(vendor, Answering(ValueError("s3cret"))).note


def test_of_two_jobs_on_one_vendor_the_more_curious_asks_for_both():
    """One ping at the shorter interval; the breaker is as patient as the more patient job."""
    often = make_job(heartbeat=Heartbeat(interval=5))
    rarely = make_job(
        "b",
        target_endpoint=often.target_endpoint,
        heartbeat=Heartbeat(interval=60),
        push=Push(breaker=Breaker(after=9, open_for=5)),
    )
    [vendor] = heartbeat.vendors_of([rarely, often]).values()
    assert (vendor.job, vendor.breaker) == (often, Breaker(after=9, open_for=60))


def test_who_is_off_or_wants_no_heartbeat_is_not_pinged():
    """``enabled: false`` and ``heartbeat: false``."""
    assert heartbeat.vendors_of([make_job("a", enabled=False), make_job("b", heartbeat=None)]) == {}
