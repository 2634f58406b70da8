"""Checkpoints: the lines of C2SP's tlog-checkpoint, there and back."""

from __future__ import annotations

import hashlib

import pytest

from hms_syn.domain import checkpoint, signed_note
from hms_syn.domain.checkpoint import TreeHead

HEAD = TreeHead(size=12, first_seq=3, last_seq=15, root=hashlib.sha256(b"x").digest(), at="2026-09-02T10:00:00.000000Z")
TEXT = """syn.example.gov/audit
12
LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE=
seq 15 at 2026-09-02T10:00:00.000000Z
"""


def test_a_tree_head_is_written_as_others_read_it():
    assert HEAD.text("syn.example.gov/audit") == TEXT


def test_an_empty_tree_has_the_root_of_nothing():
    assert TreeHead().text("x") == "x\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"


def test_it_comes_back_signed_or_not():
    key = signed_note.new_signer("syn.example.gov/audit")
    for note, signers in ((key.sign(TEXT), (key.name,)), (checkpoint.unsigned(TEXT), ())):
        found = checkpoint.read(note)
        assert (found.origin, found.size, found.root) == ("syn.example.gov/audit", 12, HEAD.root)
        assert found.signers == signers


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x\n12\n",
        "x\n012\n" + TEXT.split("\n")[2] + "\n",
        "x\n-1\nAAAA\n",
        "x\n12\nAAAA\n",
        "x\n12\n!\n",
        "\n1\nA\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        checkpoint.read(checkpoint.unsigned(text))
