"""Bad days: the court is down, lies, stalls or says no, and what must not be lost is not lost."""

from __future__ import annotations

import pytest
from tests.harness.cli import QUICK, Cli
from tests.harness.courts import court
from tests.harness.history import Published, read, violations
from tests.harness.waiting import eventually

from hms_syn.sandbox.court_manners import AFTER, MODES

TOPIC = "hud.hearing.created"
DAY = "2024-09-02"
A_CLEAR_NO = {"fault_client", "refuse"}
"""Modes in which the vendor has really decided; everything else is no answer."""


@pytest.fixture
def cli(tmp_path):
    return Cli(tmp_path / "home")


def publish(cli, *cases):
    """Publish one hearing a case, and return them as the judge wants them."""
    names = [f"m-{case}" for case in cases]
    cli.publish(TOPIC, *({"case_id": case, "date": DAY} for case in cases), ids=names)
    return [Published(message_id=name, fact=case) for name, case in zip(names, cases, strict=True)]


def states(cli, events):
    return [cli.trace(event.message_id)["deliveries"][0]["state"] for event in events]


def attempts(cli, event):
    return [attempt["outcome"] for attempt in cli.trace(event.message_id)["attempts"]]


@pytest.mark.parametrize("known", [True, False], ids=["a known court", "a court never met"])
def test_a_court_that_is_down_gets_its_hearing_when_it_is_back(cli, tmp_path, known):
    """F26: the event waits, each try is on the record as not sent, and the first try after the return delivers."""
    with court(tmp_path) as vendor:
        job = cli.listening(cli.job(vendor.endpoint))
        before = publish(cli, "A") if known else []
        assert cli("run", job, "--drain").returncode == 0
        vendor.stop()
        events = publish(cli, "B")
        assert cli("run", job, "--drain").returncode == 1
        with cli.start("run", job, "--until-settled") as worker:
            eventually(lambda: worker.out.count("not_sent") >= 3, what="three tries")
            assert states(cli, events) == ["pending"]
            vendor.start()
            assert worker.wait() == 0
        received = vendor.received()
    assert attempts(cli, events[0])[-1] == "acked"
    assert set(attempts(cli, events[0])[:-1]) == {"not_sent"}
    assert violations(read(cli.url, "court", [*before, *events], received)) == []


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode not in ("ok", "slow")])
def test_no_misbehaviour_is_taken_for_a_yes(cli, tmp_path, mode):
    """F18, F19, F23, F24, F27: no ack for a bad answer, no hang, and the vendor's own record agrees."""
    bad = 1 if mode in A_CLEAR_NO else 2
    with court(tmp_path, "--delay", "3") as vendor:
        job = cli.listening(cli.job(vendor.endpoint))
        events = publish(cli, "A", "B")
        vendor.behave(mode, bad)
        done = cli("run", job, "--until-settled", "--timeout", "30")
        received = vendor.received()
    first, second = (attempts(cli, event) for event in events)
    if mode in A_CLEAR_NO:
        assert states(cli, events) == ["dead_letter", "delivered"]
        assert (first, second, done.returncode) == (["refused"], ["acked"], 1)
    else:
        assert states(cli, events) == ["delivered", "delivered"]
        assert (first, second, done.returncode) == (["unknown"] * bad + ["acked"], ["acked"], 0)
    assert not [arrival for arrival in received["arrivals"] if "elsewhere" in arrival["operation"]]
    assert [hearing["case_id"] for hearing in received["hearings"]] == ["A", "B"][mode in A_CLEAR_NO :]
    assert [f"{mode}: " in arrival["outcome"] for arrival in received["arrivals"]][:bad] == [True] * bad
    assert violations(read(cli.url, "court", events, received, faults=bad)) == []
    if mode in AFTER:  # the court did its work each time, and its answers got lost
        [delivery] = cli.trace("m-A")["deliveries"]
        assert received["hearings"][0]["arrivals"] == bad + 1
        assert (delivery["reference"], delivery["status"]) == (received["hearings"][0]["reference"], "ALREADY-ACCEPTED")


def test_a_slow_court_is_waited_for_and_asked_once(cli, tmp_path):
    """F17: an answer within the time allowed is an answer; the lease lasts as long."""
    with court(tmp_path, "--delay", "0.8") as vendor:
        job = cli.listening(cli.job(vendor.endpoint, push={"timeout": "5s", "lease": "6s"}))
        events = publish(cli, "A", "B")
        vendor.behave("slow")
        assert cli("run", job, "--until-settled", "--timeout", "30").returncode == 0
        received = vendor.received()
    assert len(received["arrivals"]) == 2
    assert violations(read(cli.url, "court", events, received)) == []


POISON = (
    ({"case_id": "P"}, "hearingDate"),
    ({"case_id": "P", "date": "next Monday"}, "date like 2024-09-02"),
    ({"case_id": "P", "date": "2024-02-30"}, "date like 2024-09-02"),
    ({"case_id": "P\u000b", "date": DAY}, "XML cannot carry"),
    ({"case_id": None, "date": DAY}, "caseId"),
    ({"case_id": {"no": 7}, "date": DAY}, "caseId"),
)


def test_a_payload_that_fits_no_form_is_set_aside_with_its_reason(cli, tmp_path):
    """F31: nothing of it is sent; each is kept as a dead letter that says why, and the next message goes out."""
    with court(tmp_path) as vendor:
        job = cli.listening(cli.job(vendor.endpoint))
        poison = cli.publish(TOPIC, *(payload for payload, _ in POISON))
        good = publish(cli, "B")
        assert cli("run", job, "--until-settled", "--timeout", "30").returncode == 1
        received = vendor.received()
    assert [arrival["case_id"] for arrival in received["arrivals"]] == ["B"]
    assert states(cli, good) == ["delivered"]
    for message_id, (_, reason) in zip(poison, POISON, strict=True):
        message = cli.trace(message_id)
        assert [(row["state"], row["code"]) for row in message["deliveries"]] == [("dead_letter", "unmappable_payload")]
        assert [reason in attempt["note"] for attempt in message["attempts"]] == [True]
    [status] = cli.json("status")
    assert (status["delivered"], status["dead_letters"]) == (1, len(POISON))


def test_an_event_on_a_topic_that_nobody_takes_is_kept(cli, tmp_path):
    """It is on the bus and on the record, and no vendor hears of it."""
    with court(tmp_path) as vendor:
        job = cli.listening(cli.job(vendor.endpoint))
        [message_id] = cli.publish("hud.hearing.postponed", {"case_id": "A", "date": DAY})
        assert cli("run", job, "--drain").returncode == 0
        assert vendor.received()["arrivals"] == []
    shown = cli("trace", message_id)
    assert (shown.returncode, "no job takes this topic" in shown.stdout) == (0, True)


def test_lint_names_the_line_of_a_vendor_that_cannot_be_reached(cli, tmp_path):
    """The file, the line and the column of the endpoint, and what to do; exit 1."""
    with court(tmp_path) as vendor:
        job = cli.job(vendor.endpoint)
    done = cli("lint", job)
    line = job.read_text().splitlines().index(f"  target_endpoint: {vendor.endpoint}") + 1
    assert done.returncode == 1
    assert f"court.yaml:{line}:20: error: job.target_endpoint: " in done.stdout
    assert "request.wsdl" in done.stdout


def test_lint_lists_the_operations_where_none_fits(cli, tmp_path):
    """What the vendor has, and the lines to add, at the place in the file; exit 1."""
    with court(tmp_path) as vendor:
        job = cli.job(vendor.endpoint, source_topic="hud.lease.signed")
        done = cli("lint", job)
    assert done.returncode == 1
    line = job.read_text().splitlines().index("  push:") + 1
    assert done.stdout.startswith(f"court.yaml:{line}:3: error: job.push.request: ")
    assert "CreateHearing" in done.stdout


def test_a_job_with_a_dead_vendor_does_not_hold_another_job(cli, tmp_path):
    """One event for two vendors: the one that is there gets it, for the other it waits."""
    with court(tmp_path) as vendor:
        dead = cli.listening(cli.job("http://127.0.0.1:9/soap", name="dead"))
        alive = cli.listening(cli.job(vendor.endpoint, name="alive"))
        [event] = publish(cli, "A")
        with cli.start("run", dead) as worker:
            eventually(lambda: worker.out.count("not_sent") >= 2, what="two tries")
            assert cli("run", alive, "--drain").returncode == 0
        assert vendor.cases() == ["A"]
    found = cli.trace(event.message_id)["deliveries"]
    states_of = {delivery["job"]: delivery["state"] for delivery in found}
    assert states_of["alive"] == "delivered"
    assert states_of["dead"] in ("pending", "in_flight")  # waiting, or just being tried again


def test_repeated_attempts_end_where_the_job_says(cli, tmp_path):
    """With ``max_attempts`` a court that never says anything useful makes a dead letter, with every try on record."""
    with court(tmp_path, "--behave", "html_200") as vendor:
        job = cli.listening(cli.job(vendor.endpoint, retry={**QUICK["retry"], "max_attempts": 3}))
        events = publish(cli, "A")
        assert cli("run", job, "--until-settled", "--timeout", "30").returncode == 1
        received = vendor.received()
    assert attempts(cli, events[0]) == ["unknown"] * 3
    assert states(cli, events) == ["dead_letter"]
    assert violations(read(cli.url, "court", events, received, faults=3)) == []
