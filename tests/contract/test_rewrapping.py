"""Changing keys: every message moves to the newest one, in batches, and an old key can then be thrown away."""

from __future__ import annotations

import contextlib

import pytest
from sqlalchemy import text
from tests.contract.test_keyring import PAYLOAD, event, write_keys

from hms_syn.domain import sealing
from hms_syn.errors import KeysNotReady
from hms_syn.flow.publish import publish
from hms_syn.store.keyring import NO_KEYS, Keyring
from hms_syn.store.rewrapping import Rewrapping
from hms_syn.store.sql_store import SqlStore


@pytest.fixture
def changing(store_url, tmp_path):
    """A store with five messages of an old key, and a file that has a new one before it."""
    old = sealing.new_line("old")
    file = write_keys(tmp_path / "keys", old)
    with contextlib.closing(SqlStore(store_url, keyring=Keyring(file))) as store:
        store.create()
        for n in range(5):
            publish(store, [event(f"m{n}")])
        write_keys(file, sealing.new_line("new"), old)
        yield Rewrapping(store)


def test_after_it_the_old_key_is_needed_by_nothing(changing, tmp_path):
    publish(changing.store, [event("m5")])
    assert changing.held() == {"new": 1, "old": 5}
    assert [step.rewrapped for step in changing.to_the_newest(batch=2)] == [2, 2, 1]
    assert changing.held() == {"new": 6}
    only_new = tmp_path.joinpath("keys").read_text(encoding="utf-8").splitlines()[0]
    write_keys(tmp_path / "keys", only_new)
    assert [row["payload"] for row in changing.store.read("*", after=0, limit=9)] == [PAYLOAD] * 6


def test_what_is_sealed_is_not_touched(changing):
    look = text("SELECT seq, body, salt FROM hms_syn_event ORDER BY seq")
    with changing.store.engine.connect() as connection:
        before = connection.execute(look).all()
    list(changing.to_the_newest())
    with changing.store.engine.connect() as connection:
        assert connection.execute(look).all() == before


def test_stopped_in_the_middle_it_goes_on_where_it_was(changing):
    steps = changing.to_the_newest(batch=2)
    next(steps)
    steps.close()
    assert changing.held() == {"new": 2, "old": 3}
    assert sum(step.rewrapped for step in changing.to_the_newest(batch=2)) == 3


def test_a_message_that_does_not_open_is_left_and_counted_and_stops_no_other(changing):
    with changing.store.engine.begin() as connection:
        connection.execute(text("UPDATE hms_syn_event SET data_key = 'AAAA' WHERE message_id = 'm1'"))
    steps = list(changing.to_the_newest(batch=2))
    assert (sum(step.rewrapped for step in steps), sum(step.unopened for step in steps)) == (4, 1)
    assert changing.held() == {"new": 4, "old": 1}


def test_without_keys_nothing_is_changed_and_what_is_in_clear_is_counted(changing):
    changing.store.keyring = NO_KEYS
    publish(changing.store, [event("clear")])
    assert changing.in_clear() == 1
    with pytest.raises(KeysNotReady):
        list(changing.to_the_newest())
