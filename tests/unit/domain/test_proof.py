"""Proofs from strangers: what is no proof is refused, whatever it is."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hms_syn.domain import checkpoint, proof
from hms_syn.domain.audit_entry import leaf_hash
from hms_syn.domain.checkpoint import TreeHead
from hms_syn.domain.merkle_tree import GrowingTree, consistency, inclusion, roots

BODIES = [f'{{"n":{number}}}' for number in range(7)]
LEAVES = [bytes.fromhex(leaf_hash(body)) for body in BODIES]
JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda more: st.lists(more, max_size=3))


def note(size):
    tree = GrowingTree()
    for leaf in LEAVES[:size]:
        tree.append(leaf)
    return checkpoint.unsigned(TreeHead(size=size, last_seq=size, root=tree.root(), at="then").text("x"))


def hashes(ranges):
    found = roots(LEAVES, ranges)
    return [found[one].hex() for one in ranges]


ROW = {"seq": 4, "index": 3, "body": BODIES[3], "hashes": hashes(inclusion(3, 7))}
ROWS = {"checkpoint": note(7), "rows": [ROW]}
GROWTH = {"checkpoint": note(7), "since": note(3), "hashes": hashes(consistency(3, 7))}


def test_a_proof_leads_to_its_checkpoint():
    head, since = proof.conclusion(ROWS)
    assert (head.size, since) == (7, None)
    head, since = proof.conclusion(GROWTH)
    assert (head.size, since.size) == (7, 3)


@pytest.mark.parametrize(
    ("lie", "words"),
    [
        ({**ROWS, "rows": []}, "holds no rows"),
        ({**ROWS, "rows": [{**ROW, "body": BODIES[2]}]}, "not in the tree"),
        ({**ROWS, "rows": [{**ROW, "index": 2}]}, "not in the tree"),
        ({**ROWS, "rows": [ROW, {**ROW, "hashes": ROW["hashes"][:-1]}]}, "not in the tree"),
        ({**ROWS, "checkpoint": note(6)}, "not in the tree"),
        ({**GROWTH, "since": note(2)}, "not one that only grew"),
        ({**GROWTH, "since": note(3).replace("x", "y", 1)}, "different trails"),
    ],
)
def test_a_proof_that_was_changed_proves_nothing(lie, words):
    with pytest.raises(ValueError, match=words):
        proof.conclusion(lie)


@given(st.sampled_from([ROWS, GROWTH]), st.data())
def test_whatever_stands_in_a_proof_it_is_refused_in_words(given_proof, data):
    lie = copy.deepcopy(given_proof)
    key = data.draw(st.sampled_from(sorted(lie)))
    lie[key] = data.draw(JSON.filter(lambda value: value != given_proof[key]))
    if data.draw(st.booleans()) and "rows" in lie:
        lie = copy.deepcopy(given_proof)
        lie["rows"][0][data.draw(st.sampled_from(["index", "body", "hashes"]))] = data.draw(JSON)
    with pytest.raises(ValueError, match=r".*"):
        proof.conclusion(lie)
