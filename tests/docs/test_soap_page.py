"""The job on the page about SOAP runs as it stands there, at the sandbox's court; the codes it names are the code's."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
import shutil
import time

import pytest
from tests.docs import pages
from tests.unit.adapters.liar import hearing, http, liar, scheduled

from hms_syn import errors, job_files, sandbox, wiring
from hms_syn.adapters.soap.soap_contract import pin_name
from hms_syn.domain.delivery import Outcome
from hms_syn.domain.job_spec import Pull, Push, Retry
from hms_syn.domain.topic_event import new_event
from hms_syn.flow.publish import publish
from hms_syn.flow.pull import pull
from hms_syn.flow.push import Drain
from hms_syn.sandbox.court_soap import Court, Login, Manners, serve
from hms_syn.store.sql_store import SqlStore

PAGE = pages.DOCS / "adapters" / "soap.md"
PASSWORD = "correct horse"


def shown(folder, origin):
    """Return the page's job as an author would save it, its vendor moved to this machine."""
    text = pages.blocks(PAGE, "yaml")[0].text.replace("https://court.example.gov", origin)
    assert f"{origin}/soap" in text
    text = text.replace("  push:\n", '  allow_private: ["127.0.0.0/8"]\n  push:\n', 1)
    file = folder / "court_calendar_sync.yaml"
    file.write_text(text, encoding="utf-8")
    shutil.copy(f"{sandbox.__path__[0]}/court.wsdl", folder / "court.wsdl")
    job = job_files.load_job(file)
    # A message in doubt is asked for no sooner than push.timeout.
    return dataclasses.replace(
        job, push=dataclasses.replace(job.push, timeout=2.0), retry=Retry(initial_delay=0.05, jitter=0)
    )


def login(monkeypatch, **extra):
    given = {"conn_type": "hms_soap", "login": "hud", "password": PASSWORD, "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_COURT", json.dumps(given))


@contextlib.contextmanager
def queue(folder):
    with contextlib.closing(SqlStore(f"sqlite:///{folder}/queue.db")) as store:
        store.create()
        yield store


def deliver(store, job, *cases):
    """Publish a hearing for each case, and let one worker send until nothing is open."""
    store.register(job)
    publish(
        store,
        [new_event(job.source_topics[0], {"case_id": case, "date": "2024-09-02"}, agency="hud") for case in cases],
    )
    seen = []
    worker = Drain(
        job=job, store=store, adapter=wiring.push_adapter(job, store), owner="w", report=seen.append, draw=lambda: 0.5
    )
    deadline = time.monotonic() + 15
    worker.run()
    while (due := store.next_due(job.id)) is not None:
        assert time.monotonic() < deadline
        time.sleep(max(due, 0.002))
        worker.run()
    worker.close()
    return [(hand_off.outcome, hand_off.code, hand_off.reference) for hand_off in seen]


@pytest.mark.parametrize("wsse", ["username_token", "username_token_digest"])
def test_the_job_on_the_page_pushes_asks_and_pulls(tmp_path, monkeypatch, wsse):
    """One answer is lost: the court is asked by the key, and every hearing stands once in its book and on the bus."""
    login(monkeypatch, wsse=wsse)
    court, manners = Court(schedule_after=0, confirm_after=0), Manners("drop", times=1)
    with serve(court, login=Login("hud", PASSWORD), manners=manners) as origin, queue(tmp_path) as store:
        job = shown(tmp_path, origin)
        assert wiring.push_adapter(job, store).check() == wiring.pull_adapter(job, store).check() == []
        assert deliver(store, job, "HUD-22-109", "HUD-22-110") == [
            (Outcome.UNKNOWN, "reset", ""),
            (Outcome.ACKED, "found", "COURT-000001"),
            (Outcome.ACKED, "", "COURT-000002"),
        ]
        paged = dataclasses.replace(job, pull=dataclasses.replace(job.pull, page_size=1))
        adapter = wiring.pull_adapter(paged, store)
        pages_read = len(list(adapter.pull(None)))
        brought = [pull(job, store, adapter) for _ in range(2)]
        adapter.close()
        events = store.read("court.hearing.changed", after=0, limit=100)
        assert store.pinned(job.id, pin_name(f"{origin}/soap?wsdl")) is None, "a file is not pinned"
    known = court.received()
    assert [row["case_id"] for row in known["hearings"]] == ["HUD-22-109", "HUD-22-110"]
    assert brought == [len(known["changes"]), 0]
    assert pages_read == len(known["changes"])
    assert [event["payload"]["changeId"] for event in events] == [change["change_id"] for change in known["changes"]]


def test_a_login_the_court_does_not_know_leaves_the_message_waiting_and_the_book_empty(tmp_path, monkeypatch):
    login(monkeypatch, wsse="none")
    court = Court()
    with serve(court, login=Login("hud", PASSWORD)) as origin, queue(tmp_path) as store:
        job = shown(tmp_path, origin)
        store.register(job)
        with pytest.raises(errors.LoginRefused) as caught:
            wiring.push_adapter(job, store).send(hearing())
    assert caught.value.retry_after == 60
    assert court.received()["hearings"] == []


def test_without_a_word_the_same_is_inferred_and_the_wsdl_is_pinned(tmp_path, monkeypatch):
    """What the table says of a silent job; a repeat is known by its key, and another address is another WSDL."""
    login(monkeypatch)
    court = Court(schedule_after=0, confirm_after=0)
    with serve(court, login=Login("hud", PASSWORD)) as origin, queue(tmp_path) as store:
        job = dataclasses.replace(shown(tmp_path, origin), push=Push(), pull=Pull(publish_topic="t"))
        first = wiring.push_adapter(job, store)
        receipts = [first.send(hearing()) for _ in range(2)]
        assert [(ack.reference, ack.status) for ack in receipts] == [
            ("COURT-000001", "ACCEPTED"),
            ("COURT-000001", "ALREADY-ACCEPTED"),
        ]
        adapter = wiring.pull_adapter(job, store)
        assert pull(job, store, adapter) == len(court.received()["changes"])
        pinned = store.pinned(job.id, pin_name(f"{origin}/soap?wsdl"))
        assert b"/soap?wsdl" in pinned
        with liar(http(scheduled())) as other:
            elsewhere = dataclasses.replace(job, target_endpoint=f"{other.origin}/soap")
            with pytest.raises(errors.ContractMismatch) as caught:
                wiring.push_adapter(elsewhere, store).send(hearing())
        assert caught.value.code == "wsdl_invalid"
        assert store.pinned(job.id, pin_name(f"{other.origin}/soap?wsdl")) is None, "what is no WSDL is not pinned"
        assert store.pinned(job.id, pin_name(f"{origin}/soap?wsdl")) == pinned


def test_the_codes_in_the_tables_are_the_codes_own():
    """Each is in the list of errors that is written from the code."""
    known = pages.text_of(pages.DOCS / "reference" / "errors.md")
    rows = [line for line in pages.text_of(PAGE).splitlines() if line.startswith("| ") and "(`" in line]
    codes = {code for row in rows for code in re.findall(r"\(`(\w+)`\)", row)} - {"contract_mismatch"}
    assert len(codes) > 10
    assert {code for code in codes if f"`{code}`" not in known} == set()
