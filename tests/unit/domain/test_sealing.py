"""Sealing: what opens, what does not, and what a keys file may hold."""

from __future__ import annotations

import base64

import pytest

from hms_syn.domain import sealing
from hms_syn.domain.sealing import Sealed, Words
from hms_syn.errors import CannotOpen, KeysNotReady

WORDS = Words(body='{"case_id":"HUD-22-109","note":"a\\nb → ü"}', headers='{"x":"y"}', salt="ab" * 32)


def keys(*ids):
    return sealing.parse("".join(sealing.new_line(each) for each in ids), name="keys")


def test_what_was_sealed_opens_with_the_same_key_and_is_the_same():
    ring = keys("2026-11")
    sealed = ring.seal("m1", WORDS)
    assert ring.open("m1", sealed) == WORDS
    assert sealed.key_id == "2026-11"


def test_a_sealed_text_shows_nothing_of_the_words_and_is_never_the_same_twice():
    ring = keys("k")
    first, second = ring.seal("m1", WORDS), ring.seal("m1", WORDS)
    assert first.text != second.text
    assert first.data_key != second.data_key
    raw = base64.b64decode(first.text)
    assert not any(word in raw for word in (b"HUD-22-109", WORDS.salt.encode(), b"case_id"))


@pytest.mark.parametrize("part", ["text", "data_key", "message"])
def test_what_was_altered_or_moved_to_another_message_does_not_open(part):
    ring = keys("k")
    sealed, other = ring.seal("m1", WORDS), ring.seal("m2", WORDS)
    forged = {
        "text": Sealed(sealed.key_id, sealed.data_key, other.text),
        "data_key": Sealed(sealed.key_id, other.data_key, sealed.text),
        "message": other,
    }[part]
    with pytest.raises(CannotOpen, match="altered"):
        ring.open("m1", forged)


@pytest.mark.parametrize("text", ["", "no base64!", "QUJD", base64.b64encode(b"x" * 60).decode()])
def test_a_text_that_is_no_seal_is_a_message_of_its_own_trouble(text):
    ring = keys("k")
    sealed = ring.seal("m1", WORDS)
    for forged in (Sealed("k", sealed.data_key, text), Sealed("k", text, sealed.text)):
        with pytest.raises(CannotOpen):
            ring.open("m1", forged)


def test_the_first_key_seals_and_every_key_opens():
    old = sealing.new_line("old")
    before = sealing.parse(old, name="keys").seal("m1", WORDS)
    ring = sealing.parse(sealing.new_line("new") + old, name="keys")
    assert ring.open("m1", before) == WORDS
    assert ring.seal("m2", WORDS).key_id == ring.newest == "new"


def test_a_missing_key_is_named_with_what_to_do_and_nothing_secret():
    sealed = keys("old").seal("m1", WORDS)
    with pytest.raises(CannotOpen, match=r"'old'.*put its line back") as refused:
        keys("new").open("m1", sealed)
    assert refused.value.code == "key_missing"


def test_a_wrapped_key_changes_and_what_it_seals_does_not():
    old = sealing.new_line("old")
    sealed = sealing.parse(old, name="keys").seal("m1", WORDS)
    new = sealing.new_line("new")
    key_id, data_key = sealing.parse(new + old, name="keys").rewrap("m1", sealed.key_id, sealed.data_key)
    assert key_id == "new"
    assert sealing.parse(new, name="keys").open("m1", Sealed(key_id, data_key, sealed.text)) == WORDS


GOOD = f"good {base64.b64encode(b'k' * 32).decode()}\n"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "holds no key"),
        ("# only a remark\n", "holds no key"),
        (GOOD + "lonely\n", "keys:2"),
        (GOOD + "a b c\n", "keys:2"),
        ("a/b " + GOOD.split()[1], "keys:1.*letters"),
        ("k " + "é" * 43 + "=", "keys:1.*base64"),
        ("k " + base64.b64encode(b"x" * 16).decode(), "keys:1.*16 bytes"),
        (GOOD + "\n" + GOOD, "keys:3.*twice"),
    ],
)
def test_a_bad_keys_file_is_refused_by_its_line_and_never_quoted(text, wrong):
    with pytest.raises(KeysNotReady, match=wrong) as refused:
        sealing.parse(text, name="keys")
    secrets = [word for line in text.splitlines() for word in line.split()[1:] if len(word) > 20]
    assert not any(secret in str(refused.value) for secret in secrets)


def test_keys_are_in_no_representation():
    ring = keys("k")
    assert "AESGCM" not in repr(ring)


@pytest.mark.parametrize("key_id", ["", "a b", "x" * 41, "-k", "k\n"])
def test_a_key_id_that_a_file_could_not_hold_is_refused(key_id):
    with pytest.raises(KeysNotReady):
        sealing.new_line(key_id)
