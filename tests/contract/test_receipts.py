"""Receipts for those who wait, on both databases: which delivery a wait means, and that asking costs no scan."""

from __future__ import annotations

import time

import pytest
from tests.conftest import make_job
from tests.unit.flow.vendors import TOPIC, Scripted, drain

from hms_syn.domain.ack import Ack
from hms_syn.domain.job_spec import Push
from hms_syn.domain.topic_event import new_event
from hms_syn.domain.wait import Wait
from hms_syn.errors import VendorRefused
from hms_syn.flow.publish import publish
from hms_syn.ports import Act
from hms_syn.store.desk import Desk
from hms_syn.store.receipts import Receipts

ACT = Act(actor="paula", reason="the court has mended it")


@pytest.fixture
def job(sql_store):
    """A job that keeps the messages of a case in order."""
    keyed = make_job(push=Push(ordering_key="case_id"))
    sql_store.register(keyed)
    return keyed


@pytest.fixture
def receipts(sql_store):
    return Receipts(sql_store)


def put(store, *ids, case="A", key=None):
    publish(store, [new_event(TOPIC, {"case_id": case}, agency="hud", message_id=i, ordering_key=key) for i in ids])


def deliver(store, job, *script):
    drain(store, job, Scripted(*script))[0].run()


def test_only_what_is_settled_has_a_receipt(sql_store, job, receipts):
    """One question for all: the receipts of those that are over, and nothing of the payload."""
    waits = [Wait(job="court", message_id=f"m{n}") for n in range(3)]
    put(sql_store, "m0", "m1")
    assert receipts.of(waits) == {}
    deliver(sql_store, job, Ack(reference="C-1", status="LODGED"), VendorRefused("no", code="soap_fault"))
    found = receipts.of([*waits, Wait(job="another", message_id="m0")])
    assert set(found) == set(waits[:2])
    said = found[waits[0]]
    assert said.pop("settled_at").endswith("Z")
    assert said == {
        "message_id": "m0",
        "job": "court",
        "state": "delivered",
        "reference": "C-1",
        "status": "LODGED",
        "code": None,
        "attempts": 1,
    }
    assert (found[waits[1]]["state"], found[waits[1]]["code"]) == ("dead_letter", "soap_fault")


def test_a_wait_may_go_past_a_dead_letter(sql_store, job, receipts):
    """Set aside, replayed, delivered: who asked to wait for that gets the receipt; discarded is an end for all."""
    patient = Wait(job="court", message_id="m1", past_dead_letter=True)
    put(sql_store, "m1", "m2")
    deliver(sql_store, job, VendorRefused("no"), VendorRefused("no"))
    assert receipts.of([patient]) == {}
    Desk(sql_store).replay("m1", ACT)
    assert receipts.of([patient]) == {}
    deliver(sql_store, job, Ack(reference="C-2"))
    assert receipts.of([patient])[patient]["reference"] == "C-2"
    Desk(sql_store).discard("m2", ACT)
    given_up = Wait(job="court", message_id="m2", past_dead_letter=True)
    assert receipts.of([given_up])[given_up]["state"] == "discarded"


@pytest.mark.parametrize("by", ["the job's line", "the publisher's key"])
def test_a_key_means_the_newest_when_asked_and_the_first_when_polled(sql_store, receipts, by):
    """Both kinds of key are known; what is settled and what is open count alike."""
    sql_store.register(job := make_job(push=Push(ordering_key="case_id" if by == "the job's line" else None)))
    how = {"case": "K"} if by == "the job's line" else {"key": "K"}
    wait = Wait(job="court", ordering_key="K")
    assert receipts.newest(wait) is None
    put(sql_store, "m1", **how)
    deliver(sql_store, job)
    put(sql_store, "m2", **how)
    put(sql_store, "m3", case="B", key="L")
    assert receipts.newest(wait) == "m2"
    assert receipts.of([wait])[wait]["message_id"] == "m1"


def test_since_leaves_out_what_is_older(sql_store, job, receipts):
    """Only what was published at that moment or later counts."""
    put(sql_store, "m1")
    deliver(sql_store, job)
    time.sleep(0.01)
    since = time.time()
    later = Wait(job="court", ordering_key="A", since=since)
    assert (receipts.newest(later), receipts.of([later])) == (None, {})
    put(sql_store, "m2")
    deliver(sql_store, job)
    assert receipts.newest(later) == "m2"
    assert receipts.of([later])[later]["message_id"] == "m2"


def test_it_says_what_it_waits_for(sql_store, job, receipts):
    """The hint in the log names what is missing."""
    put(sql_store, "m1")
    publish(sql_store, [new_event("other.topic", {}, agency="hud", message_id="m2")])
    said = [receipts.why_not_yet(Wait(job="court", message_id=message_id)) for message_id in ("m1", "m2", "m3")]
    assert said == [
        "m1 is pending at court",
        "m2 is on the bus as other.topic, but court did not take it; see its source_topic",
        "nobody has published m3 yet",
    ]
    assert receipts.why_not_yet(Wait(job="court", ordering_key="K")).startswith("court has taken nothing with the key")
    assert receipts.why_not_yet(Wait(job="cort", message_id="m1")) == "no job is called 'cort' yet"


def test_asking_scans_no_table(sql_store, job, receipts):
    """Ten thousand settled and ten thousand waiting messages: an answer for fifty waiters in milliseconds."""
    _fill(sql_store, 10_000)
    waits = [Wait(job="court", message_id=f"m{n}") for n in range(25)]
    waits += [Wait(job="court", ordering_key=f"k{n}") for n in range(25)]

    def asked():
        started = time.perf_counter()
        assert len(receipts.of(waits)) == 50
        return time.perf_counter() - started

    took = min(asked() for _ in range(6))  # a busy machine slows some of them, a scan slows all
    print(f"{sql_store.engine.dialect.name}: 50 waiters among 20,000 messages in {took * 1000:.1f} ms")
    assert took < 0.2


def _fill(store, count):
    numbers = {
        "postgresql": f"SELECT g AS n FROM generate_series(0, {2 * count - 1}) g",
        "sqlite": f"WITH RECURSIVE g(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM g WHERE n < {2 * count - 1}) "
        "SELECT n FROM g",
    }[store.engine.dialect.name]
    key = "CASE WHEN (n & 1) = 0 THEN 'k' || (n / 2) ELSE 'o' || n END"
    with store.engine.begin() as connection:
        for statement in (
            f"""INSERT INTO hms_syn_event (seq, message_id, topic, agency, ordering_key, body, headers, salt,
                published_at) SELECT n + 1, 'm' || n, 'a', 'hud', {key}, '{{}}', '{{}}', '', 1 FROM ({numbers}) x""",
            f"""INSERT INTO hms_syn_settled (id, event_seq, message_id, job, ordering_key, idempotency_key, state,
                attempts, settled_at) SELECT n + 1, n + 1, 'm' || n, 'court', {key}, '', 'delivered', 1, 1
                FROM ({numbers}) x WHERE n < {count}""",
            f"""INSERT INTO hms_syn_delivery (event_seq, message_id, job, ordering_key, idempotency_key, state)
                SELECT n + 1, 'm' || n, 'court', {key}, '', 'pending' FROM ({numbers}) x WHERE n >= {count}""",
        ):
            connection.exec_driver_sql(statement)
