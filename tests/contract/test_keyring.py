"""Sealed messages in the store: what stands in the tables, who reads it, and what happens without the key."""

from __future__ import annotations

import contextlib
import logging
import os

import pytest
from sqlalchemy import text
from tests.conftest import make_job

from hms_syn.adapters.in_memory_v1 import InMemoryV1
from hms_syn.domain import sealing
from hms_syn.domain.job_spec import Push
from hms_syn.domain.topic_event import new_event
from hms_syn.errors import CannotOpen, KeysNotReady, PayloadConflict
from hms_syn.flow.publish import publish
from hms_syn.flow.push import Drain
from hms_syn.ports import Act
from hms_syn.store.desk import Desk
from hms_syn.store.keyring import NO_KEYS, Keyring
from hms_syn.store.sql_store import SqlStore
from hms_syn.store.upcoming import Upcoming

PAYLOAD = {"case_id": "HUD-22-109", "who": "Zoë Quill"}
HEADERS = {"trace": "header-word"}


def write_keys(path, *lines):
    path.write_text("".join(lines), encoding="utf-8")
    path.chmod(0o600)
    return path


@pytest.fixture
def keys_file(tmp_path):
    """A keys file with one key, ``first``."""
    return write_keys(tmp_path / "payload.keys", sealing.new_line("first"))


@pytest.fixture
def sealing_store(store_url, keys_file):
    """A store that seals, with its tables."""
    with contextlib.closing(SqlStore(store_url, keyring=Keyring(keys_file))) as store:
        store.create()
        yield store


def event(message_id="m1", payload=PAYLOAD, **more):
    return new_event("hud.hearing.created", payload, agency="hud", message_id=message_id, headers=HEADERS, **more)


def stored(store, message_id="m1"):
    with store.engine.connect() as connection:
        statement = text("SELECT * FROM hms_syn_event WHERE message_id = :id")
        return connection.execute(statement, {"id": message_id}).mappings().one()


def drain(store, job):
    return Drain(job=job, store=store, adapter=InMemoryV1(job, None, store), owner="w").run()


def test_payload_headers_and_salt_stand_in_no_column(sealing_store, job):
    sealing_store.register(job)
    one = event()
    publish(sealing_store, [one])
    publish(sealing_store, [event("m2"), event("m3")])
    for message_id in ("m1", "m2", "m3"):
        row = stored(sealing_store, message_id)
        assert row["key_id"] == "first"
        assert not [v for v in row.values() if any(w in str(v) for w in ("Quill", "HUD-22", "header-word", one.salt))]
        assert (row["headers"], row["salt"]) == ("", "")


def test_a_sealed_message_goes_through_everything_that_reads_it(sealing_store, job):
    sealing_store.register(job)
    publish(sealing_store, [event()])
    assert Upcoming(sealing_store).messages(job.id, limit=5)[0].payload == PAYLOAD
    assert [row["payload"] for row in sealing_store.read("hud.*", after=0, limit=5)] == [PAYLOAD]
    assert [row["headers"] for row in sealing_store.read("hud.*", after=0, limit=5)] == [HEADERS]
    assert sealing_store.trace("Zoë Quill")[0]["message_id"] == "m1"
    shown = Desk(sealing_store).view("m1", Act(actor="zoe", reason="a look"))
    assert (shown["payload"], shown["headers"]) == (PAYLOAD, HEADERS)
    assert drain(sealing_store, job) == 1
    assert sealing_store.trace("m1")[0]["deliveries"][0]["state"] == "delivered"


def test_the_commitment_in_the_audit_trail_is_that_of_the_sealed_payload(sealing_store):
    one = event()
    publish(sealing_store, [one])
    words = sealing_store.look(
        lambda connection: sealing_store.keyring.open(
            connection.execute(text("SELECT * FROM hms_syn_event WHERE message_id = 'm1'")).one()
        )
    )
    assert (words.salt, words.body) == (one.salt, one.body)
    assert one.commitment in sealing_store.audit_rows()[0]["body"]


def test_a_repeat_is_known_and_another_payload_is_refused(sealing_store):
    assert publish(sealing_store, [event()]) == [True]
    assert publish(sealing_store, [event()]) == [False]
    with pytest.raises(PayloadConflict):
        publish(sealing_store, [event(payload={"case_id": "another"})])


def test_what_was_stored_in_clear_before_stays_readable(sealing_store, job):
    sealing_store.register(job)
    sealing_store.keyring, ring = NO_KEYS, sealing_store.keyring
    publish(sealing_store, [event("clear")])
    sealing_store.keyring = ring
    publish(sealing_store, [event("sealed")])
    assert stored(sealing_store, "clear")["key_id"] is None
    assert [row["payload"] for row in sealing_store.read("hud.*", after=0, limit=5)] == [PAYLOAD, PAYLOAD]
    assert drain(sealing_store, job) == 2


def test_what_the_queue_says_of_a_delivery_is_readable_without_a_key(sealing_store, job):
    other = make_job("listener", source_topics=("syn.court.delivered",))
    sealing_store.register(job)
    sealing_store.register(other)
    publish(sealing_store, [event()])
    assert drain(sealing_store, job) == 1
    with sealing_store.engine.connect() as connection:
        news = connection.execute(text("SELECT key_id, body FROM hms_syn_event WHERE agency = 'hms-syn'")).all()
    assert [row.key_id for row in news] == [None]
    assert "Quill" not in news[0].body


def test_without_the_keys_file_nothing_is_accepted_rather_than_stored_in_clear(sealing_store, keys_file):
    keys_file.unlink()
    with pytest.raises(KeysNotReady, match="cannot be read"):
        publish(sealing_store, [event()])
    with sealing_store.engine.connect() as connection:
        assert connection.execute(text("SELECT COUNT(*) FROM hms_syn_event")).scalar() == 0


def test_a_process_without_keys_says_so_and_blocks_no_line(sealing_store, job):
    sealing_store.register(job)
    publish(sealing_store, [event()])
    ring, sealing_store.keyring = sealing_store.keyring, NO_KEYS
    for act in (
        lambda: sealing_store.pop(job, owner="w"),
        lambda: sealing_store.read("hud.*", after=0, limit=5),
        lambda: Upcoming(sealing_store).messages(job.id, limit=5),
    ):
        with pytest.raises(KeysNotReady, match="payload_keys_file"):
            act()
    sealing_store.keyring = ring
    assert drain(sealing_store, job) == 1


def test_a_message_whose_key_is_missing_blocks_its_own_line_and_no_other(sealing_store, keys_file, caplog):
    job = make_job("court", push=Push(ordering_key="case_id"))
    sealing_store.register(job)
    first = keys_file.read_text(encoding="utf-8")
    publish(sealing_store, [event("lost", {"case_id": "A"})])
    write_keys(keys_file, sealing.new_line("second"))
    publish(sealing_store, [event("mine", {"case_id": "B"})])
    with caplog.at_level(logging.WARNING):
        assert drain(sealing_store, job) == 1
        assert [row["message_id"] for row in sealing_store.read("hud.*", after=0, limit=5)] == ["mine"]
    assert "'first'" in caplog.text
    assert first.split()[1] not in caplog.text
    attempt = sealing_store.trace("lost")[0]["attempts"][0]
    assert (attempt["outcome"], attempt["code"]) == ("not_sent", "key_missing")
    with pytest.raises(CannotOpen, match="'first'"):
        Desk(sealing_store).view("lost", Act(actor="zoe", reason="a look"))
    write_keys(keys_file, sealing.new_line("third"), first)
    Desk(sealing_store).replay("lost", Act(actor="zoe", reason="the key is back"))
    assert drain(sealing_store, job) == 1
    assert sealing_store.trace("lost")[0]["deliveries"][0]["state"] == "delivered"


def test_an_altered_row_blocks_its_own_line_and_no_other(sealing_store):
    job = make_job("court", push=Push(ordering_key="case_id"))
    sealing_store.register(job)
    publish(sealing_store, [event("m1", {"case_id": "A"}), event("m2", {"case_id": "B"})])
    moved = "UPDATE hms_syn_event SET body = (SELECT body FROM hms_syn_event WHERE message_id = 'm2') WHERE seq = 1"
    with sealing_store.engine.begin() as connection:
        connection.execute(text(moved))
    assert drain(sealing_store, job) == 1
    assert sealing_store.trace("m1")[0]["attempts"][0]["code"] == "cannot_open"


def test_the_keys_file_is_read_again_when_it_changes(sealing_store, keys_file):
    publish(sealing_store, [event("m1")])
    old = keys_file.read_text(encoding="utf-8")
    write_keys(keys_file, sealing.new_line("newer"), old)
    publish(sealing_store, [event("m2")])
    assert [stored(sealing_store, each)["key_id"] for each in ("m1", "m2")] == ["first", "newer"]
    assert len(sealing_store.read("hud.*", after=0, limit=5)) == 2


def test_a_keys_file_that_others_may_write_is_refused_and_one_that_others_may_read_is_warned_of(keys_file, caplog):
    keys_file.chmod(0o620)
    with pytest.raises(KeysNotReady, match="may write"):
        Keyring(keys_file).keys()
    keys_file.chmod(0o640)
    with caplog.at_level(logging.WARNING):
        ring = Keyring(keys_file)
        ring.keys()
        ring.keys()
    assert caplog.text.count("may read") == 1


def test_an_unreadable_keys_file_says_why(keys_file, tmp_path):
    with pytest.raises(KeysNotReady, match=r"directory"):
        Keyring(tmp_path).keys()
    keys_file.write_bytes(b"\xff\xfe" * 20)
    with pytest.raises(KeysNotReady, match="no text"):
        Keyring(keys_file).keys()
    if os.geteuid() != 0:
        keys_file.chmod(0)
        with pytest.raises(KeysNotReady, match="denied"):
            Keyring(keys_file).keys()
