"""A contract is parsed once in a process, however many adapters and threads ask for it."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.unit.adapters.liar import MemoryPins, court, court_job, hearing, http, liar, scheduled
from tests.unit.adapters.wsdls import element, wsdl
from zeep.wsdl import Document

from hms_syn.adapters.soap import soap_contract
from hms_syn.domain.job_spec import Push

THREADS = 8


@pytest.fixture
def parses():
    """Count the documents that zeep parses in threads started from now on."""
    counted: list[float] = []

    def watch(frame, event, _argument) -> None:
        if event == "call" and frame.f_code is Document.__init__.__code__:
            counted.append(time.monotonic())

    threading.setprofile(watch)
    yield counted
    threading.setprofile(None)


def text() -> str:
    """Write a contract no other test has."""
    unheard = f"Field{time.monotonic_ns()}"
    inputs = element("caseId") + element("date") + element(unheard, low=0)
    return wsdl(CreateHearing=(inputs, element("reference")))


def together(act) -> list[object]:
    """Let all threads do it at the same moment."""
    barrier = threading.Barrier(THREADS)

    def one(number: int) -> object:
        barrier.wait()
        return act(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(one, range(THREADS)))


def test_adapters_that_start_together_parse_a_file_once(tmp_path, parses):
    """Eight workers and sixteen adapters, one parse."""
    (tmp_path / "v.wsdl").write_text(text(), encoding="utf-8")
    push = Push(request={"wsdl": "v.wsdl"}, timeout=5)
    job = court_job("http://127.0.0.1:1", file=str(tmp_path / "j.yaml"), pull_adapter=None, push=push)
    together(lambda _: court(job).preview(hearing()))
    together(lambda _: court(job).preview(hearing()))
    assert len(parses) == 1


def test_adapters_that_start_together_parse_a_pin_once(parses):
    """What the vendor handed out the first time is parsed once, whoever asks for it."""
    pins = MemoryPins()
    with liar(http()) as vendor:
        entry = f"{vendor.origin}/soap?wsdl"
        bundle = soap_contract.Bundle(entry=entry, documents={entry: text().encode()})
        pins.pin("court", soap_contract.PIN_NAME, bundle.to_bytes())
        job = court_job(vendor.origin, pull_adapter=None, push=Push(timeout=5))
        together(lambda _: court(job, pins=pins).preview(hearing()))
    assert len(parses) == 1
    assert vendor.requests == []


def test_messages_in_flight_together_keep_their_own_bytes_and_receipts():
    """One contract for all threads: no envelope and no answer is mixed up with another's."""
    said = [[f"HUD-{number}-{each}" for each in range(25)] for number in range(THREADS)]

    def push(number: int) -> list[str]:
        with liar(*[http(scheduled(f"COURT-{case}")) for case in said[number]]) as vendor:
            adapter = court(court_job(vendor.origin, push=Push(request={"wsdl": "court.wsdl"}, timeout=5)))
            receipts = [adapter.send(hearing(case_id=case, date="2024-09-02")).reference for case in said[number]]
        assert all(case.encode() in request for case, request in zip(said[number], vendor.requests, strict=True))
        return receipts

    assert together(push) == [[f"COURT-{case}" for case in cases] for cases in said]
