"""Signed notes: read by what others wrote, refused when anything is changed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hms_syn.domain import signed_note

# The example of golang.org/x/mod/sumdb/note, which was made by other code than ours.
PEOPLES = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SAYING = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
NOTE = (
    SAYING
    + "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_a_note_that_other_tools_signed_is_verified():
    key = signed_note.verifier(PEOPLES)
    assert str(key) == PEOPLES
    assert signed_note.is_signed_by(NOTE, key)
    assert signed_note.parts(NOTE)[0] == SAYING


def test_a_key_comes_back_from_its_line_and_signs_the_same_way():
    key = signed_note.new_signer("syn.example.gov/audit")
    again = signed_note.signer(key.written() + "\n")
    assert again == key
    assert again.sign("a\n") == key.sign("a\n")
    assert signed_note.is_signed_by(key.sign("a\n"), signed_note.verifier(str(key.verifier)))


def test_a_private_key_is_never_shown():
    key = signed_note.new_signer("x")
    assert key.written().rpartition("+")[2] not in f"{key!r} {key} {key.verifier}"
    with pytest.raises(ValueError, match="for nobody else to see"):
        signed_note.verifier(key.written())


@given(st.integers(0, len(NOTE) - 1))
def test_a_note_that_is_changed_anywhere_is_not_signed(at):
    changed = NOTE[:at] + ("A" if NOTE[at] != "A" else "B") + NOTE[at + 1 :]
    try:
        assert not signed_note.is_signed_by(changed, signed_note.verifier(PEOPLES))
    except ValueError:
        return


def test_another_key_of_the_same_name_has_signed_nothing():
    one, other = signed_note.new_signer("x"), signed_note.new_signer("x")
    assert not signed_note.is_signed_by(one.sign("a\n"), other.verifier)
    assert signed_note.is_signed_by(one.sign("a\n") + other.sign("a\n").splitlines()[-1] + "\n", other.verifier)


@pytest.mark.parametrize("line", ["", "x", "x+y+z", PEOPLES[:-2], PEOPLES.replace("c74f", "c74e"), "a b+c74f20a3+AR"])
def test_what_is_no_key_is_refused(line):
    for read, given_line in ((signed_note.verifier, line), (signed_note.signer, f"PRIVATE+KEY+{line}")):
        with pytest.raises(ValueError, match=r".+"):
            read(given_line)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb"])
def test_a_name_that_would_break_a_note_is_refused(name):
    with pytest.raises(ValueError, match="a key's name"):
        signed_note.new_signer(name)


@pytest.mark.parametrize("note", ["", "a\n", "a\n\nb\n", "a\n\n— x !\n", "a\n\n— x AAAA\n"])
def test_what_is_no_note_is_refused(note):
    with pytest.raises(ValueError, match=r".+"):
        signed_note.parts(note)
