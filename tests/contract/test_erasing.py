"""Erasing: what is gone, what stays, and who may not be erased yet."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from tests.conftest import make_job
from tests.contract.test_keyring import drain, event, write_keys

from hms_syn.domain import sealing
from hms_syn.errors import ActRefused, Erased, UnknownMessage
from hms_syn.flow.publish import publish
from hms_syn.flow.replay import replay_to
from hms_syn.ports import Act
from hms_syn.store import audit_trail
from hms_syn.store.desk import Desk
from hms_syn.store.keyring import Keyring
from hms_syn.store.sql_store import SqlStore
from hms_syn.store.upcoming import Upcoming

if TYPE_CHECKING:
    from pathlib import Path

WHY = Act(actor="zoe", reason="the subject asked")


@pytest.fixture(params=["sealed", "in clear"])
def filled(request, store_url, tmp_path, job):
    """A store with one delivered message, ``m1``, sealed or not."""
    keys = write_keys(tmp_path / "keys", sealing.new_line("k1")) if request.param == "sealed" else None
    with contextlib.closing(SqlStore(store_url, keyring=Keyring(keys))) as store:
        store.create()
        store.register(job)
        publish(store, [event()])
        assert drain(store, job) == 1
        yield store


def row_of(store, message_id="m1"):
    statement = text(
        "SELECT body, headers, salt, key_id, data_key, erased_at FROM hms_syn_event WHERE message_id = :id"
    )
    with store.engine.connect() as connection:
        return connection.execute(statement, {"id": message_id}).one()


def test_payload_headers_salt_and_key_are_gone_and_the_record_says_who_and_why(filled):
    assert Desk(filled).erase("m1", WHY)
    row = row_of(filled)
    assert (row.body, row.headers, row.salt, row.key_id, row.data_key) == ("", "", "", None, None)
    assert row.erased_at > 0
    message = filled.trace("m1")[0]
    assert message["erased_at"]
    assert message["deliveries"][0]["state"] == "delivered"
    assert message["deliveries"][0]["reference"]
    last = message["hops"][-1]
    assert (last["event"], last["actor"], last["detail"]) == ("erased", "zoe", {"reason": "the subject asked"})


def test_the_audit_trail_verifies_and_both_sides_agree_afterwards(filled):
    Desk(filled).erase("m1", WHY)
    assert audit_trail.verify(filled.audit_rows()) == len(filled.audit_rows())
    assert [row["agrees"] for row in Desk(filled).reconcile()] == [True]
    assert all(row["agrees"] for row in Desk(filled).reconcile_bus())


def test_a_second_erasure_changes_nothing_and_leaves_no_second_row(filled):
    assert Desk(filled).erase("m1", WHY)
    rows = len(filled.audit_rows())
    assert not Desk(filled).erase("m1", WHY)
    assert len(filled.audit_rows()) == rows


def test_a_rehearsal_erases_nothing(filled):
    assert Desk(filled, rehearses=True).erase("m1", WHY)
    assert row_of(filled).erased_at is None


def test_nothing_brings_an_erased_message_back(filled, job):
    late = make_job("late")
    filled.register(late)
    Desk(filled).erase("m1", WHY)
    with pytest.raises(Erased, match="erased since"):
        publish(filled, [event()])
    with pytest.raises(Erased):
        publish(filled, [event(payload={"another": "payload"})])
    assert filled.read("hud.*", after=0, limit=9) == []
    assert replay_to(filled, Desk(filled).enqueue, job="late", pattern="hud.*", since="", act=WHY) == []
    with pytest.raises(ActRefused, match="erased"):
        Desk(filled).replay("m1", WHY)
    with pytest.raises(ActRefused, match="erased") as refused:
        Desk(filled).view("m1", WHY)
    assert refused.value.code == "erased"
    assert filled.trace("Zoë Quill") == []
    assert Upcoming(filled).messages(job.id, limit=5) == []
    assert row_of(filled).body == ""


def test_what_was_found_for_a_new_job_before_it_was_erased_is_not_queued_after(filled):
    late = make_job("late")
    filled.register(late)

    def erased_meanwhile(message_id, route, act):
        Desk(filled).erase(message_id, WHY)
        return Desk(filled).enqueue(message_id, route, act)

    with pytest.raises(ActRefused, match="erased"):
        replay_to(filled, erased_meanwhile, job="late", pattern="hud.*", since="", act=WHY)
    assert len(filled.trace("m1")[0]["deliveries"]) == 1


def set_state(store, state):
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE hms_syn_delivery SET state = :state"), {"state": state})


@pytest.mark.parametrize("state", ["pending", "in_flight", "in_doubt"])
def test_what_is_open_is_ended_first(filled, state):
    publish(filled, [event("m2")])
    set_state(filled, state)
    with pytest.raises(ActRefused, match=rf"{state} at court; discard or resolve it first"):
        Desk(filled).erase("m2", WHY)
    assert row_of(filled, "m2").erased_at is None


def test_what_is_set_aside_is_discarded_first(filled):
    with filled.engine.begin() as connection:
        connection.execute(text("UPDATE hms_syn_settled SET state = 'dead_letter'"))
    with pytest.raises(ActRefused, match="dead_letter at court; discard"):
        Desk(filled).erase("m1", WHY)
    Desk(filled).discard("m1", WHY)
    assert Desk(filled).erase("m1", WHY)


def test_a_message_that_no_job_took_can_be_erased(filled):
    other = event("m3")
    publish(filled, [other.__class__(topic="nobody.listens", message_id="m3", agency="hud", body="{}", payload={})])
    assert Desk(filled).erase("m3", WHY)


def test_what_is_not_there_and_what_is_our_own_news_is_refused(filled):
    with pytest.raises(UnknownMessage):
        Desk(filled).erase("nothing", WHY)
    with filled.engine.connect() as connection:
        news = connection.execute(text("SELECT message_id FROM hms_syn_event WHERE agency = 'hms-syn'")).scalar()
    with pytest.raises(ActRefused, match="own news"):
        Desk(filled).erase(news, WHY)


def test_on_sqlite_no_byte_of_it_is_left_in_any_file(tmp_path, job):
    """Of many messages, some in pages of their own, so that pages are freed, split and used again."""
    words = [f"needle-{n:03d}-" + "x" * (50 if n % 2 else 6000) for n in range(60)]
    with contextlib.closing(SqlStore(f"sqlite:///{tmp_path}/queue.db")) as store:
        store.create()
        store.register(job)
        for n, word in enumerate(words):
            publish(store, [event(f"m{n}", {"case": word})])
        assert drain(store, job) == len(words)
        assert b"needle-" in everything(tmp_path)
        for n in range(len(words)):
            assert Desk(store).erase(f"m{n}", WHY)
        assert Desk(store).forget()
        assert b"needle-" not in everything(tmp_path)


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("queue.db*"))


def test_while_somebody_reads_what_is_older_the_log_is_kept_and_that_is_said(tmp_path, job, monkeypatch):
    monkeypatch.setattr("hms_syn.store.engine.BUSY_SECONDS", 0)
    url = f"sqlite:///{tmp_path}/queue.db"
    with contextlib.closing(SqlStore(url)) as store, contextlib.closing(SqlStore(url)) as reader:
        store.create()
        store.register(job)
        publish(store, [event()])
        assert drain(store, job) == 1
        with reader._reader.connect() as connection, connection.begin():
            connection.execute(text("SELECT * FROM hms_syn_event")).all()
            assert Desk(store).erase("m1", WHY)
            assert not Desk(store).forget()
        assert Desk(store).forget()
